"""The way back: what was there before anybody listened, in slices that can be stopped and taken up again."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import structlog

from cicd_health.flow import connecting, polling
from cicd_health.model.watches import BackfillState
from cicd_health.providers.remote import Asked, Batch, RemoteError, Trouble
from cicd_health.store import audit, engine, watches
from cicd_health.store.tables import WatchRow

log = structlog.get_logger(__name__)

SLICE = timedelta(seconds=20)  # so that stopping it, and the end of the process, wait no longer
FIRST_PAUSE = timedelta(seconds=15)  # after an error


def backfill(watch_id: int, walk: str, now: datetime) -> datetime | None:
    """Go on with a watch's way back for a while; when to go on after that, None when it has ended or was stopped.

    `walk` names this way back: one that was stopped and taken up again has a new name, and ends the old job.
    """
    with engine.writing() as session:
        row, source = watches.pair(session, watch_id)
        if row is None or source is None or not _is_walking(row, walk):
            return None
        if (well_at := polling.rests(source, row, now)) is not None:
            again_at = well_at + timedelta(seconds=random.uniform(5, 60))  # a poll is the one to try it
            watches.change(session, watch_id, backfill_waits_until=again_at, backfill_error=source.error)
            engine.announce(session, "sources")
            return again_at
        work = polling.prepare(session, watch_id, now)
        if work is None:
            return polling.waits(row, source, now) or now + polling.pause_after(row.tries, FIRST_PAUSE)
    assert row.backfill_from is not None
    until = row.backfill_started_at or now
    asked = Asked(row.name, since=row.backfill_from, until=until, cursor=row.backfill_cursor)
    try:
        for batch in work.remote.backfill(work.connection, asked, work.known, now):
            polling.save(work.source.provider, batch.documents, datetime.now(UTC), quiet=True)
            if not _advanced(work, batch):
                return None
            if batch.name or datetime.now(UTC) - now > SLICE:  # what is here stands under the new name now
                return datetime.now(UTC)
    except RemoteError as error:
        return _backfill_failed(work, error, datetime.now(UTC))
    except Exception as error:
        log.exception("backfill failed", watch=row.name)
        sentence = f"The backfill stopped with {type(error).__name__}: it is in the log. It is tried again."
        return _backfill_failed(work, RemoteError(Trouble.GARBLED, sentence), datetime.now(UTC))
    with engine.writing() as session:
        watches.end_backfill(session, watch_id, datetime.now(UTC))
        watches.refresh_source(session, work.source_id, datetime.now(UTC))
        engine.announce(session, "sources")
    return None


def _is_walking(row: WatchRow, walk: str) -> bool:
    running = row.enabled and row.backfill_state == BackfillState.RUNNING
    return running and row.backfill_started_at == datetime.fromisoformat(walk)


def _advanced(work: polling.Work, batch: Batch) -> bool:
    with engine.writing() as session:
        going = watches.advance_backfill(
            session,
            work.watch_id,
            cursor=batch.cursor,
            reach=batch.reach,
            total=batch.total,
            listed=batch.listed,
            done=batch.done,
            requests=batch.requests,
        )
        if batch.name:
            watches.rename(session, work.watch_id, work.source_id, batch.name)
        if batch.rate_limit is not None and not work.watch.token:
            watches.note_rate_limit(session, work.source_id, batch.rate_limit)
        engine.announce(session, "sources")
    return going


def _backfill_failed(work: polling.Work, error: RemoteError, now: datetime) -> datetime:
    tries = work.watch.backfill_tries
    again_at = (
        error.retry_at if error.retry_at and error.retry_at > now else now + polling.pause_after(tries, FIRST_PAUSE)
    )
    with engine.writing() as session:
        watches.change(
            session,
            work.watch_id,
            backfill_tries=tries + 1,
            backfill_waits_until=again_at,
            backfill_error=error.sentence,
        )
        if error.trouble in (Trouble.UNREACHABLE, Trouble.UNAUTHORIZED) and not work.watch.token:
            polling.note_trouble(session, work.source_id, error, again_at, now)  # the other ways back need not try
        engine.announce(session, "sources")
    return again_at


def stop_backfill(watch_id: int, now: datetime) -> None:
    """Stop the way back; what came stays. Raises LookupError."""
    with engine.writing() as session:
        row = watches.watch(session, watch_id)
        if row.backfill_state == BackfillState.RUNNING:
            row.backfill_state, row.backfill_ended_at = BackfillState.STOPPED.value, now
            audit.note(session, "backfill.stopped", f"watch {watch_id} ({row.name})", now, done=row.backfill_done)
        engine.announce(session, "sources")


def resume_backfill(watch_id: int, now: datetime) -> None:
    """Take the way back up where it was stopped, or walk it again when it was done. Raises LookupError."""
    with engine.writing() as session:
        row = watches.watch(session, watch_id)
        if row.backfill_state == BackfillState.DONE:
            row.backfill_cursor = row.backfill_reach = row.backfill_from = row.backfill_total = None
            row.backfill_listed = row.backfill_done = row.backfill_requests = 0
        if row.backfill_state != BackfillState.RUNNING:
            connecting.start_backfill(session, row, now)
            audit.note(session, "backfill.resumed", f"watch {watch_id} ({row.name})", now)
        engine.announce(session, "sources")
