"""What people do to incidents: acknowledge, mute, resolve; and silences for whatever fits a scope."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from cicd_health import settings
from cicd_health.alerts import message
from cicd_health.flow import alert_life, telling, waking
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import AlreadyOver, IncidentState, NotificationKind, StepKind
from cicd_health.store import audit, engine, incidents, outbox, rules, silences
from cicd_health.store import facts as known
from cicd_health.store.names import row_id
from cicd_health.store.tables import IncidentRow, RuleRow, SilenceRow


def acknowledge(incident_id: int, who: str, now: datetime, note: str = "") -> None:
    """Somebody sees to it: nothing more is sent until it is over. Again changes nothing. LookupError, AlreadyOver."""
    with engine.writing() as session:
        incident = _open(session, incident_id)
        if incident.acknowledged_at is not None:
            return
        incident.acknowledged_at, incident.acknowledged_by = now, who
        if incident.state != IncidentState.MUTED:
            incident.state = IncidentState.ACKNOWLEDGED
        incidents.step(session, incident, StepKind.ACKNOWLEDGED, now, who=who, note=note)
        _note(session, "acknowledged", incident, now, note=note)
        engine.announce(session, "alerts")


def resolve(incident_id: int, who: str, now: datetime, note: str = "") -> None:
    """Somebody calls it over; only a new failure brings it back. LookupError, AlreadyOver."""
    with engine.writing() as session:
        incident = _open(session, incident_id)
        muted, began_at = incident.state == IncidentState.MUTED, incidents.began_at(incident)
        alert_life.end(session, incident, max(now, incident.opened_at), now, who=who, note=note)
        _note(session, "resolved", incident, now, note=note)
        if not muted and outbox.told(session, incident):
            url = settings.get().public_url
            told = message.ended_by_hand(incident.title, who, began_at, now, url, note, incident_id=incident_id)
            rule = session.get_one(RuleRow, incident.rule_id)
            telling.notify(session, rule, incident, _place(session, incident), NotificationKind.RESOLVED, told, now)


def mute(incident_id: int, who: str, now: datetime, until: datetime | None, reason: str = "") -> None:
    """Send nothing of it until then; None: until it is fixed. A mute before this one ends.

    LookupError, AlreadyOver, ValueError for a moment that is past.
    """
    _check(until, now)
    with engine.writing() as session:
        _mute(session, _open(session, incident_id), who, now, until, reason)


def mute_until_fixed(incident_ids: Collection[int], who: str, now: datetime, reason: str = "") -> None:
    """Send nothing of these until each is fixed, all in one go. Those muted so already stay as they are.

    Those that are over are left out; AlreadyOver when that is all of them.
    """
    with engine.writing() as session:
        for incident in _all_open(session, incident_ids):
            if incident.state != IncidentState.MUTED or incident.muted_until is not None:
                _mute(session, incident, who, now, None, reason)


def _mute(
    session: Session, incident: IncidentRow, who: str, now: datetime, until: datetime | None, reason: str
) -> None:
    silences.end_own(session, incident, now, who, timed=True)
    silences.add(session, who, now, until, reason, incident_id=incident.id)
    alert_life.mute(session, incident, now, until, who, reason)
    _note(session, "muted", incident, now, until=until, reason=reason)


def unmute(incident_id: int, who: str, now: datetime) -> None:
    """Tell of it again, whatever silence it is under. LookupError, AlreadyOver."""
    with engine.writing() as session:
        _unmute(session, _open(session, incident_id), who, now)


def unmute_all(incident_ids: Collection[int], who: str, now: datetime) -> None:
    """Tell of these again, in one go, whatever silence they are under. AlreadyOver when all of them are."""
    with engine.writing() as session:
        for incident in _all_open(session, incident_ids):
            _unmute(session, incident, who, now)


def _unmute(session: Session, incident: IncidentRow, who: str, now: datetime) -> None:
    if incident.state != IncidentState.MUTED:
        return
    silences.end_own(session, incident, now, who, timed=True)
    waking.wake(session, incident, now, who, whatever=True)
    _note(session, "unmuted", incident, now)


def silence(scope: Scope, who: str, now: datetime, until: datetime, reason: str, rule_id: int | None = None) -> int:
    """Send nothing until then of incidents of this scope, open ones and new ones; the id of the silence.

    LookupError for an unknown rule, ValueError for a moment that is past, or a scope that cannot be.
    """
    _check(until, now)
    scope.check()
    with engine.writing() as session:
        if rule_id is not None and session.get(RuleRow, rule_id) is None:
            raise LookupError(f"There is no rule {rule_id}.")
        silence_id = silences.add(session, who, now, until, reason, scope=scope, rule_id=rule_id)
        row = session.get_one(SilenceRow, silence_id)
        open_ones = incidents.unresolved(session, rule_id)
        for incident in incidents.hold(session, waking.covered(session, row, open_ones)):
            _put_under(session, incident, now, until, who, reason)
        said = {"scope": json.loads(scope.to_json()), "rule_id": rule_id, "until": until, "reason": reason}
        audit.note(session, "silence.added", f"silence {silence_id}", now, **said)
        engine.announce(session, "alerts")
        return silence_id


def _put_under(session: Session, incident: IncidentRow, now: datetime, until: datetime, who: str, reason: str) -> None:
    """Mute an incident, unless it is muted for longer."""
    muted = incident.state == IncidentState.MUTED
    if not muted or (incident.muted_until is not None and incident.muted_until < until):
        alert_life.mute(session, incident, now, until, who, reason)


def end_silence(silence_id: int, who: str, now: datetime) -> None:
    """End a silence before its time. LookupError, AlreadyOver."""
    with engine.writing() as session:
        if not waking.end(session, silence_id, now, who):
            raise AlreadyOver("This silence is over already.")
        audit.note(session, "silence.ended", f"silence {silence_id}", now)


def settle_rule(session: Session, rule: RuleRow, now: datetime, note: str) -> int:
    """End, without a message, the open incidents that a rule is not asked about any more; how many.

    All of them when it is switched off or about to be deleted, else those outside of its scope.
    """
    held = incidents.hold(session, _strays(session, rule))
    for incident in held:
        alert_life.end(session, incident, max(now, incident.opened_at), now, note=note)
    return len(held)


def settle_strays(now: datetime) -> int:
    """End, without a message, open incidents that their rule is not asked about; how many. Normally none.

    Their pipeline was renamed, or they opened in the moment in which their rule was changed.
    """
    with engine.reading() as session:
        astray = [row_id(rule) for rule in rules.with_open_incidents(session) if _strays(session, rule)]
    ended = 0
    for rule_id in astray:
        with engine.writing() as session:
            ended += settle_rule(session, rules.find(session, rule_id), now, "the rule is not about it any more")
    return ended


def _strays(session: Session, rule: RuleRow) -> dict[int, int | None]:
    """The open incidents of a rule, with their pipelines, that it is not asked about."""
    scope = Scope.from_json(rule.scope)
    found = incidents.unresolved(session, rule.id)
    places = known.places(session, [id for one in found if (id := one.pipeline_id) is not None])
    return {
        row_id(incident): incident.pipeline_id
        for incident in found
        if not (rule.enabled and _asks_about(scope, incident) and _covers(scope, incident, places))
    }


def _covers(scope: Scope, incident: IncidentRow, places: Mapping[int, tuple[str, str, str]]) -> bool:
    place = places.get(incident.pipeline_id or 0)
    return place is not None and scope.covers(*place, incident.branch)


def _asks_about(scope: Scope, incident: IncidentRow) -> bool:
    """Whether incidents of a rule with this scope are of a branch as this one is, or of the default branch."""
    of_branch = incidents.branch_of(incident.scope_key) is not None
    return of_branch == bool(scope.branches) or incident.branch is None


def _note(session: Session, done: str, incident: IncidentRow, now: datetime, **said: Any) -> None:
    audit.note(session, f"alert.{done}", f"alert {incident.id} ({incident.title})", now, **said)


def _open(session: Session, incident_id: int) -> IncidentRow:
    incident = incidents.held(session, incident_id)
    if incident.resolved_at is not None:
        raise AlreadyOver("This alert is resolved already.")
    return incident


def _all_open(session: Session, incident_ids: Collection[int]) -> list[IncidentRow]:
    """Those that are not over, held."""
    found = {row_id(one): one.pipeline_id for one in incidents.unresolved(session) if one.id in incident_ids}
    held = incidents.hold(session, found) if found else []
    if not held:
        raise AlreadyOver("These alerts are resolved already.")
    return held


def _place(session: Session, incident: IncidentRow) -> silences.Place:
    assert incident.pipeline_id is not None
    named = known.places(session, [incident.pipeline_id])[incident.pipeline_id]
    return *named, incident.branch


def _check(until: datetime | None, now: datetime) -> None:
    if until is not None and until <= now:
        raise ValueError("until: a moment that is still to come.")
