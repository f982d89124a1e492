"""Logs: asked for when a job failed or somebody opens one, kept when they were sent, forgotten after a while.

Bytes become lines, and lines an excerpt, outside of any transaction; one short transaction then keeps all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from cicd_health import queue, settings, vault
from cicd_health.flow import connecting
from cicd_health.flow.judging import lines_found
from cicd_health.logs import findings
from cicd_health.logs.intake import Intake
from cicd_health.logs.packing import PackedLines
from cicd_health.model.logs import Findings, Line, Log, LogState, Packed
from cicd_health.model.runs import FAILED, Attempt, Event, Status
from cicd_health.providers.jenkins.console import has_own_log
from cicd_health.providers.jenkins.places import build_id
from cicd_health.providers.remote import Connection
from cicd_health.store import engine, logs
from cicd_health.store.logs import Chunk, Owner
from cicd_health.store.runs import Saved

log = structlog.get_logger(__name__)

MEGABYTE = 1024 * 1024
FETCH_AGE = timedelta(days=7)  # what ended longer ago is fetched when somebody opens it
MOST_FOLLOWED = 20


@dataclass(frozen=True, slots=True)
class Ready:
    """A log that only has to be written down."""

    packed: Packed
    chunks: list[Chunk]
    found: Findings


def keep_log(
    run_id: int, job_id: int | None, attempt: int, chunks: Iterable[bytes], now: datetime, *, charset: str = "utf-8"
) -> Log:
    """Keep a log that is at hand. Raises LookupError when there is no such job or attempt."""
    with engine.reading() as session:
        whose = logs.owner(session, run_id, job_id, attempt)
    ready = make_ready(take(chunks, charset), failed=whose.failed)
    with engine.writing() as session:
        logs.ensure(session, whose, now)
    with engine.writing() as session:
        kept = logs.find(session, run_id, attempt, job_id)
        assert kept is not None
        keep_ready(session, kept.id, ready, now, position=ready.packed.size)
        lines_found(session, run_id, now)
        session.flush()
        return logs.get(session, kept.id) or kept


def want_log(run_id: int, job_id: int | None, now: datetime) -> LogState:
    """Somebody wants to read it: if it can be fetched and is not here, that is queued. Raises LookupError.

    `none` when it cannot be: the source is not connected, it has no log of its own, or GitHub's job has not ended.
    """
    with engine.writing() as session:
        logs.lock_runs(session, [run_id])
        whose = logs.owner(session, run_id, job_id)
        here = logs.find(session, run_id, whose.attempt, job_id)
        if here is not None and here.state is not LogState.NONE:
            return here.state
        return LogState.PENDING if _queue(session, whose, now) else LogState.NONE


def posted(events: Sequence[Event]) -> list[Ready | None]:
    """The logs that came with these events, made ready before the transaction that saves them."""
    return [
        make_ready(take([event.log.encode("utf-8", "replace")]), failed=event.outcome.failed)
        if isinstance(event, Attempt) and event.log
        else None
        for event in events
    ]


def after_saving(
    session: Session, events: Sequence[Event], saved: Saved, sent: Sequence[Ready | None], now: datetime
) -> set[int]:
    """Keep the logs that came with what was just saved, and queue fetching those that it calls for.

    Gives the runs whose failing lines came with them.
    """
    explained = set()
    for event, run_id, ready in zip(events, saved.run_ids, sent, strict=True):
        if ready is not None and run_id is not None:
            _keep_posted(session, run_id, event.attempt, ready, now)
            if ready.found.excerpt is not None:
                explained.add(run_id)
    every = settings.get().log_fetch == "all"
    if ended := _runs_of(events, saved, lambda event: _calls_for_log(event, every=every)):
        for whose in logs.to_fetch(session, ended, now - FETCH_AGE, every=every):
            if whose.job_id or whose.provider != connecting.GITHUB:  # GitHub's runs have the logs of their jobs
                _queue(session, whose, now)
        for log_id in logs.failed_without_excerpt(session, ended):
            queue.enqueue(session, "find_cause", f"{log_id}-{now:%Y%m%dT%H%M%S%f}", log_id)
    if running := _runs_of(events, saved, _may_be_followed):
        room = MOST_FOLLOWED - logs.following(session)
        for whose in logs.to_follow(session, running, connecting.JENKINS)[: max(0, room)]:
            _queue(session, whose, now)
    return explained


def _runs_of(events: Sequence[Event], saved: Saved, chosen: Callable[[Event], bool]) -> list[int]:
    pairs = zip(events, saved.run_ids, strict=True)
    return sorted({run_id for event, run_id in pairs if run_id is not None and chosen(event)})


def _calls_for_log(event: Event, *, every: bool) -> bool:
    return event.status is Status.COMPLETED and (every or event.outcome in FAILED)


def _may_be_followed(event: Event) -> bool:
    return event.provider == connecting.JENKINS and event.status is Status.IN_PROGRESS


def _keep_posted(session: Session, run_id: int, attempt: int, ready: Ready, now: datetime) -> None:
    if logs.has_better(session, run_id, attempt, ready.packed.lines):
        return
    row = logs.ensure(session, logs.owner(session, run_id, None, attempt), now)
    if row is not None and row.id is not None:
        keep_ready(session, row.id, ready, now, position=None)


def _queue(session: Session, whose: Owner, now: datetime) -> bool:
    """Queue fetching a log in this transaction; False when it cannot be fetched."""
    if not _has_log(whose) or connection_of(session, whose.run_id) is None:
        return False
    log_id = logs.ask(session, whose, now)
    if log_id is not None:
        queue.enqueue(session, "fetch_log", f"{log_id}-{now:%Y%m%dT%H%M%S%f}", log_id)
        engine.announce(session, "runs")
    return True


def _has_log(whose: Owner) -> bool:
    """Whether the provider may have a log of this. GitHub has those of jobs that ended; posted ids are not its own.

    Jenkins has one per build: a stage's lines stand in its build's log, a sub-build has its own.
    """
    own, run = whose.job_external_id, whose.run_external_id
    if whose.provider == connecting.GITHUB:
        return whose.finished and run.isdecimal() and (own is None or own.isdecimal())
    if whose.provider == connecting.JENKINS:
        return build_id(run) is not None and (own is None or has_own_log(run, own))
    return False


def connection_of(session: Session, run_id: int) -> Connection | None:
    """How to ask for the logs of a run; None when its source is not connected, or the stored token cannot be read."""
    try:
        return connecting.of_run(session, run_id)
    except vault.WrongKey:
        log.warning("stored token cannot be read", run_id=run_id)
        return None


def take(chunks: Iterable[bytes], charset: str = "utf-8") -> Packed:
    """Bytes to lines, `LOG_MAX_MB` of them at most."""
    intake = Intake(settings.get().log_max_mb * MEGABYTE, charset)
    for chunk in chunks:
        intake.feed(chunk)
    return intake.finish()


def make_ready(packed: Packed, *, failed: bool) -> Ready:
    """All that takes time about keeping a log."""
    return Ready(packed, logs.prepare(packed.blocks), look(PackedLines(packed.blocks), failed=failed))


def look(lines: Sequence[Line], *, failed: bool) -> Findings:
    """What is found in a log. A text that our rules cannot stand must not keep it from being kept."""
    try:
        return findings.look(lines, failed=failed)
    except Exception:
        log.exception("log not understood", lines=len(lines))
        return Findings()


def keep_ready(session: Session, log_id: int, ready: Ready, now: datetime, *, position: int | None) -> None:
    """Keep it in the place of what was here. `position`: how far the provider's was read, None for a posted one."""
    at = 0 if position is None else max(1, position)
    logs.keep(session, log_id, ready.packed, ready.chunks, ready.found, now, position=at)
    engine.announce(session, "runs")
