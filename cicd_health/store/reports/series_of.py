"""The last verdicts of a pipeline on its default branch, with their jobs and steps, to look for changes in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.runs import FAILED, Outcome
from cicd_health.model.series import PartSeen, PartsSeen, VerdictSeen
from cicd_health.store.reports.rows import JOB, PIPELINE, RUN
from cicd_health.store.tables import StepRow
from cicd_health.store.tables.columns import VERDICT_WORDS

STEP = SQLModel.metadata.tables[str(StepRow.__tablename__)]
# Written out, so that both databases see that the index of verdicts fits.
VERDICTS = sa.text(f"runs.default_branch AND runs.outcome IN {VERDICT_WORDS}")
NEWEST_FIRST = RUN.c.created_at.desc(), RUN.c.id.desc()
AT_ONCE = 100  # runs
SUCCESS = Outcome.SUCCESS.value
FAILED_WORDS = frozenset(outcome.value for outcome in FAILED)
WORDS = FAILED_WORDS | {SUCCESS}
_LAST_ATTEMPTS = sa.and_(JOB.c.run_id == RUN.c.id, JOB.c.attempt == RUN.c.attempt)
_OF_RUNS = RUN.c.id.in_(sa.bindparam("ids", expanding=True))
JOBS = sa.select(JOB.c.run_id, JOB.c.name, sa.null(), JOB.c.outcome, JOB.c.duration_s)
JOBS = JOBS.join_from(RUN, JOB, _LAST_ATTEMPTS).where(_OF_RUNS)
STEPS = sa.select(JOB.c.run_id, JOB.c.name, STEP.c.name, STEP.c.outcome, STEP.c.duration_s)
STEPS = STEPS.join_from(RUN, JOB, _LAST_ATTEMPTS).join(STEP, STEP.c.job_id == JOB.c.id).where(_OF_RUNS)


def verdicts(session: Session, pipeline_id: int, since: datetime, most: int) -> list[VerdictSeen]:
    """The newest verdicts since then, oldest first."""
    selected = sa.select(RUN.c.id, RUN.c.created_at, RUN.c.outcome, RUN.c.duration_s)
    selected = selected.where(RUN.c.pipeline_id == pipeline_id, VERDICTS, RUN.c.created_at >= since)
    rows: Sequence[Any] = session.connection().execute(selected.order_by(*NEWEST_FIRST).limit(most)).all()
    return [VerdictSeen(row[0], row[1], row[2] in FAILED_WORDS, row[3]) for row in reversed(rows)]


def jobs(session: Session, run_ids: Sequence[int], most: int) -> PartsSeen:
    """The jobs of the last attempts of runs, from the end of the list until there are that many."""
    return _read(session, JOBS, run_ids, most)


def steps(session: Session, run_ids: Sequence[int], most: int, job: str | None = None) -> PartsSeen:
    """The steps of those jobs, or of the jobs of one name, likewise."""
    return _read(session, STEPS if job is None else STEPS.where(JOB.c.name == job), run_ids, most)


def _read(session: Session, of_runs: sa.Select[Any], run_ids: Sequence[int], most: int) -> PartsSeen:
    seen: list[int] = []
    parts: list[PartSeen] = []
    for end in range(len(run_ids), 0, -AT_ONCE):
        some = run_ids[max(0, end - AT_ONCE) : end]
        rows: Sequence[Any] = session.connection().execute(of_runs, {"ids": some}).all()
        parts += [PartSeen(row[0], row[1], row[2], row[3] != SUCCESS, row[4]) for row in rows if row[3] in WORDS]
        seen.extend(some)
        if len(parts) >= most:
            break
    return PartsSeen(frozenset(seen), tuple(parts))


def due(session: Session, recent: datetime, again_before: datetime, most: int) -> list[int]:
    """Pipelines with verdicts that nobody has looked at yet: those never looked at first, then the longest ago.

    None that was looked at since `again_before`. A run that changed since `recent` counts whenever it was created;
    further back only the newest verdict of a pipeline is asked.
    """
    newest = sa.select(RUN.c.updated_at).where(RUN.c.pipeline_id == PIPELINE.c.id, VERDICTS)
    newest_at = newest.order_by(*NEWEST_FIRST).limit(1).correlate(PIPELINE).scalar_subquery()
    changed = sa.select(RUN.c.pipeline_id, sa.func.max(RUN.c.updated_at).label("at"))
    changed = changed.where(RUN.c.updated_at >= recent, VERDICTS).group_by(RUN.c.pipeline_id).subquery("changed")
    never = PIPELINE.c.examined_at.is_(None)
    unseen = sa.or_(
        sa.and_(never, sa.exists().where(RUN.c.pipeline_id == PIPELINE.c.id, VERDICTS)),
        sa.and_(
            PIPELINE.c.examined_at <= again_before,
            sa.or_(changed.c.at > PIPELINE.c.examined_at, newest_at > PIPELINE.c.examined_at),
        ),
    )
    found = sa.select(PIPELINE.c.id).outerjoin(changed, changed.c.pipeline_id == PIPELINE.c.id).where(unseen)
    found = found.order_by(never.desc(), PIPELINE.c.examined_at, PIPELINE.c.id).limit(most)
    return list(session.connection().execute(found).scalars())
