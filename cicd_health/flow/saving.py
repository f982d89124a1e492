"""One transaction for what was understood: saved, counted, judged, and marked as done."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlmodel import Session

from cicd_health import queue
from cicd_health.flow import logs
from cicd_health.flow.judging import evaluate, lines_found
from cicd_health.model.deliveries import DeliveryState, Incoming
from cicd_health.model.runs import Event
from cicd_health.store import deliveries, engine, names, runs, tallies
from cicd_health.store.deliveries import Mark

log = structlog.get_logger(__name__)

NEWS_AGE = timedelta(days=1)  # what ended longer ago is history: it counts, and sends nothing
TRIES = 5  # of a batch that collides with another process
PAUSE_S = 0.05
AGAIN = (runs.Collided, sa.exc.OperationalError, sa.exc.IntegrityError)
# PostgreSQL: no room, no connection left, too slow, it stops or starts, it only reads, somebody held a lock for long.
NOT_NOW = frozenset({"53100", "53300", "57014", "57P01", "57P02", "57P03", "25006", "55P03"})
NO_DATABASE = frozenset({"SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_BUSY", "SQLITE_READONLY"})


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one delivery. `state` is that of the delivery, or "duplicate"."""

    delivery_id: int
    state: str
    error: str | None = None
    run_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """One kept delivery and the events in it, or why there are none.

    What was polled has no delivery, but the `incoming` that would be kept if it cannot be saved; `jobs_known` as in
    `providers.remote.Document`, `ready` as in `Incoming`.
    """

    delivery_id: int | None
    events: tuple[Event, ...] = ()
    state: DeliveryState = DeliveryState.APPLIED
    error: str | None = None
    quiet: bool = False
    incoming: Incoming | None = None
    jobs_known: int = 0
    ready: tuple[logs.Ready | None, ...] = ()


def apply(batch: Sequence[Parsed], now: datetime) -> list[Receipt]:
    """Save what kept deliveries say, all in one transaction; when that fails, each in its own.

    A delivery that fails alone is marked so. Without a database all stay kept, and `recover` applies them later.
    """
    if not batch:
        return []
    with structlog.contextvars.bound_contextvars(delivery_ids=[one.delivery_id for one in batch]):
        return _apply_or_give_up(batch, now)


def _apply_or_give_up(batch: Sequence[Parsed], now: datetime) -> list[Receipt]:
    try:
        return _apply_again_and_again(batch, now)
    except Exception as error:
        if _database_is_gone(error):
            log.warning("not applied yet", size=len(batch), error=str(error))
            return [Receipt(one.delivery_id, DeliveryState.KEPT) for one in batch if one.delivery_id is not None]
        log.exception("batch failed", size=len(batch))
        if len(batch) == 1:
            return [_give_up(batch[0], error, now)]
        return [receipt for one in batch for receipt in apply([one], now)]


def absorb(batch: Sequence[Parsed], now: datetime) -> None:
    """Save what was polled, all in one transaction; when that fails, each in its own.

    What fails alone is kept as a delivery, with the error. Raises when there is no database: nothing is lost then,
    the provider is asked again.
    """
    if not batch:
        return
    try:
        _apply_again_and_again(batch, now)
    except Exception as error:
        if _database_is_gone(error):
            raise
        log.exception("polled batch failed", size=len(batch))
        if len(batch) == 1:
            keep_failed(batch[0], f"{type(error).__name__}: {error}"[:2000], DeliveryState.FAILED, now)
            return
        for one in batch:
            absorb([one], now)


def keep_failed(parsed: Parsed, error: str, state: DeliveryState, now: datetime) -> None:
    """Keep a polled document that cannot be understood or saved as a delivery, to be looked at and replayed."""
    assert parsed.incoming is not None
    incoming = replace(parsed.incoming, body=json.dumps(parsed.incoming.payload).encode())
    with engine.writing() as session:
        [(delivery_id, _)] = deliveries.keep(session, [incoming])
        deliveries.mark(session, [Mark(delivery_id, state, error)], now)
        engine.announce(session, "deliveries")


def _apply_again_and_again(batch: Sequence[Parsed], now: datetime) -> list[Receipt]:
    """Another process may have been first, or PostgreSQL broke a deadlock: what is there then is the new start."""
    sent = [ready for one in batch for ready in one.ready or logs.posted(one.events)]
    for attempt in range(1, TRIES):
        try:
            return _apply_once(batch, sent, now)
        except AGAIN as error:
            if _database_is_gone(error):
                raise
            log.info("batch again", attempt=attempt, error=str(error))
            names.forget(engine.engine())
            time.sleep(random.uniform(0, PAUSE_S * attempt))  # two processes must not collide in step
    return _apply_once(batch, sent, now)


def _apply_once(batch: Sequence[Parsed], sent: Sequence[logs.Ready | None], now: datetime) -> list[Receipt]:
    with engine.writing() as session:
        return _apply(session, batch, sent, now)


def _database_is_gone(error: Exception) -> bool:
    if isinstance(error, sa.exc.TimeoutError):  # all connections were busy for long
        return True
    return isinstance(error, sa.exc.DBAPIError) and (
        error.connection_invalidated or isinstance(error, sa.exc.InterfaceError) or _cannot_connect(error)
    )


def _cannot_connect(error: sa.exc.DBAPIError) -> bool:
    """PostgreSQL gives a failed statement a code and a refused connection none. SQLite: no disk to write on."""
    if getattr(error.orig, "pgcode", "") in NOT_NOW:
        return True
    if not isinstance(error, sa.exc.OperationalError):
        return False
    return getattr(error.orig, "pgcode", "") is None or getattr(error.orig, "sqlite_errorname", "") in NO_DATABASE


def _apply(
    session: Session, batch: Sequence[Parsed], sent: Sequence[logs.Ready | None], now: datetime
) -> list[Receipt]:
    pairs = [(index, event) for index, one in enumerate(batch) for event in one.events]
    run_ids: list[list[int]] = [[] for _ in batch]
    if pairs:
        quiet = [batch[index].quiet or _is_history(event, now) for index, event in pairs]
        pushed = [batch[index].delivery_id is not None for index, _ in pairs]
        saved = runs.save(session, [event for _, event in pairs], now, quiet=quiet, pushed=pushed)
        tallies.change(session, saved.removed, saved.added)
        for (index, _), run_id in zip(pairs, saved.run_ids, strict=True):
            if run_id is not None and run_id not in run_ids[index]:
                run_ids[index].append(run_id)
        _note_jobs_known(session, batch, run_ids)
        explained = logs.after_saving(session, [event for _, event in pairs], saved, sent, now)
        evaluate(session, saved.changes, now)
        for run_id in explained - {change.run_id for change in saved.changes if change.ended}:
            lines_found(session, run_id, now)
    receipts = [
        Receipt(one.delivery_id, one.state, one.error, tuple(of_it))
        for one, of_it in zip(batch, run_ids, strict=True)
        if one.delivery_id is not None
    ]
    marks = [Mark(r.delivery_id, DeliveryState(r.state), r.error, next(iter(r.run_ids), None)) for r in receipts]
    if marks:
        deliveries.mark(session, marks, now)
    engine.announce(session, "runs" if pairs else "deliveries")
    return receipts


def _note_jobs_known(session: Session, batch: Sequence[Parsed], run_ids: Sequence[Sequence[int]]) -> None:
    known = {
        run_id: one.jobs_known for one, ids in zip(batch, run_ids, strict=True) if one.jobs_known for run_id in ids
    }
    if known:
        runs.note_jobs_known(session, known)


def _is_history(event: Event, now: datetime) -> bool:
    said_at = event.completed_at or event.updated_at or event.created_at
    return said_at is not None and now - said_at > NEWS_AGE


def _give_up(parsed: Parsed, error: Exception, now: datetime) -> Receipt:
    """For now: it is applied again when it may go better, with growing pauses, for a day."""
    assert parsed.delivery_id is not None
    reason = f"{type(error).__name__}: {error}"[:2000]
    with engine.writing() as session:
        deliveries.mark(session, [Mark(parsed.delivery_id, DeliveryState.FAILED, reason)], now)
        tries, received_at = deliveries.tried(session, parsed.delivery_id)
        deliveries.try_again(session, parsed.delivery_id, queue.next_try(tries + 1, received_at, now))
        engine.announce(session, "deliveries")
    return Receipt(parsed.delivery_id, DeliveryState.FAILED, reason)
