"""The audit log: written in the transaction of the change, on behalf of whoever `model.acting` says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col

from cicd_health.model import acting
from cicd_health.store import engine
from cicd_health.store.lists import Place
from cicd_health.store.tables import AuditRow

AUDIT = SQLModel.metadata.tables["audit_log"]
Entry = dict[str, Any]
LONGEST = 500  # characters of a subject


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """None: whatever it is. `action` also takes the first part alone, such as "key"; `q`: in who or subject."""

    who: str | None = None
    action: str | None = None
    q: str | None = None


def note(session: Session, action: str, subject: str, now: datetime, **detail: Any) -> None:
    """Write down one change; `detail` is what changed, as JSON takes it, without secrets. Pages hear of it."""
    engine.announce(session, "audit")
    actor = acting.current()
    session.add(
        AuditRow(
            at=now,
            who=actor.who,
            via=actor.via,
            address=actor.address or None,
            action=action,
            subject=subject[:LONGEST],
            detail=json.dumps(detail, ensure_ascii=False, default=str),
        )
    )


def entries(session: Session, wanted: AuditFilter, limit: int, after: Place | None = None) -> list[Entry]:
    """The latest first, as rows {id, at, who, via, address, action, subject, detail: {…}}."""
    query = sa.select(*AUDIT.c).order_by(AUDIT.c.at.desc(), AUDIT.c.id.desc()).limit(limit)
    if after is not None:
        at, id = after
        query = query.where(sa.or_(AUDIT.c.at < at, sa.and_(AUDIT.c.at == at, AUDIT.c.id < id)))
    if wanted.who:
        query = query.where(AUDIT.c.who == wanted.who)
    if wanted.action:
        query = query.where(
            sa.or_(AUDIT.c.action == wanted.action, AUDIT.c.action.startswith(f"{wanted.action}.", autoescape=True))
        )
    if wanted.q:
        query = query.where(
            sa.or_(
                AUDIT.c.who.icontains(wanted.q, autoescape=True), AUDIT.c.subject.icontains(wanted.q, autoescape=True)
            )
        )
    rows = session.connection().execute(query).mappings()
    return [{**row, "detail": json.loads(row["detail"])} for row in rows]


def prune(session: Session, before: datetime, limit: int) -> int:
    """Forget at most `limit` entries that are older; how many that were."""
    old = sa.select(col(AuditRow.id)).where(col(AuditRow.at) < before).limit(limit)
    return session.connection().execute(sa.delete(AuditRow).where(col(AuditRow.id).in_(old))).rowcount
