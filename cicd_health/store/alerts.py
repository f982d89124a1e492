"""Rules, channels and incidents, and the outbox of messages: add, claim, finish."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from cicd_health.model.alerts import (
    Facts,
    IncidentState,
    NotificationKind,
    NotificationState,
    Outgoing,
    RunFact,
    Severity,
)
from cicd_health.model.runs import VERDICTS, Outcome, Status
from cicd_health.settings import Settings
from cicd_health.store.tables import (
    AttemptRow,
    ChannelRow,
    IncidentRow,
    NotificationRow,
    PipelineRow,
    RepositoryRow,
    RuleRow,
    RunRow,
    SourceRow,
)

FAILURE = "failure"  # slug of the built-in rule, and of its kind
LEASE = timedelta(seconds=30)  # of a claim: longer than one send may take, after it the sender is taken for dead
STRANDED = timedelta(minutes=2)  # overdue by so much, a message has lost its job
SOON = timedelta(seconds=5)

# Built once: they are asked whenever a run ends.
NAMES = (
    sa.select(col(PipelineRow.name), col(RepositoryRow.name), col(SourceRow.provider))
    .join(RepositoryRow, col(RepositoryRow.id) == PipelineRow.repo_id)
    .join(SourceRow, col(SourceRow.id) == RepositoryRow.source_id)
    .where(col(PipelineRow.id) == sa.bindparam("pipeline"))
)
# Runs with a verdict, or that may have had one in an earlier attempt.
SPOKEN = (
    sa.select(
        *(col(RunRow.id), col(RunRow.number), col(RunRow.outcome), col(RunRow.created_at), col(RunRow.completed_at)),
        *(col(RunRow.sha), col(RunRow.branch), col(RunRow.actor), col(RunRow.title), col(RunRow.url)),
        *(col(RunRow.failed_job), col(RunRow.failed_step)),
    )
    .where(
        col(RunRow.pipeline_id) == sa.bindparam("pipeline"),
        col(RunRow.default_branch).is_(True),
        sa.or_(col(RunRow.outcome).in_(sorted(VERDICTS)), col(RunRow.attempt) > 1),
    )
    .order_by(col(RunRow.created_at).desc(), col(RunRow.id).desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def ensure_builtin_rules(session: Session, threshold: int, now: datetime) -> None:
    """Have the failure rule with this threshold. What people changed besides stays."""
    params = json.dumps({"count": threshold})
    rule = rule_of(session, FAILURE)
    if rule is None:
        fields = {"slug": FAILURE, "kind": FAILURE, "name": "Failures in a row", "severity": Severity.CRITICAL}
        values = fields | {"enabled": True, "params": params, "scope": "{}", "builtin": True, "created_at": now}
        session.execute(_insert_new(session, RuleRow).values(**values))
    elif rule.params != params:
        rule.params = params


def rule_of(session: Session, slug: str) -> RuleRow | None:
    return session.exec(select(RuleRow).where(RuleRow.slug == slug)).one_or_none()


def enabled_rules(session: Session) -> list[RuleRow]:
    """The rules to ask, oldest first."""
    return list(session.exec(select(RuleRow).where(col(RuleRow.enabled).is_(True)).order_by(col(RuleRow.id))))


def is_quiet(session: Session, run_id: int) -> bool:
    """Whether a run is history, of which nobody is told."""
    return session.execute(sa.select(col(RunRow.quiet)).where(col(RunRow.id) == run_id)).scalar_one()


def was_told(session: Session, incident: IncidentRow) -> bool:
    """Whether anybody was told of this incident, so that its end is news."""
    told = sa.select(col(NotificationRow.id)).where(col(NotificationRow.incident_id) == incident.id).limit(1)
    return session.execute(told).first() is not None


def sync_env_channels(session: Session, settings: Settings, now: datetime) -> None:
    """Have a channel for each one in the settings; disable those whose setting is gone, keeping what they sent."""
    wanted = dict(_env_channels(settings))
    rows = {row.slug: row for row in session.exec(select(ChannelRow).where(ChannelRow.origin == "env"))}
    for slug, row in rows.items():
        row.enabled = slug in wanted
        row.name = wanted.get(slug, (row.kind, row.name))[1]
    for slug, (kind, name) in wanted.items():
        if slug not in rows:
            fields = {"slug": slug, "name": name, "kind": kind, "origin": "env", "enabled": True, "created_at": now}
            session.execute(_insert_new(session, ChannelRow).values(**fields))


def _env_channels(settings: Settings) -> Iterator[tuple[str, tuple[str, str]]]:
    """Slug → kind and name, of the same channels as `alerts.send.targets`."""
    if settings.slack_webhook_url:
        yield "env-slack", ("slack", "Slack")
    if settings.smtp_host and settings.alert_email_to:
        yield "env-email", ("email", "E-mail to " + ", ".join(settings.alert_email_to))
    for n, url in enumerate(settings.apprise_urls, start=1):
        yield f"env-apprise-{n}", ("apprise", f"Apprise {n} ({url.split(':', 1)[0]})")


def facts(session: Session, pipeline_id: int, limit: int = 50) -> Facts:
    """The newest `limit` runs on the default branch that have a verdict, newest first.

    A run speaks through its newest attempt with a verdict: starting a re-run, or cancelling it, changes nothing.
    Only the newest run, when it failed, brings its excerpt.
    Raises NoResultFound for an unknown pipeline.
    """
    asked = {"pipeline": pipeline_id, "most": limit}
    pipeline, repo, provider = session.execute(NAMES, asked).one()
    runs = session.execute(SPOKEN, asked).all()
    earlier = _earlier_verdicts(session, [run.id for run in runs if run.outcome not in VERDICTS])
    told = [fact for run in runs if (fact := _fact(run, earlier.get(run.id)))]
    if told and told[0].outcome.failed:
        # Only a message reads it, and only that of the newest run; it may be long.
        excerpt = session.execute(sa.select(col(RunRow.excerpt)).where(col(RunRow.id) == told[0].run_id)).scalar_one()
        told[0] = replace(told[0], excerpt=excerpt)
    return Facts(pipeline_id, pipeline, repo, provider, tuple(told))


def _earlier_verdicts(session: Session, run_ids: list[int]) -> dict[int, AttemptRow]:
    """The newest attempt with a verdict of each of these runs; runs without one are left out."""
    if not run_ids:
        return {}
    attempts = (
        select(AttemptRow)
        .where(
            col(AttemptRow.run_id).in_(run_ids),
            col(AttemptRow.status) == Status.COMPLETED,
            col(AttemptRow.outcome).in_(VERDICTS),
        )
        .order_by(col(AttemptRow.attempt))
    )
    return {attempt.run_id: attempt for attempt in session.exec(attempts)}


def _fact(run: sa.Row[Any], earlier: AttemptRow | None) -> RunFact | None:
    if run.outcome not in VERDICTS and earlier is None:
        return None
    return RunFact(
        run_id=run.id,
        number=run.number,
        outcome=Outcome(earlier.outcome if earlier else run.outcome),
        created_at=run.created_at,
        completed_at=earlier.completed_at if earlier else run.completed_at,
        sha=run.sha,
        branch=run.branch,
        actor=run.actor,
        title=run.title,
        url=run.url,
        failed_job=run.failed_job,
        failed_step=run.failed_step,
    )


def scope_key(pipeline_id: int) -> str:
    return f"pipeline:{pipeline_id}"


def incident_of(session: Session, rule_id: int, pipeline_id: int) -> IncidentRow | None:
    """The open incident of this rule and pipeline, None when there is none."""
    where = (
        IncidentRow.rule_id == rule_id,
        IncidentRow.scope_key == scope_key(pipeline_id),
        col(IncidentRow.resolved_at).is_(None),
    )
    return session.exec(select(IncidentRow).where(*where)).one_or_none()


def with_open_incident(session: Session, pipeline_ids: Collection[int]) -> set[int]:
    """Those of these pipelines that have an open incident."""
    if not pipeline_ids:
        return set()
    of_these = (col(IncidentRow.pipeline_id).in_(pipeline_ids), col(IncidentRow.resolved_at).is_(None))
    return set(session.execute(sa.select(col(IncidentRow.pipeline_id)).where(*of_these)).scalars())


def open_incident(
    session: Session,
    rule: RuleRow,
    facts: Facts,
    *,
    title: str,
    reason: str,
    failures: int,
    first: RunFact,
    last: RunFact,
) -> IncidentRow | None:
    """A new incident, open since the first failure ended; None when one is open already."""
    values = {
        "rule_id": rule.id,
        "scope_key": scope_key(facts.pipeline_id),
        "pipeline_id": facts.pipeline_id,
        "branch": last.branch,
        "severity": rule.severity,
        "state": IncidentState.OPEN,
        "title": title,
        "reason": reason,
        "opened_at": first.completed_at or first.created_at,
        "last_failed_at": last.completed_at or last.created_at,
        "failures": failures,
        "run_id": first.run_id,
        "last_run_id": last.run_id,
    }
    added = session.execute(_insert_new(session, IncidentRow).values(**values).returning(col(IncidentRow.id)))
    id = added.scalar_one_or_none()
    return None if id is None else session.get_one(IncidentRow, id)


def still_failing(session: Session, incident: IncidentRow, *, reason: str, failures: int, last: RunFact) -> bool:
    """Bring an open incident up to date; whether anything changed."""
    news = {
        "reason": reason,
        "failures": failures,
        "last_run_id": last.run_id,
        "last_failed_at": last.completed_at or last.created_at,
    }
    changed = {name: value for name, value in news.items() if getattr(incident, name) != value}
    for name, value in changed.items():
        setattr(incident, name, value)
    return bool(changed)


def resolve(session: Session, incident: IncidentRow, recovered: RunFact) -> None:
    """End an incident with the run that passed."""
    over_at = recovered.completed_at or recovered.created_at
    incident.state = IncidentState.RESOLVED
    incident.resolved_at = max(over_at, incident.opened_at)
    incident.recovered_run_id = recovered.run_id


def queue_notifications(
    session: Session, incident: IncidentRow, kind: NotificationKind, title: str, body: str, now: datetime
) -> list[int]:
    """One message per enabled channel; the ids of the new ones. A channel gets each kind once per incident."""
    channels = session.exec(select(ChannelRow.id).where(col(ChannelRow.enabled).is_(True)).order_by(col(ChannelRow.id)))
    message = {"incident_id": incident.id, "kind": kind, "title": title, "body": body, "created_at": now}
    rows = [message | {"channel_id": id, "state": NotificationState.QUEUED, "attempts": 0} for id in channels]
    if not rows:
        return []
    added = session.execute(_insert_new(session, NotificationRow).values(rows).returning(col(NotificationRow.id)))
    return sorted(added.scalars())


def outgoing(session: Session, notification_id: int) -> Outgoing | None:
    """One message and where it goes; None when it is gone."""
    statement = (
        select(NotificationRow, ChannelRow)
        .join(ChannelRow, col(ChannelRow.id) == NotificationRow.channel_id)
        .where(NotificationRow.id == notification_id)
        .execution_options(populate_existing=True)
    )
    found = session.exec(statement).one_or_none()
    if found is None:
        return None
    message, channel = found
    return Outgoing(
        id=notification_id,
        kind=NotificationKind(message.kind),
        state=NotificationState(message.state),
        title=message.title,
        body=message.body,
        attempts=message.attempts,
        created_at=message.created_at,
        channel_id=message.channel_id,
        channel_slug=channel.slug,
        channel_kind=channel.kind,
        channel_url=channel.url,
    )


def claim(session: Session, notification_id: int, now: datetime) -> bool:
    """Take one message to send; False when it is not due, sent, another sender has it, or an earlier one waits.

    The claim holds for LEASE. An incident's messages leave in order for each channel: "recovered" never
    overtakes "failed".
    """
    earlier = sa.orm.aliased(NotificationRow)
    blocked = sa.exists().where(
        earlier.incident_id == NotificationRow.incident_id,
        earlier.channel_id == NotificationRow.channel_id,
        earlier.id < NotificationRow.id,
        earlier.state.in_((NotificationState.QUEUED, NotificationState.SENDING)),
    )
    due = sa.or_(col(NotificationRow.next_try_at).is_(None), col(NotificationRow.next_try_at) <= now)
    queued = sa.and_(col(NotificationRow.state) == NotificationState.QUEUED, due)
    abandoned = sa.and_(
        col(NotificationRow.state) == NotificationState.SENDING, col(NotificationRow.claimed_at) <= now - LEASE
    )
    taken = session.execute(
        sa.update(NotificationRow)
        .where(col(NotificationRow.id) == notification_id, sa.or_(queued, abandoned), ~blocked)
        .values(state=NotificationState.SENDING, claimed_at=now, attempts=NotificationRow.attempts + 1)
        .returning(col(NotificationRow.id))
        .execution_options(synchronize_session=False)
    )
    return taken.first() is not None


def look_again_at(session: Session, notification_id: int, now: datetime) -> datetime | None:
    """When a message that could not be claimed may be; None when it is sent, given up or gone."""
    row = session.get(NotificationRow, notification_id, populate_existing=True)
    if row is None or row.state in (NotificationState.SENT, NotificationState.FAILED):
        return None
    if row.state == NotificationState.SENDING and row.claimed_at is not None:
        return max(row.claimed_at + LEASE, now + SOON)
    return max(row.next_try_at or now, now + SOON)


def finish(session: Session, notification_id: int, now: datetime) -> None:
    """The channel took the message."""
    _settle(session, notification_id, state=NotificationState.SENT, sent_at=now, error=None, next_try_at=None)


def fail(session: Session, notification_id: int, error: str, next_try_at: datetime | None, now: datetime) -> None:
    """The channel did not take it: to be tried again then, or given up (None)."""
    state = NotificationState.QUEUED if next_try_at else NotificationState.FAILED
    _settle(session, notification_id, state=state, error=error, next_try_at=next_try_at)


def _settle(session: Session, notification_id: int, *, error: str | None, **values: Any) -> None:
    row = session.get_one(NotificationRow, notification_id, populate_existing=True)
    for name, value in (values | {"error": error, "claimed_at": None}).items():
        setattr(row, name, value)
    session.get_one(ChannelRow, row.channel_id).error = error


def stranded(session: Session, now: datetime, limit: int = 500) -> list[int]:
    """Messages long overdue, oldest first: their job was lost. Normally none."""
    long_ago = now - STRANDED
    due_at = sa.func.coalesce(NotificationRow.next_try_at, NotificationRow.created_at)
    queued = sa.and_(col(NotificationRow.state) == NotificationState.QUEUED, due_at <= long_ago)
    dead = sa.and_(col(NotificationRow.state) == NotificationState.SENDING, col(NotificationRow.claimed_at) <= long_ago)
    ids = select(col(NotificationRow.id)).where(sa.or_(queued, dead)).order_by(col(NotificationRow.id)).limit(limit)
    return [id for id in session.exec(ids) if id is not None]


def _insert_new(session: Session, table: type[SQLModel]) -> Any:
    """An INSERT that skips rows which exist already."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()
