"""The past of pipelines as a rule would have been told of it: read in order, and never held as a whole."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.alerts import WaitingJob
from cicd_health.model.moments import Moment
from cicd_health.model.runs import VERDICTS, Outcome
from cicd_health.store.backtest_known import DEFAULT, LEAD, SAID, SCHEDULED, VERDICT, Asked, Signatures
from cicd_health.store.lists import ATTEMPT, JOB, RUN
from cicd_health.store.past_rows import COLUMNS, fact, running
from cicd_health.store.tables.columns import SCHEDULE_WORDS

AT_ONCE = 2_000  # rows
SHORT = timedelta(seconds=15)  # a wait that the clock would hardly see
SPEAKING = frozenset(outcome.value for outcome in VERDICTS)
SCHEDULES = frozenset(SCHEDULE_WORDS.strip("()").replace("'", "").split(", "))
TRIES = sa.select(
    *(ATTEMPT.c[name] for name in ("run_id", "outcome", "started_at", "completed_at", "duration_s", "queue_s")),
).order_by(ATTEMPT.c.attempt)
WAITS = (
    sa.select(JOB.c.run_id, JOB.c.name, JOB.c.counted_at, JOB.c.created_at, JOB.c.started_at, JOB.c.completed_at)
    .add_columns(RUN.c.pipeline_id, RUN.c.branch, RUN.c.default_branch)
    .join_from(JOB, RUN, RUN.c.id == JOB.c.run_id)
    .where(
        JOB.c.created_at.is_not(None),
        sa.or_(JOB.c.queue_s >= SHORT.total_seconds(), JOB.c.started_at.is_(None)),
        # A job that was never taken nor ended waits only as long as its run does.
        sa.or_(
            JOB.c.started_at.is_not(None),
            JOB.c.completed_at.is_not(None),
            sa.and_(JOB.c.status == "queued", RUN.c.status != "completed"),
        ),
    )
    .order_by(JOB.c.counted_at, JOB.c.id)
)
WAITS_OF_RUNS = (  # a run without any job waits itself
    sa.select(RUN.c.id.label("run_id"), sa.literal("").label("name"), RUN.c.created_at, RUN.c.started_at)
    .add_columns(RUN.c.completed_at, RUN.c.pipeline_id, RUN.c.branch, RUN.c.default_branch)
    .where(
        sa.or_(RUN.c.queue_s >= SHORT.total_seconds(), RUN.c.outcome == Outcome.QUEUED),
        ~sa.exists().where(JOB.c.run_id == RUN.c.id),
    )
    .order_by(RUN.c.created_at, RUN.c.id)
)


def begins_at(session: Session, asked: Asked, start: datetime, end: datetime, most: int) -> datetime:
    """`start`, or the later moment since which no more than `most` runs in scope were created.

    Of a rule about schedules, runs that a schedule began.
    """
    query = sa.select(RUN.c.created_at).where(RUN.c.created_at >= start, RUN.c.created_at < end)
    if asked.reach.scheduled:
        query = query.where(SCHEDULED)
    elif not asked.scope.branches:
        query = query.where(SAID)
    query = asked.narrowed(query).order_by(RUN.c.created_at.desc()).offset(most).limit(1)
    found = session.connection().execute(query).scalar_one_or_none()
    return start if found is None else max(start, found)


def moments(session: Session, asked: Asked, start: datetime, end: datetime) -> Iterator[Moment]:
    """What became known from LEAD before `start` until `end`, in order."""
    runs = _of_runs(session, asked, start, end)
    if not asked.reach.waiting:
        return runs
    return heapq.merge(runs, _of_jobs(session, asked, start - LEAD, end), key=attrgetter("at"))


def _of_runs(session: Session, asked: Asked, start: datetime, end: datetime) -> Iterator[Moment]:
    """What became known of runs: those are read as they were created, and what they say is told by when."""
    signatures = Signatures(session, asked, start, end) if asked.reach.signatures else None
    query = sa.select(*COLUMNS).where(RUN.c.created_at >= start - LEAD, RUN.c.created_at < end)
    if not asked.scope.branches:
        query = query.where(DEFAULT)
    if not (asked.reach.running or asked.reach.scheduled):
        query = query.where(sa.or_(VERDICT, RUN.c.attempt > 1))
    chunks = _chunks(session, asked, asked.narrowed(query).order_by(RUN.c.created_at, RUN.c.id))
    told = ((row.created_at, _run_said(asked, row, tries, signatures)) for row, tries in _with_tries(session, chunks))
    return _in_order(told)


def _of_jobs(session: Session, asked: Asked, since: datetime, end: datetime) -> Iterator[Moment]:
    """Jobs that began to wait, and were taken."""
    of_jobs = WAITS.where(JOB.c.counted_at >= since, JOB.c.counted_at < end)
    of_runs = WAITS_OF_RUNS.where(RUN.c.created_at >= since, RUN.c.created_at < end)
    waited = (
        _in_order(
            (row.created_at, _job_waited(asked, row)) for chunk in _chunks(session, asked, query) for row in chunk
        )
        for query in (asked.narrowed(of_jobs, JOB.c.pipeline_id), asked.narrowed(of_runs))
    )
    return heapq.merge(*waited, key=lambda moment: moment.at)


def _chunks(session: Session, asked: Asked, query: sa.Select[Any]) -> Iterable[Iterable[Any]]:
    """Of all pipelines, fetched bit by bit; PostgreSQL plans that for the first rows, which is slow for a few."""
    options = {"yield_per": AT_ONCE} if asked.named is None else {}
    return session.connection().execute(query, execution_options=options).partitions(AT_ONCE)


def _in_order(told: Iterable[tuple[datetime, Iterable[Moment]]]) -> Iterator[Moment]:
    """Of what is told by when it began, everything by when it was known: nothing is known before it begins."""
    coming: list[tuple[datetime, int, Moment]] = []
    number = count()
    for began_at, said in told:
        while coming and coming[0][0] < began_at:
            yield heapq.heappop(coming)[2]
        for moment in said:
            heapq.heappush(coming, (moment.at, next(number), moment))
    while coming:
        yield heapq.heappop(coming)[2]


def _with_tries(session: Session, chunks: Iterable[Iterable[Any]]) -> Iterator[tuple[Any, list[Any]]]:
    """Runs with their attempts, the first one first; a run with one attempt is its own."""
    for chunk in chunks:
        rows = list(chunk)
        tries: dict[int, list[Any]] = {}
        again = [row.id for row in rows if row.attempt > 1]
        if again:
            for attempt in session.connection().execute(TRIES.where(ATTEMPT.c.run_id.in_(again))):
                tries.setdefault(attempt.run_id, []).append(attempt)
        for row in rows:
            yield row, tries.get(row.id) or [row]


def _run_said(asked: Asked, run: Any, tries: list[Any], signatures: Signatures | None) -> list[Moment]:
    place = asked.place(run)
    if place is None:
        return []
    reach, said = asked.reach, []
    if reach.scheduled and run.event in SCHEDULES:
        said.append(Moment(run.created_at, place, "scheduled"))
    seen_at = None
    if signatures and run.signature:
        seen_at = signatures.before(run.pipeline_id, run.signature, run.created_at)
    for attempt in tries:
        if reach.running and attempt.started_at is not None:
            said.append(Moment(max(attempt.started_at, run.created_at), place, "began", running(run, attempt)))
        if attempt.completed_at is not None:
            kind = "ended" if attempt.outcome in SPEAKING else "gone"
            at = max(attempt.completed_at, run.created_at)
            said.append(Moment(at, place, kind, fact(run, attempt, seen_at=seen_at)))
    return said


def _job_waited(asked: Asked, row: Any) -> Iterator[Moment]:
    place, over_at = asked.place(row), row.started_at or row.completed_at
    if place is None or (over_at is not None and over_at - row.created_at < SHORT):
        return
    job = WaitingJob(row.run_id, row.name, row.created_at, row.branch)
    yield Moment(row.created_at, place, "waiting", job=job)
    if over_at is not None:
        yield Moment(over_at, place, "taken", job=job)
