"""The inbox: every delivery is kept once, before it is understood, and marked when it was."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, SQLModel, col, select

from cicd_health.model.deliveries import DeliveryState, Incoming
from cicd_health.store import months
from cicd_health.store.tables import DeliveryRow, RefusalRow

Key = tuple[str, str]  # provider, and its own id for the delivery
DELIVERY, REFUSAL = (SQLModel.metadata.tables[str(row.__tablename__)] for row in (DeliveryRow, RefusalRow))
UNIQUE = (DELIVERY.c.provider, DELIVERY.c.external_id)
MARK = (
    sa.update(DELIVERY)
    .where(DELIVERY.c.id == sa.bindparam("key"))
    .values({name: sa.bindparam(name) for name in ("state", "error", "run_id", "applied_at")})
)
# Sent as one, and yet the second looks when the first has waited: it sees what others committed meanwhile.
RESERVE = sa.text("""
    SELECT pg_advisory_xact_lock(n) FROM unnest(:numbers) AS n;
    SELECT id, deliveries.provider, deliveries.external_id FROM deliveries
    JOIN unnest(:providers, :ids) AS key (provider, external_id)
    ON deliveries.provider = key.provider AND deliveries.external_id = key.external_id
""").bindparams(
    sa.bindparam("numbers", type_=ARRAY(sa.BigInteger)),
    *(sa.bindparam(name, type_=ARRAY(sa.String)) for name in ("providers", "ids")),
)
MARKED = ("key", "state", "error", "run_id")
# All in one: each statement is planned for every month there is.
MARK_ALL = sa.text("""
    UPDATE deliveries SET state = mark.state, error = mark.error, run_id = mark.run_id, applied_at = :applied_at
    FROM unnest(:key, :state, :error, :run_id) AS mark (id, state, error, run_id) WHERE deliveries.id = mark.id
""").bindparams(
    sa.bindparam("applied_at", type_=DELIVERY.c.applied_at.type),
    *(sa.bindparam(name, type_=ARRAY(sa.BigInteger)) for name in ("key", "run_id")),
    *(sa.bindparam(name, type_=ARRAY(sa.Text)) for name in ("state", "error")),
)
# The headers that are kept: none of them is a secret, and `parse` needs no other.
KEPT_HEADERS = ("content-type", "user-agent", "x-github-", "ce-")


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of one delivery."""

    delivery_id: int
    state: DeliveryState
    error: str | None = None
    run_id: int | None = None


def keep(session: Session, batch: Sequence[Incoming]) -> list[tuple[int, bool]]:
    """Keep each delivery; its id, and whether it is new. A repeat gives the id of the first."""
    new = {(incoming.provider, incoming.external_id): incoming for incoming in reversed(batch)}
    known = _reserved(session, new)
    made = _insert(session, [incoming for key, incoming in new.items() if key not in known])
    known |= made
    known |= _ids(session, [key for key in new if key not in known])
    result: list[tuple[int, bool]] = []
    for incoming in batch:
        key = (incoming.provider, incoming.external_id)
        result.append((known[key], made.pop(key, None) is not None))
    return result


def _reserved(session: Session, keys: Collection[Key]) -> dict[Key, int]:
    """The ids of those that are here, where no index knows it of all: others who bring the same wait for us."""
    if not keys or session.get_bind().dialect.name != "postgresql":
        return {}
    providers, ids = map(list, zip(*keys, strict=True))
    asked = {"numbers": sorted({_lock_number(key) for key in keys}), "providers": providers, "ids": ids}
    return {(provider, external_id): id for id, provider, external_id in session.connection().execute(RESERVE, asked)}


def _lock_number(key: Key) -> int:
    return int.from_bytes(hashlib.sha256(f"delivery {key[0]} {key[1]}".encode()).digest()[:8], signed=True)


def _ids(session: Session, keys: Collection[Key]) -> dict[Key, int]:
    if not keys:
        return {}
    found = session.connection().execute(sa.select(DELIVERY.c.id, *UNIQUE).where(sa.tuple_(*UNIQUE).in_(keys)))
    return {(provider, external_id): id for id, provider, external_id in found}


def _insert(session: Session, new: Sequence[Incoming]) -> dict[Key, int]:
    """The ids of those that were not here yet."""
    if not new:
        return {}
    insert = _insert_new(session.get_bind().dialect.name)
    rows = session.connection().execute(insert, [_values(incoming) for incoming in new])
    return {(provider, external_id): id for id, provider, external_id in rows}


@cache
def _insert_new(dialect: str) -> sa.Insert:
    module = sa.dialects.postgresql if dialect == "postgresql" else sa.dialects.sqlite
    return module.insert(DELIVERY).on_conflict_do_nothing().returning(DELIVERY.c.id, *UNIQUE)


def _values(incoming: Incoming) -> dict[str, object]:
    headers = {name: value for name, value in incoming.headers.items() if name.startswith(KEPT_HEADERS)}
    return {
        "provider": incoming.provider,
        "external_id": incoming.external_id,
        "event": incoming.event,
        "action": incoming.action,
        "received_at": incoming.received_at,
        "state": DeliveryState.KEPT.value,
        "size": len(incoming.body),
        "headers": json.dumps(headers),
        "body": zlib.compress(incoming.body, 1),
        "quiet": incoming.quiet,
    }


def mark(session: Session, marks: Sequence[Mark], now: datetime) -> None:
    """Write down what became of these deliveries."""
    if not marks:
        return
    rows = [(m.delivery_id, m.state.value, m.error, m.run_id) for m in marks]
    if session.get_bind().dialect.name == "postgresql":
        columns = map(list, zip(*rows, strict=True))
        session.connection().execute(MARK_ALL, dict(zip(MARKED, columns, strict=True)) | {"applied_at": now})
        return
    session.connection().execute(MARK, [dict(zip(MARKED, row, strict=True)) | {"applied_at": now} for row in rows])


def read(session: Session, delivery_id: int) -> tuple[DeliveryRow, bytes]:
    """A kept delivery and its body as it came. Raises KeyError."""
    row = session.get(DeliveryRow, delivery_id)
    if row is None:
        raise KeyError(delivery_id)
    return row, zlib.decompress(row.body)


def received(session: Session, provider: str, external_ids: Sequence[str]) -> set[str]:
    """Those of these deliveries that are here."""
    wanted = (DELIVERY.c.provider == provider, DELIVERY.c.external_id.in_(list(external_ids)))
    return set(session.connection().execute(sa.select(DELIVERY.c.external_id).where(*wanted)).scalars())


def not_applied(session: Session, limit: int) -> dict[str, int]:
    """How many deliveries were not understood (kept, with an error) or failed here; each is counted up to a limit."""
    counted = {}
    for state in (DeliveryState.KEPT, DeliveryState.FAILED):
        some = sa.select(DELIVERY.c.id).where(DELIVERY.c.state == state.value, DELIVERY.c.error.is_not(None))
        rows = some.limit(limit).subquery()
        counted[state.value] = session.connection().execute(sa.select(sa.func.count()).select_from(rows)).scalar_one()
    return counted


def in_trouble(session: Session) -> list[int]:
    """Deliveries that were not understood, or failed here, in the order in which they came."""
    states = col(DeliveryRow.state).in_((DeliveryState.KEPT, DeliveryState.FAILED))
    query = select(DeliveryRow.id).where(states, col(DeliveryRow.error).is_not(None)).order_by(col(DeliveryRow.id))
    return [id for id in session.exec(query) if id is not None]


def unapplied(session: Session, before: datetime, after: datetime, limit: int) -> list[int]:
    """Deliveries that were kept before the one moment and never applied: their process died in between.

    And those kept after the other one, which lies ahead: the clock was set back since.
    """
    query = (
        select(DeliveryRow.id)
        .where(DeliveryRow.state == DeliveryState.KEPT, col(DeliveryRow.error).is_(None))
        .where(sa.or_(col(DeliveryRow.received_at) < before, col(DeliveryRow.received_at) > after))
        .order_by(col(DeliveryRow.id))
        .limit(limit)
    )
    return [id for id in session.exec(query) if id is not None]


def tried(session: Session, delivery_id: int) -> tuple[int, datetime]:
    """How often a delivery failed here so far, and when it came."""
    row = session.execute(sa.select(DELIVERY.c.tries, DELIVERY.c.received_at).where(DELIVERY.c.id == delivery_id)).one()
    return row.tries, row.received_at


def try_again(session: Session, delivery_id: int, at: datetime | None) -> None:
    """It failed once more, and is due again at this moment; None for never."""
    values = {"tries": DELIVERY.c.tries + 1, "next_try_at": at}
    session.execute(sa.update(DELIVERY).where(DELIVERY.c.id == delivery_id).values(values))


def due_again(session: Session, now: datetime, limit: int) -> list[int]:
    """Deliveries that failed here and may go better now, the longest due first."""
    due = DELIVERY.c.state == sa.literal_column("'failed'"), DELIVERY.c.next_try_at <= now
    return list(
        session.execute(sa.select(DELIVERY.c.id).where(*due).order_by(DELIVERY.c.next_try_at).limit(limit)).scalars()
    )


def waiting_since() -> sa.Select[Any]:
    """When the oldest came of those that are kept and not yet applied."""
    waiting = DELIVERY.c.state == DeliveryState.KEPT, DELIVERY.c.error.is_(None)
    return sa.select(DELIVERY.c.received_at).where(*waiting).order_by(DELIVERY.c.id).limit(1)


def refuse(session: Session, provider: str, reason: str, now: datetime) -> None:
    """Count a refused delivery; nothing of what it said is kept."""
    postgres = session.get_bind().dialect.name == "postgresql"
    module = sa.dialects.postgresql if postgres else sa.dialects.sqlite
    insert = module.insert(REFUSAL).values(provider=provider, reason=reason, times=1, last_at=now)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["provider", "reason"],
            set_={"times": REFUSAL.c.times + 1, "last_at": now},
        )
    )


def prune(session: Session, before: datetime, limit: int = 1000) -> int:
    """Delete some deliveries received before this moment, but for those not applied yet; how many went.

    Months of them go by `months.drop`.
    """
    connection, gone = session.connection(), 0
    for table in months.loose(connection):
        over = table.c.received_at < before, ~months.waits(table)
        old = sa.select(table.c.id).where(*over).order_by(table.c.received_at).limit(limit)
        gone += connection.execute(sa.delete(table).where(table.c.id.in_(old))).rowcount
    return gone
