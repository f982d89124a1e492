"""What people read of alerting: incidents with what happened to them, rules, channels, messages and silences.

Lists are paged as those of `store.lists`. No row holds a channel's address or a message's text.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.alerts import IncidentState, NotificationState, Severity
from cicd_health.store.lists import PIPELINE, REPO, RUN, SOURCE, Place, Row, Rows, has, newest_first, read
from cicd_health.store.tables import ChannelRow, IncidentRow, NotificationRow, RuleRow, SilenceRow, StepOfIncidentRow

RULE, INCIDENT, STEP, SILENCE, CHANNEL, MESSAGE = (
    SQLModel.metadata.tables[str(row.__tablename__)]
    for row in (RuleRow, IncidentRow, StepOfIncidentRow, SilenceRow, ChannelRow, NotificationRow)
)
LAST_RUN = RUN.alias("last_run")
UNRESOLVED = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.MUTED)
WAITING = (NotificationState.QUEUED, NotificationState.SENDING)
RECENT = timedelta(hours=24)
LATE = timedelta(minutes=1)  # a message that nothing holds back has left by then
LATEST_STEPS = 500  # in which is looked for what happened a moment ago
MANY = 10_000  # rows of a list that nobody pages


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents: those for which everything that is said holds.

    `kinds` are those of the rules, `rule` the slug of one. `q` is looked for in title, branch, pipeline and repository.
    """

    states: tuple[IncidentState, ...] = ()
    kinds: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    rule: str | None = None
    provider: str | None = None
    repo: str | None = None
    pipeline_id: int | None = None
    q: str | None = None


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which messages: those for which everything that is said holds."""

    states: tuple[NotificationState, ...] = ()
    channel_id: int | None = None
    incident_id: int | None = None


INCIDENTS = (
    sa.select(
        *INCIDENT.c,
        RULE.c.slug.label("rule"),
        RULE.c.name.label("rule_name"),
        RULE.c.kind,
        PIPELINE.c.name.label("pipeline"),
        REPO.c.name.label("repo"),
        SOURCE.c.provider,
        *(LAST_RUN.c[name] for name in ("number", "failed_job", "failed_step")),
    )
    .join(RULE, RULE.c.id == INCIDENT.c.rule_id)
    .outerjoin(PIPELINE, PIPELINE.c.id == INCIDENT.c.pipeline_id)
    .outerjoin(REPO, REPO.c.id == PIPELINE.c.repo_id)
    .outerjoin(SOURCE, SOURCE.c.id == REPO.c.source_id)
    .outerjoin(LAST_RUN, LAST_RUN.c.id == INCIDENT.c.last_run_id)
)


def incidents(session: Session, wanted: IncidentFilter, limit: int, after: Place | None = None) -> Rows:
    """Incidents, the latest to open first, resolved ones too; with the number and failing job of their last run."""
    query = INCIDENTS.where(*_conditions(session, wanted))
    return read(session, newest_first(query, INCIDENT.c.opened_at, INCIDENT.c.id, after).limit(limit))


def _conditions(session: Session, wanted: IncidentFilter) -> list[sa.ColumnElement[bool]]:
    among = ((INCIDENT.c.state, wanted.states), (RULE.c.kind, wanted.kinds), (INCIDENT.c.severity, wanted.severities))
    equal = (
        (RULE.c.slug, wanted.rule),
        (SOURCE.c.provider, wanted.provider),
        (REPO.c.name, wanted.repo),
        (INCIDENT.c.pipeline_id, wanted.pipeline_id),
    )
    found: list[sa.ColumnElement[bool]] = [column.in_(values) for column, values in among if values]
    found += [column == value for column, value in equal if value is not None]
    if wanted.states and IncidentState.RESOLVED not in wanted.states:
        found.append(INCIDENT.c.resolved_at.is_(None))  # few, and an index knows them
    if wanted.q:
        columns = (INCIDENT.c.title, INCIDENT.c.branch, PIPELINE.c.name, REPO.c.name)
        found.append(sa.or_(*(has(session, column, wanted.q) for column in columns)))
    return found


def incident(session: Session, incident_id: int) -> Row | None:
    return session.connection().execute(INCIDENTS.where(INCIDENT.c.id == incident_id)).mappings().one_or_none()


def incidents_of_run(session: Session, run: Row) -> Rows:
    """Incidents that this run opened, made worse or resolved, the latest first."""
    columns = (INCIDENT.c.run_id, INCIDENT.c.last_run_id, INCIDENT.c.recovered_run_id)
    query = INCIDENTS.where(INCIDENT.c.pipeline_id == run["pipeline_id"], sa.or_(*(c == run["id"] for c in columns)))
    return read(session, query.order_by(INCIDENT.c.id.desc()))


def changed_since(session: Session, moment: datetime) -> Rows:
    """Incidents to which something happened at or after a moment, or by a run that changed since.

    Of the latest that something happened to. A step has the time of the run that made it, not of when it was heard.
    """
    latest = sa.select(STEP.c.incident_id, STEP.c.at, STEP.c.run_id).order_by(STEP.c.id.desc()).limit(LATEST_STEPS)
    steps = latest.subquery()
    changed = sa.select(RUN.c.id).where(RUN.c.updated_at >= moment)
    ids = sa.select(steps.c.incident_id).where(sa.or_(steps.c.at >= moment, steps.c.run_id.in_(changed)))
    return read(session, INCIDENTS.where(INCIDENT.c.id.in_(ids)).order_by(INCIDENT.c.id))


def untaken(session: Session) -> int:
    """How many incidents nobody has acknowledged, muted or resolved."""
    query = sa.select(sa.func.count()).select_from(INCIDENT).where(INCIDENT.c.state == IncidentState.OPEN)
    return session.connection().execute(query).scalar_one()


def steps(session: Session, incident_ids: Collection[int]) -> Rows:
    """What happened to these incidents, in order."""
    query = sa.select(STEP).where(STEP.c.incident_id.in_(list(incident_ids)))
    return read(session, query.order_by(STEP.c.incident_id, STEP.c.id))


MESSAGES = (
    sa.select(
        *(column for column in MESSAGE.c if column.name != "body"),
        CHANNEL.c.slug.label("channel"),
        CHANNEL.c.name.label("channel_name"),
        CHANNEL.c.kind.label("channel_kind"),
        INCIDENT.c.title.label("incident"),
        INCIDENT.c.pipeline_id,
    )
    .join(CHANNEL, CHANNEL.c.id == MESSAGE.c.channel_id)
    .outerjoin(INCIDENT, INCIDENT.c.id == MESSAGE.c.incident_id)
)


def notifications(session: Session, wanted: LogFilter, limit: int, after: Place | None = None) -> Rows:
    """The delivery log, newest first. `incident` is the title of what a message is about, None for a test."""
    query = MESSAGES
    if wanted.states:
        query = query.where(MESSAGE.c.state.in_(wanted.states))
    if wanted.channel_id is not None:
        query = query.where(MESSAGE.c.channel_id == wanted.channel_id)
    if wanted.incident_id is not None:
        query = query.where(MESSAGE.c.incident_id == wanted.incident_id)
    return read(session, newest_first(query, MESSAGE.c.created_at, MESSAGE.c.id, after).limit(limit))


def notification(session: Session, notification_id: int) -> Row | None:
    return session.connection().execute(MESSAGES.where(MESSAGE.c.id == notification_id)).mappings().one_or_none()


def notifications_of(session: Session, incident_ids: Collection[int]) -> Rows:
    """The messages of these incidents, in the order they were queued."""
    return read(session, MESSAGES.where(MESSAGE.c.incident_id.in_(list(incident_ids))).order_by(MESSAGE.c.id))


def late(session: Session, now: datetime) -> int:
    """How many messages should have left and have not: a channel does not take them."""
    overdue = (MESSAGE.c.state.in_(WAITING), MESSAGE.c.held.is_(None), MESSAGE.c.created_at <= now - LATE)
    return session.connection().execute(sa.select(sa.func.count()).select_from(MESSAGE).where(*overdue)).scalar_one()


def silences(session: Session, now: datetime, *, active: bool, limit: int = MANY, after: Place | None = None) -> Rows:
    """Silences that hold, or those that are over; the newest first, with what they are about."""
    query = (
        sa.select(
            *SILENCE.c,
            RULE.c.slug.label("rule"),
            RULE.c.name.label("rule_name"),
            INCIDENT.c.title.label("incident"),
            INCIDENT.c.pipeline_id,
        )
        .outerjoin(RULE, RULE.c.id == SILENCE.c.rule_id)
        .outerjoin(INCIDENT, INCIDENT.c.id == SILENCE.c.incident_id)
    )
    runs_out = sa.or_(SILENCE.c.ends_at.is_(None), SILENCE.c.ends_at > now)
    holds = sa.and_(SILENCE.c.ended_at.is_(None), runs_out)
    query = query.where(holds if active else sa.not_(holds))
    return read(session, newest_first(query, SILENCE.c.created_at, SILENCE.c.id, after).limit(limit))


def rules(session: Session) -> Rows:
    """Every rule in the order they were made, with `open` incidents and when one opened last (`last_opened_at`)."""
    number = sa.select(INCIDENT.c.rule_id, sa.func.count().label("open")).where(INCIDENT.c.resolved_at.is_(None))
    unresolved_of = number.group_by(INCIDENT.c.rule_id).subquery()
    opened_at = sa.select(sa.func.max(INCIDENT.c.opened_at)).where(INCIDENT.c.rule_id == RULE.c.id).scalar_subquery()
    numbers = (sa.func.coalesce(unresolved_of.c.open, 0).label("open"), opened_at.label("last_opened_at"))
    query = sa.select(*RULE.c, *numbers).outerjoin(unresolved_of, unresolved_of.c.rule_id == RULE.c.id)
    return read(session, query.order_by(RULE.c.id))


def channels(session: Session, now: datetime) -> Rows:
    """Every channel in the order they were made, without its address, with its messages of the last 24 hours.

    Of these `sent`, `failed` and `waiting` are the numbers.
    """
    told = (
        sa.select(
            CHANNEL.c.id,
            _number("sent", NotificationState.SENT),
            _number("failed", NotificationState.FAILED),
            _number("waiting", *WAITING),
        )
        .join(MESSAGE, sa.and_(MESSAGE.c.channel_id == CHANNEL.c.id, MESSAGE.c.created_at > now - RECENT))
        .group_by(CHANNEL.c.id)
        .subquery()
    )
    numbers = (sa.func.coalesce(told.c[name], 0).label(name) for name in ("sent", "failed", "waiting"))
    columns = (column for column in CHANNEL.c if column.name != "url")
    query = sa.select(*columns, *numbers).outerjoin(told, told.c.id == CHANNEL.c.id)
    return read(session, query.order_by(CHANNEL.c.id))


def _number(name: str, *states: NotificationState) -> sa.Label[Any]:
    return sa.func.count().filter(MESSAGE.c.state.in_(states)).label(name)


def of_id(rows: Sequence[Row], id: int) -> Row | None:
    """The one with this id."""
    return next((row for row in rows if row["id"] == id), None)
