"""Times without messages: of one incident, or of all that fits a scope."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from cicd_health.model.alert_scope import Scope
from cicd_health.store.tables import IncidentRow, SilenceRow

Place = tuple[str, str, str, str | None]  # provider, repository, pipeline, branch


def add(
    session: Session,
    who: str,
    now: datetime,
    until: datetime | None,
    reason: str,
    *,
    incident_id: int | None = None,
    scope: Scope | None = None,
    rule_id: int | None = None,
) -> int:
    """A new silence; its id. Without `until` it lasts until its incident is fixed."""
    row = SilenceRow(
        incident_id=incident_id,
        rule_id=rule_id,
        scope=(scope or Scope()).to_json(),
        reason=reason,
        created_by=who,
        created_at=now,
        ends_at=until,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def find(session: Session, silence_id: int, *, hold: bool = False) -> SilenceRow:
    """A silence, held until the transaction ends if wanted. Raises LookupError."""
    row = session.get(SilenceRow, silence_id, with_for_update=hold, populate_existing=True)
    if row is None:
        raise LookupError(f"There is no silence {silence_id}.")
    return row


def of_incident(session: Session, incident: IncidentRow, place: Place, now: datetime) -> list[SilenceRow]:
    """The silences under which this incident is now: its own, and those whose scope it is in."""
    mine = sa.or_(col(SilenceRow.incident_id) == incident.id, col(SilenceRow.incident_id).is_(None))
    return [row for row in active(session, now, mine) if covers(row, incident, place)]


def active(session: Session, now: datetime, *where: sa.ColumnElement[bool]) -> list[SilenceRow]:
    """Those that last now, oldest first."""
    lasts = sa.or_(col(SilenceRow.ends_at).is_(None), col(SilenceRow.ends_at) > now)
    found = select(SilenceRow).where(col(SilenceRow.ended_at).is_(None), lasts, *where)
    return list(session.exec(found.order_by(col(SilenceRow.id))))


def covers(silence: SilenceRow, incident: IncidentRow, place: Place) -> bool:
    """Whether an incident, in this place, is meant."""
    if silence.incident_id is not None:
        return silence.incident_id == incident.id
    if silence.rule_id is not None and silence.rule_id != incident.rule_id:
        return False
    return Scope.from_json(silence.scope).covers(*place)


def until(silences: list[SilenceRow]) -> datetime | None:
    """When the last of these ends; None when one of them lasts until its incident is fixed."""
    ends = [silence.ends_at for silence in silences]
    return None if None in ends else max(end for end in ends if end is not None)


def end_own(session: Session, incident: IncidentRow, now: datetime, who: str | None, *, timed: bool) -> None:
    """End the silences of one incident: with `timed` also those that end by the clock."""
    own = select(SilenceRow).where(SilenceRow.incident_id == incident.id, col(SilenceRow.ended_at).is_(None))
    for silence in session.exec(own):
        if timed or silence.ends_at is None:
            silence.ended_at, silence.ended_by = now, who


def over(session: Session, now: datetime) -> list[int]:
    """Silences whose time is over and that nobody has ended, oldest first."""
    ended = select(SilenceRow.id).where(col(SilenceRow.ended_at).is_(None), col(SilenceRow.ends_at) <= now)
    return [id for id in session.exec(ended.order_by(col(SilenceRow.id))) if id is not None]
