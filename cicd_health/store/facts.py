"""What a rule may know of one pipeline: read as far back as it asks for, by indexes made for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from cicd_health.model.alerts import Facts, Reach, RunFact, WaitingJob
from cicd_health.model.merge import BEGINNING
from cicd_health.model.runs import ABSURD_S, VERDICTS, Outcome
from cicd_health.store import changes
from cicd_health.store.held_runs import ATTEMPT, JOB, RUN
from cicd_health.store.tables import PipelineRow, RepositoryRow, SourceRow
from cicd_health.store.tables.columns import SCHEDULE_WORDS, VERDICT_WORDS

RECENT = timedelta(seconds=ABSURD_S)  # a run that began earlier runs no more, whatever was heard of it
MOST_WAITING = 500

Row = sa.Row[Any]

# Conditions in the words of the partial indexes: else SQLite does not use them. The sign before a column keeps a
# database from choosing an index of that column, which holds all runs of the pipeline.
VERDICT = sa.text(f"runs.default_branch AND runs.outcome IN {VERDICT_WORDS}")
RUN_AGAIN = sa.text(f"runs.default_branch AND runs.attempt > 1 AND runs.outcome NOT IN {VERDICT_WORDS}")
UNFINISHED_ANYWHERE = sa.text("runs.status != 'completed'")
UNFINISHED = sa.text("runs.status != 'completed' AND +runs.pipeline_id = :pipeline")
SCHEDULED = sa.text(f"runs.event IN {SCHEDULE_WORDS}")
OF_PIPELINE = RUN.c.pipeline_id == sa.bindparam("pipeline")
SINCE = sa.bindparam("since", type_=RUN.c.created_at.type)
THEN = sa.bindparam("recent", type_=RUN.c.created_at.type)
MOST = sa.bindparam("most", type_=sa.Integer)
NEWEST_FIRST = RUN.c.created_at.desc(), RUN.c.id.desc()
COLUMNS = tuple(
    RUN.c[name]
    for name in (
        *("id", "number", "outcome", "created_at", "completed_at", "started_at", "duration_s", "queue_s"),
        *("event", "sha", "branch", "actor", "title", "url", "failed_job", "failed_step", "signature"),
    )
)

PLACE = (
    sa.select(
        col(PipelineRow.id).label("id"),
        col(SourceRow.provider).label("provider"),
        col(RepositoryRow.name).label("repo"),
        col(PipelineRow.name).label("pipeline"),
    )
    .join(RepositoryRow, col(RepositoryRow.id) == PipelineRow.repo_id)
    .join(SourceRow, col(SourceRow.id) == RepositoryRow.source_id)
    .where(col(PipelineRow.id).in_(sa.bindparam("ids", expanding=True)))
)
EARLIER = (
    sa.select(ATTEMPT)
    .where(
        ATTEMPT.c.run_id.in_(sa.bindparam("ids", expanding=True)),
        ATTEMPT.c.status == "completed",
        ATTEMPT.c.outcome.in_(sorted(VERDICTS)),
    )
    .order_by(ATTEMPT.c.attempt)
)
EXCERPT = sa.select(RUN.c.excerpt).where(RUN.c.id == sa.bindparam("run"))
WAITING = (
    sa.select(JOB.c.run_id, JOB.c.name, JOB.c.created_at, JOB.c.attempt)
    .where(
        JOB.c.run_id.in_(sa.bindparam("ids", expanding=True)),
        JOB.c.status == "queued",
        JOB.c.created_at.is_not(None),
    )
    .order_by(JOB.c.created_at, JOB.c.id)
    .limit(MOST_WAITING)
)
WITH_JOBS = sa.select(JOB.c.run_id).where(JOB.c.run_id.in_(sa.bindparam("ids", expanding=True))).distinct()
SEEN = (
    sa.select(RUN.c.created_at)
    .where(
        OF_PIPELINE,
        RUN.c.signature == sa.bindparam("signature"),
        sa.tuple_(RUN.c.created_at, RUN.c.id) < sa.tuple_(SINCE, sa.bindparam("run", type_=sa.BigInteger)),
    )
    .order_by(RUN.c.created_at.desc())
    .limit(1)
)


def facts(session: Session, pipeline_id: int, reach: Reach, now: datetime, branch: str | None = None) -> Facts:
    """What `reach` asks for of this pipeline, on this branch (None: whatever counts as the default branch).

    A run speaks through its newest attempt with a verdict: starting a re-run, or cancelling it, changes nothing.
    Only the newest run, when it failed, brings its excerpt. Raises LookupError for an unknown pipeline.
    """
    place = places(session, [pipeline_id]).get(pipeline_id)
    if place is None:
        raise LookupError(f"there is no pipeline {pipeline_id}")
    asked = {"pipeline": pipeline_id, "recent": now - RECENT} | ({} if branch is None else {"branch": branch})
    known = Facts(pipeline_id, place[2], place[1], place[0], now=now, branch=branch)
    if reach.runs:
        since = now - reach.span if reach.span else BEGINNING
        known = replace(known, attempts=_attempts(session, asked | {"since": since, "most": reach.runs}))
    if reach.signatures:
        known = replace(known, attempts=_with_signature_seen(session, pipeline_id, known.attempts))
    if reach.running:
        known = replace(known, running=tuple(_fact(row) for row in _rows(session, _running, asked)))
    if reach.waiting:
        known = replace(known, waiting=_waiting(session, asked))
    if reach.scheduled:
        rows = _rows(session, _scheduled, asked | {"most": reach.scheduled})
        known = replace(known, scheduled=tuple(row.created_at for row in rows))
    if reach.changes:
        known = replace(known, changes=tuple(changes.of_pipelines(session, [pipeline_id], BEGINNING)))
    return known


def places(session: Session, pipeline_ids: Sequence[int]) -> dict[int, tuple[str, str, str]]:
    """Provider, repository and name of each pipeline there is among these."""
    found = session.connection().execute(PLACE, {"ids": sorted(pipeline_ids)})
    return {row.id: (row.provider, row.repo, row.pipeline) for row in found}


def _rows(session: Session, statement: Any, asked: dict[str, Any]) -> Sequence[Row]:
    return session.connection().execute(statement(of_branch="branch" in asked), asked).all()


@cache
def _spoken(*, of_branch: bool) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """Runs with a verdict, and runs that may have had one in an earlier attempt."""
    if of_branch:
        spoke = sa.or_(RUN.c.outcome.in_(sorted(VERDICTS)), RUN.c.attempt > 1)
        where = OF_PIPELINE, RUN.c.branch == sa.bindparam("branch"), RUN.c.created_at >= SINCE, spoke
        return sa.select(*COLUMNS).where(*where).order_by(*NEWEST_FIRST).limit(MOST)
    speaks, spoke = (
        sa.select(*COLUMNS)
        .where(OF_PIPELINE, outcome, RUN.c.created_at >= SINCE)
        .order_by(*NEWEST_FIRST)
        .limit(MOST)
        .subquery()
        for outcome in (VERDICT, RUN_AGAIN)
    )
    return sa.union_all(sa.select(speaks), sa.select(spoke))


@cache
def _running(*, of_branch: bool) -> sa.Select[Any]:
    started = RUN.c.status == "in_progress", RUN.c.started_at.is_not(None)
    where = UNFINISHED, RUN.c.created_at >= THEN, *started, _on_branch(of_branch)
    return sa.select(*COLUMNS).where(*where).order_by(*NEWEST_FIRST)


@cache
def _unfinished(*, of_branch: bool) -> sa.Select[Any]:
    """Not of history: of that nobody is told."""
    where = UNFINISHED, RUN.c.created_at >= THEN, RUN.c.quiet.is_(False), _on_branch(of_branch)
    return sa.select(RUN.c.id, RUN.c.attempt, RUN.c.branch, RUN.c.outcome, RUN.c.created_at).where(*where)


@cache
def _scheduled(*, of_branch: bool) -> sa.Select[Any]:
    where = OF_PIPELINE, SCHEDULED, _on_branch(of_branch)
    return sa.select(RUN.c.created_at).where(*where).order_by(*NEWEST_FIRST).limit(MOST)


def _on_branch(of_branch: bool) -> sa.ColumnElement[bool]:
    return RUN.c.branch == sa.bindparam("branch") if of_branch else RUN.c.default_branch.is_(True)


def _attempts(session: Session, asked: dict[str, Any]) -> tuple[RunFact, ...]:
    rows = sorted(_rows(session, _spoken, asked), key=lambda row: (row.created_at, row.id), reverse=True)
    earlier = _earlier_verdicts(session, [row.id for row in rows if row.outcome not in VERDICTS])
    spoke = [row for row in rows if row.outcome in VERDICTS or row.id in earlier]
    told = [_fact(row, earlier.get(row.id)) for row in spoke[: asked["most"]]]
    if told and told[0].outcome.failed:
        # Only a message reads it, and only that of the newest run; it may be long.
        excerpt = session.connection().execute(EXCERPT, {"run": told[0].run_id}).scalar_one()
        told[0] = replace(told[0], excerpt=excerpt)
    return tuple(told)


def _waiting(session: Session, asked: dict[str, Any]) -> tuple[WaitingJob, ...]:
    """Read in steps: in one, SQLite would look through all jobs. A queued run without any job waits itself."""
    runs = {run.id: run for run in _rows(session, _unfinished, asked)}
    if not runs:
        return ()
    jobs = session.connection().execute(WAITING, {"ids": list(runs)})
    waiting = [
        WaitingJob(job.run_id, job.name, job.created_at, runs[job.run_id].branch)
        for job in jobs
        if job.attempt == runs[job.run_id].attempt
    ]
    queued = {run.id for run in runs.values() if run.outcome == Outcome.QUEUED}
    if queued:
        with_jobs = set(session.connection().execute(WITH_JOBS, {"ids": sorted(queued)}).scalars())
        waiting += [
            WaitingJob(run_id, "", runs[run_id].created_at, runs[run_id].branch) for run_id in queued - with_jobs
        ]
    return tuple(sorted(waiting, key=lambda job: (job.since, job.run_id)))


def _earlier_verdicts(session: Session, run_ids: list[int]) -> dict[int, Row]:
    """The newest attempt with a verdict of each of these runs; runs without one are left out."""
    if not run_ids:
        return {}
    return {row.run_id: row for row in session.connection().execute(EARLIER, {"ids": run_ids})}


def _fact(run: Row, earlier: Row | None = None) -> RunFact:
    """The columns come in the order of a RunFact's fields."""
    id, number, outcome, *rest = list(run)
    fact = RunFact(id, number, Outcome(earlier.outcome if earlier else outcome), *rest)
    if earlier is None:
        return fact
    names = "completed_at", "started_at", "duration_s", "queue_s"
    return replace(fact, **{name: getattr(earlier, name) for name in names})


def _with_signature_seen(session: Session, pipeline_id: int, attempts: tuple[RunFact, ...]) -> tuple[RunFact, ...]:
    """The newest failing run knows when its failure was seen before."""
    index = next((n for n, run in enumerate(attempts) if run.outcome.failed), None)
    if index is None or attempts[index].signature is None:
        return attempts
    run = attempts[index]
    asked = {"pipeline": pipeline_id, "signature": run.signature, "since": run.created_at, "run": run.run_id}
    seen_at = session.connection().execute(SEEN, asked).scalar_one_or_none()
    return (*attempts[:index], replace(run, signature_seen_at=seen_at), *attempts[index + 1 :])
