"""The way of one log from its provider to the store: whole when its job has ended, bit by bit while a build runs."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from cicd_health import queue, settings
from cicd_health.flow import connecting, log_reading, polling
from cicd_health.flow import logs as keeping
from cicd_health.flow.judging import lines_found
from cicd_health.logs.intake import BLOCK_SIZE, Intake
from cicd_health.logs.packing import text_of
from cicd_health.providers.remote import Connection, LogAsked, LogGone, LogNotReady, RemoteError
from cicd_health.store import engine, logs, watches
from cicd_health.store.logs import Errand

log = structlog.get_logger(__name__)

FOLLOW_EVERY = timedelta(seconds=5)
LOST_AGE = timedelta(hours=1)


def fetch_log(log_id: int, now: datetime) -> datetime | None:
    """Fetch a log that is wanted, or what a running build added to it; when to come again, None when that is it.

    What cannot be fetched is tried again for a day, at the provider's word or with growing pauses. What is gone is
    never asked for again.
    """
    with engine.reading() as session:
        errand = logs.errand(session, log_id)
        connection = keeping.connection_of(session, errand.owner.run_id) if errand else None
        place = watches.place_of_run(session, errand.owner.run_id) if errand else None
    if errand is None:
        return None
    if connection is None or place is None:
        return _failed(log_id, "The source is not connected: its logs cannot be fetched.", None, now)
    well_at = polling.rests(*place, now)
    if well_at is not None:
        again_at = queue.next_try(errand.tries + 1, errand.since, now)
        return _failed(log_id, place[0].error or "The source is in trouble.", again_at and max(again_at, well_at), now)
    try:
        return _fetch(log_id, errand, connection, now)
    except LogGone:
        with engine.writing() as session:
            logs.mark_gone(session, log_id, now)
            engine.announce(session, "runs")
        return None
    except LogNotReady:
        return _failed(log_id, "The log is not ready yet.", queue.next_try(errand.tries + 1, errand.since, now), now)
    except RemoteError as error:
        again_at = queue.next_try(errand.tries + 1, errand.since, now)
        if again_at is not None and error.retry_at is not None:
            again_at = max(again_at, error.retry_at)
        return _failed(log_id, error.sentence, again_at, now)


def _failed(log_id: int, error: str, again_at: datetime | None, now: datetime) -> datetime | None:
    log.info("log not fetched", log_id=log_id, error=error, again_at=again_at)
    with engine.writing() as session:
        logs.fail(session, log_id, error, again_at, now)
        engine.announce(session, "runs")
    return again_at


def _fetch(log_id: int, errand: Errand, connection: Connection, now: datetime) -> datetime | None:
    if not errand.owner.finished and errand.owner.provider == connecting.JENKINS:
        return _read_on(log_id, errand, connection, now)
    with connecting.remote_of(errand.owner.provider).log(connection, _asked(errand, position=0)) as stream:
        packed = keeping.take(stream.chunks, stream.charset)
        position = stream.position
    ready = keeping.make_ready(packed, failed=errand.owner.failed)
    with engine.writing() as session:
        keeping.keep_ready(session, log_id, ready, now, position=max(position, packed.size))
        if ready.found.excerpt is not None:
            lines_found(session, errand.owner.run_id, now)
    return None


def _asked(errand: Errand, position: int) -> LogAsked:
    owner = errand.owner
    return LogAsked(
        repo=owner.repo,
        run_external_id=owner.run_external_id,
        job_external_id=owner.job_external_id,
        attempt=owner.attempt,
        finished=owner.finished,
        position=position,
    )


def _read_on(log_id: int, errand: Errand, connection: Connection, now: datetime) -> datetime | None:
    """Add what a running build wrote since the last time. The whole is fetched anew when the build has ended."""
    with engine.reading() as session:
        last = logs.last_chunk(session, log_id)
    begun = text_of(last.body) if last is not None and last.body else ""
    whole = last is not None and (not last.body or (last.size >= BLOCK_SIZE and begun.endswith("\n")))
    resumed = None if whole else last
    first_line = errand.lines + 1 if resumed is None else resumed.first_line
    max_size = settings.get().log_max_mb * keeping.MEGABYTE
    with connecting.remote_of(errand.owner.provider).log(connection, _asked(errand, errand.position)) as stream:
        intake = Intake(max_size, stream.charset, first_line=first_line, begun="" if resumed is None else begun)
        for chunk in stream.chunks:
            intake.feed(chunk)
        packed = intake.finish(ended=False)
        position, more = stream.position, stream.more
    chunks = logs.prepare(packed.blocks)
    with engine.writing() as session:
        row = logs.lock(session, log_id)
        if row is None or row.position != errand.position or row.lines != errand.lines:
            return None  # somebody else was faster
        if packed.size:
            logs.append(session, row, packed, chunks, now, position=position, max_size=max_size, replacing=resumed)
            engine.announce(session, "runs")
        else:
            logs.note_silence(session, row, now)
    if more or packed.size:
        return now + FOLLOW_EVERY
    again_at = queue.next_try(errand.tries + 1, errand.since, now)
    if again_at is None:
        with engine.writing() as session:
            logs.stop_following(session, log_id, now)
    return again_at


def find_cause(log_id: int, now: datetime) -> None:
    """Look for the failing lines in a log that was kept before it was known that its job failed."""
    found = keeping.look(log_reading.all_lines(log_id), failed=True)
    with engine.writing() as session:
        row = logs.lock(session, log_id)
        if row is not None and found.excerpt is not None and row.cause is None:
            logs.note_findings(session, row, found)
            lines_found(session, row.run_id, now)
            engine.announce(session, "runs")


def recover_logs(now: datetime) -> int:
    """Queue logs again that should have been tried again long ago: their job was lost; how many."""
    with engine.writing() as session:
        lost = logs.pending_since(session, now - LOST_AGE, limit=500)
        for log_id in lost:
            queue.enqueue(session, "fetch_log", f"{log_id}-{now:%Y%m%dT%H}", log_id)
    return len(lost)
