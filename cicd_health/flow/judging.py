"""What a verdict means: rules are asked, incidents open and end, and messages are queued with them."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from cicd_health import queue, settings
from cicd_health.alerts import RULES, message
from cicd_health.alerts.rule import Facts, Verdict
from cicd_health.model.alerts import NotificationKind
from cicd_health.store import alerts, engine, names
from cicd_health.store.tables import IncidentRow, RuleRow


def evaluate(session: Session, pipeline_id: int, now: datetime) -> None:
    """Ask every enabled rule about one pipeline, and open, bring up to date or end its incidents."""
    facts = alerts.facts(session, pipeline_id)
    for row in alerts.enabled_rules(session):
        rule = RULES[row.kind]
        verdict = rule.check(facts, rule.Params.model_validate_json(row.params))
        if verdict.firing:
            _firing(session, row, facts, verdict, now)
        elif verdict.cleared:
            _cleared(session, row, facts, verdict, now)


def _firing(session: Session, rule: RuleRow, facts: Facts, verdict: Verdict, now: datetime) -> None:
    assert verdict.first is not None
    assert verdict.last is not None
    told = message.opened(facts, verdict.failures, settings.get().public_url)
    incident = alerts.incident_of(session, names.row_id(rule), facts.pipeline_id)
    if incident is not None:
        alerts.still_failing(session, incident, reason=verdict.reason, failures=verdict.failures, last=verdict.last)
        return
    incident = alerts.open_incident(
        session,
        rule,
        facts,
        title=told.title,
        reason=verdict.reason,
        failures=verdict.failures,
        first=verdict.first,
        last=verdict.last,
    )
    if incident is not None and not alerts.is_quiet(session, verdict.last.run_id):
        notify(session, incident, NotificationKind.OPENED, told, now)


def _cleared(session: Session, rule: RuleRow, facts: Facts, verdict: Verdict, now: datetime) -> None:
    incident = alerts.incident_of(session, names.row_id(rule), facts.pipeline_id)
    if incident is None or verdict.last is None:
        return
    alerts.resolve(session, incident, verdict.last)
    if alerts.was_told(session, incident):
        told = message.resolved(facts, incident.opened_at, settings.get().public_url)
        notify(session, incident, NotificationKind.RESOLVED, told, now)


def notify(
    session: Session, incident: IncidentRow, kind: NotificationKind, told: message.Message, now: datetime
) -> None:
    """Queue one message per channel, and the jobs that send them, in this transaction."""
    session.flush()
    for notification_id in alerts.queue_notifications(session, incident, kind, told.title, told.body, now):
        queue.enqueue(session, "deliver", str(notification_id), notification_id)
    engine.announce(session, "alerts")
