"""Jobs that failed and then passed on one commit, kept as the verdicts of that commit come and change.

Whoever calls has locked the pipelines, so that two processes never look past each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.flakes import Flip, Trial, last_flip
from cicd_health.model.runs import VERDICTS, Outcome
from cicd_health.store.held_runs import ATTEMPT, JOB, RUN
from cicd_health.store.tables import FlakeRow
from cicd_health.store.tables.columns import FAILED_WORDS

Commit = tuple[int, str]  # pipeline, sha
Key = tuple[int, str, str]  # pipeline, job, sha
Flakes = dict[Key, Flip]
SOME = 500  # commits that one statement asks for

FLAKE = SQLModel.metadata.tables[str(FlakeRow.__tablename__)]
KEY = (FLAKE.c.pipeline_id, FLAKE.c.job, FLAKE.c.sha)
MOMENT = RUN.c.created_at.type
SHAS = RUN.c.sha.in_(sa.bindparam("shas", expanding=True))
# The plus keeps the databases from looking the runs up by pipeline: that would be many more than those of a commit.
PIPELINES = sa.literal_column("+runs.pipeline_id", sa.BigInteger).in_(sa.bindparam("pipelines", expanding=True))
RUNS = sa.select(RUN.c.pipeline_id, RUN.c.sha).where(SHAS, PIPELINES)
WORDS = [outcome.value for outcome in sorted(VERDICTS)]
JOB_ENDED = sa.func.coalesce(JOB.c.completed_at, JOB.c.started_at, JOB.c.counted_at, type_=MOMENT)
ATTEMPT_ENDED = sa.func.coalesce(ATTEMPT.c.completed_at, ATTEMPT.c.started_at, RUN.c.created_at, type_=MOMENT)
OF_JOBS = (
    sa.select(RUN.c.pipeline_id, JOB.c.name, RUN.c.sha, RUN.c.id, JOB.c.attempt, JOB.c.outcome, JOB_ENDED)
    .join_from(RUN, JOB, JOB.c.run_id == RUN.c.id)
    .where(SHAS, PIPELINES, JOB.c.outcome.in_(WORDS))
)
OF_ATTEMPTS = (
    sa.select(
        RUN.c.pipeline_id, sa.literal(""), RUN.c.sha, RUN.c.id, ATTEMPT.c.attempt, ATTEMPT.c.outcome, ATTEMPT_ENDED
    )
    .join_from(RUN, ATTEMPT, ATTEMPT.c.run_id == RUN.c.id)
    .where(SHAS, PIPELINES, ATTEMPT.c.outcome.in_(WORDS), ~sa.exists().where(JOB.c.run_id == RUN.c.id))
)
OTHER = RUN.alias("other")
TRIED_AGAIN = sa.or_(
    RUN.c.attempts > 1,
    sa.exists().where(OTHER.c.sha == RUN.c.sha, OTHER.c.pipeline_id == RUN.c.pipeline_id, OTHER.c.id != RUN.c.id),
)
START, STOP = (sa.bindparam(name, type_=MOMENT) for name in ("start", "stop"))
FAILED_JOBS = (
    sa.select(RUN.c.pipeline_id, RUN.c.sha)
    .join_from(JOB, RUN, RUN.c.id == JOB.c.run_id)
    .where(JOB.c.counted_at >= START, JOB.c.counted_at < STOP, sa.text(f"jobs.outcome IN {FAILED_WORDS}"))
    .where(RUN.c.sha.is_not(None), TRIED_AGAIN)
)
# The attempts in between may have failed where the first and the last did not.
FAILED_RUNS = sa.select(RUN.c.pipeline_id, RUN.c.sha).where(
    RUN.c.created_at >= START,
    RUN.c.created_at < STOP,
    RUN.c.sha.is_not(None),
    sa.or_(sa.text(f"runs.outcome IN {FAILED_WORDS}"), RUN.c.attempts > 1),
    ~sa.exists().where(JOB.c.run_id == RUN.c.id),
    TRIED_AGAIN,
)
KEPT = sa.select(FLAKE).where(
    FLAKE.c.sha.in_(sa.bindparam("shas", expanding=True)),
    FLAKE.c.pipeline_id.in_(sa.bindparam("pipelines", expanding=True)),
)


def tried_again(session: Session, commits: Collection[Commit]) -> set[Commit]:
    """Those of these commits that have more than one run."""
    if not commits:
        return set()
    found = session.connection().execute(RUNS, _asked(commits))
    runs = Counter((row[0], row[1]) for row in found)
    return {commit for commit in commits if runs[commit] > 1}


def keep(session: Session, commits: Collection[Commit]) -> None:
    """Bring what is kept of these commits in line with their verdicts."""
    true, kept = true_flakes(session, commits), kept_flakes(session, commits)
    drop(session, [key for key in kept if key not in true])
    new = [_values(key, flip) for key, flip in true.items() if kept.get(key) != flip]
    if new:
        session.connection().execute(_upsert(session), new)


def drop(session: Session, keys: Sequence[Key]) -> None:
    if keys:
        session.connection().execute(_DELETE, [dict(zip(("p", "j", "s"), key, strict=True)) for key in keys])


def suspects(session: Session, start: datetime, stop: datetime) -> list[Commit]:
    """Commits of which something failed in [start, stop), and that were tried again then or at another time."""
    connection, between = session.connection(), {"start": start, "stop": stop}
    return sorted(
        {(row[0], row[1]) for found in (FAILED_JOBS, FAILED_RUNS) for row in connection.execute(found, between)}
    )


def stray(session: Session) -> list[Key]:
    """Kept flakes of which the rows know nothing."""
    kept = [(row[0], row[1], row[2]) for row in session.connection().execute(sa.select(*KEY))]
    commits = sorted({(pipeline_id, sha) for pipeline_id, _, sha in kept})
    true: set[Key] = set()
    for n in range(0, len(commits), SOME):
        true |= true_flakes(session, commits[n : n + SOME]).keys()
    return sorted(set(kept) - true)


def true_flakes(session: Session, commits: Collection[Commit]) -> Flakes:
    """What the rows say of these commits."""
    wanted, trials = set(commits), dict[Key, list[Trial]]()
    for pipeline_id, job, sha, run_id, attempt, outcome, at in _verdicts(session, commits):
        if (pipeline_id, sha) in wanted:
            trial = Trial(run_id, attempt, outcome == Outcome.SUCCESS, at)
            trials.setdefault((pipeline_id, job, sha), []).append(trial)
    return {key: flip for key, of_job in trials.items() if (flip := last_flip(of_job))}


def kept_flakes(session: Session, commits: Collection[Commit]) -> Flakes:
    wanted = set(commits)
    rows = session.connection().execute(KEPT, _asked(commits))
    return {
        (row.pipeline_id, row.job, row.sha): Flip(row.failed_at, row.passed_at, row.run_id)
        for row in rows
        if (row.pipeline_id, row.sha) in wanted
    }


def _verdicts(session: Session, commits: Collection[Commit]) -> Iterable[Any]:
    for statement in (OF_JOBS, OF_ATTEMPTS):
        yield from session.connection().execute(statement, _asked(commits))


def _asked(commits: Collection[Commit]) -> dict[str, list[Any]]:
    return {"shas": sorted({sha for _, sha in commits}), "pipelines": sorted({pipeline for pipeline, _ in commits})}


def _values(key: Key, flip: Flip) -> dict[str, Any]:
    names = ("pipeline_id", "job", "sha", "failed_at", "passed_at", "run_id")
    return dict(zip(names, (*key, flip.failed_at, flip.passed_at, flip.run_id), strict=True))


def _upsert(session: Session) -> Any:
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = (sa.dialects.postgresql if postgres else sa.dialects.sqlite).insert(FLAKE)
    changed = {name: insert.excluded[name] for name in ("failed_at", "passed_at", "run_id")}
    return insert.on_conflict_do_update(index_elements=list(KEY), set_=changed)


_DELETE = sa.delete(FLAKE).where(
    FLAKE.c.pipeline_id == sa.bindparam("p"), FLAKE.c.job == sa.bindparam("j"), FLAKE.c.sha == sa.bindparam("s")
)
