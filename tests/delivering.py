"""Channels, incidents and the clock for tests of delivery: what the job engine would do at a moment, done at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from cicd_health import flow
from cicd_health.alerts.message import Message
from cicd_health.flow import telling
from cicd_health.model.alert_drafts import ChannelDraft
from cicd_health.model.alerts import NotificationKind
from cicd_health.store import engine, outbox
from cicd_health.store.tables import ChannelRow, IncidentRow, NotificationRow, RuleRow
from tests.factories import NOW, Rows

OPENED, STILL, RESOLVED = NotificationKind.OPENED, NotificationKind.STILL, NotificationKind.RESOLVED
PLACE = ("github", "acme/shop", "ci", "main")
JOB = timedelta(seconds=0.3)  # from a commit to its job


def seconds(number: float) -> datetime:
    return NOW + timedelta(seconds=number)


def channel(url: str, name: str = "Slack", **wishes: Any) -> int:
    return flow.save_channel(ChannelDraft(name=name, url=url, **wishes), NOW)


def channel_row(id: int) -> ChannelRow:
    with engine.reading() as session:
        return session.get_one(ChannelRow, id)


def incident(severity: str = "critical", channels: str = "[]") -> int:
    return incidents(1, severity=severity, channels=channels)[0]


def incidents(number: int, severity: str = "critical", channels: str = "[]") -> list[int]:
    """So many pipelines are broken; nobody was told."""
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        first = rows.incident(pipeline, severity=severity)
        session.get_one(RuleRow, first.rule_id).channels = channels
        usual = first.model_dump(exclude={"id", "scope_key"})
        others = [IncidentRow(**usual, scope_key=f"pipeline {n}") for n in range(1, number)]
        session.add_all(others)
        session.flush()
        return [row.id for row in [first, *others] if row.id is not None]


def tell(incident_id: int, kind: NotificationKind = OPENED, now: datetime = NOW, **how: Any) -> list[int]:
    """Queue the messages of one incident, as the change of its state does; their ids."""
    known = {one.id for one in messages()}
    tell_all([incident_id], kind, now, **how)
    return [one.id for one in messages() if one.id is not None and one.id not in known]


def tell_all(incident_ids: Sequence[int], kind: NotificationKind, now: datetime, **how: Any) -> None:
    """Queue the messages of incidents that changed in one transaction."""
    with engine.writing() as session:
        for id in incident_ids:
            row = session.get_one(IncidentRow, id)
            rule = session.get_one(RuleRow, row.rule_id)
            told = Message(f"pipeline {id} {kind}", "<p>build</p>")
            telling.notify(session, rule, row, PLACE, kind, told, now, **how)


def messages(channel_id: int | None = None) -> list[NotificationRow]:
    with engine.reading() as session:
        query = select(NotificationRow).order_by(col(NotificationRow.id))
        return [one for one in session.exec(query) if channel_id in (None, one.channel_id)]


def states(channel_id: int | None = None) -> list[str]:
    return [one.state for one in messages(channel_id)]


def serve(now: datetime) -> None:
    """What the jobs do that are due now."""
    due = sa.or_(col(NotificationRow.next_try_at).is_(None), col(NotificationRow.next_try_at) <= now)
    with engine.reading() as session:
        waits = select(sa.func.min(NotificationRow.id)).where(NotificationRow.state == "queued", due)
        ids = list(session.exec(waits.group_by(col(NotificationRow.channel_id))))
    for id in ids:
        flow.deliver(id, now)


@dataclass
class Clock:
    """Time that passes: `until` a moment, everything that is due on the way happens at its own moment."""

    now: datetime = NOW
    served: list[datetime] = field(default_factory=list)

    def until(self, then: datetime) -> None:
        while (due_at := _next_due()) is not None and max(due_at, self.now) + JOB <= then:
            self.now = max(due_at, self.now) + JOB
            self.served.append(self.now)
            serve(self.now)
        self.now = max(self.now, then)


def _next_due() -> datetime | None:
    with engine.reading() as session:
        due_at = sa.func.min(sa.func.coalesce(outbox.OUTBOX.c.next_try_at, outbox.OUTBOX.c.created_at))
        query = sa.select(sa.type_coerce(due_at, outbox.OUTBOX.c.created_at.type))
        return session.execute(query.where(outbox.OUTBOX.c.state == "queued")).scalar_one()
