"""Which runs a number counts, as a condition of the runs list: see `model.explain.Explanation.counted`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.health import Query
from cicd_health.model.runs import FAILED, VERDICTS, Outcome
from cicd_health.model.windows import Window
from cicd_health.store.reports import pipelines
from cicd_health.store.reports.pipelines import ALWAYS, MOMENT_TYPE, or_always
from cicd_health.store.reports.rows import RUN
from cicd_health.store.tables import FlakeRow

FLAKE = SQLModel.metadata.tables[str(FlakeRow.__tablename__)]
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Among:
    """What else the list is narrowed to, as far as a condition depends on it."""

    session: Session
    branch: str | None = None
    job: str | None = None
    start: datetime | None = None


def condition(name: str, among: Among) -> Condition:
    """What holds for the runs that the number of this name counts. Raises KeyError for an unknown one."""
    return CONDITIONS[name](among)


def _among(outcomes: Iterable[Outcome]) -> Any:
    """Written out in the statement, not bound, so that the partial indexes are seen to fit."""
    return sa.bindparam(None, sorted(outcomes), expanding=True, literal_execute=True, unique=True)


def _passed(run: Any = RUN) -> Condition:
    return run.c.outcome == Outcome.SUCCESS


def _failed(run: Any = RUN) -> Condition:
    return run.c.outcome.in_(_among(FAILED))


def _verdict(run: Any = RUN) -> Condition:
    return run.c.outcome.in_(_among(VERDICTS))


def _failed_first() -> Condition:
    return RUN.c.first_outcome.in_(_among(FAILED))


def _failed_on_branch(among: Among) -> Condition:
    of_branch = RUN.c.default_branch.is_(True) if among.branch is None else RUN.c.branch == among.branch
    return sa.and_(_failed(), of_branch)


def _restored(among: Among) -> Condition:
    """Kept for default branches; on any other branch it is asked how the verdict before ended."""
    if among.branch is None:
        return RUN.c.restored_s.is_not(None)
    last, passed, broke = (RUN.alias(name) for name in ("last", "passed", "broke"))
    before = _verdicts_before(last, among.branch, last.c.outcome)
    before = before.order_by(last.c.created_at.desc(), last.c.id.desc()).limit(1).scalar_subquery()
    since = _verdicts_before(passed, among.branch, passed.c.created_at).where(_passed(passed))
    since = or_always(since.order_by(passed.c.created_at.desc()).limit(1))
    broken_at = _verdicts_before(broke, among.branch, _ended(broke)).where(_failed(broke), broke.c.created_at >= since)
    broken_at = broken_at.order_by(broke.c.created_at, broke.c.id).limit(1).scalar_subquery()
    return sa.and_(_passed(), before.in_(_among(FAILED)), _ended(RUN) >= broken_at)


def _verdicts_before(run: Any, branch: str, column: Any) -> sa.Select[Any]:
    """Of the verdicts of the same pipeline on a branch that were created before the listed run."""
    earlier = sa.tuple_(run.c.created_at, run.c.id) < sa.tuple_(RUN.c.created_at, RUN.c.id)
    of_pipeline = run.c.pipeline_id == RUN.c.pipeline_id, run.c.branch == branch
    return sa.select(column).where(*of_pipeline, _verdict(run), earlier).correlate(RUN)


def _ended(run: Any) -> Any:
    return sa.func.coalesce(run.c.completed_at, run.c.created_at, type_=MOMENT_TYPE)


def _flaky(among: Among) -> Condition:
    """The runs in which a job passed that had failed on the same commit."""
    flakes = sa.select(FLAKE.c.run_id)
    if among.job is not None:
        flakes = flakes.where(FLAKE.c.job == among.job)
    if among.start is not None:
        flakes = flakes.where(FLAKE.c.passed_at >= among.start)
    return RUN.c.id.in_(flakes)


def _last_verdicts(among: Among) -> Condition:
    """One run of each pipeline, whatever else is asked for: read first, so that its index is used for each."""
    ever = Query(Window("custom", ALWAYS, ALWAYS), branch=among.branch)
    last = pipelines.last_verdicts(among.session, ever, any_branch=True)
    return RUN.c.id.in_(sorted(verdict.run_id for verdict in last.values()))


CONDITIONS: dict[str, Callable[[Among], Condition]] = {
    "success_rate": lambda among: _verdict(),
    "failure_rate": lambda among: _verdict(),
    "first_attempt_success_rate": lambda among: RUN.c.first_outcome.in_(_among(VERDICTS)),
    "rescue_rate": lambda among: _failed_first(),
    "duration_s": lambda among: sa.and_(_passed(), RUN.c.duration_s.is_not(None)),
    "verdict_duration_s": lambda among: sa.and_(_verdict(), RUN.c.duration_s.is_not(None)),
    "queue_s": lambda among: RUN.c.queue_s.is_not(None),
    "time_to_restore_s": _restored,
    "failure_streak": _failed_on_branch,
    "throughput_per_day": lambda among: sa.true(),
    "spent_s": lambda among: RUN.c.spent_s.is_not(None),
    "rerun_s": lambda among: RUN.c.rerun_s.is_not(None),
    "flaky": _flaky,
    "slowest_job_s": lambda among: sa.false() if among.job is None else sa.true(),  # those that have the job
    "last_outcome": _last_verdicts,
    # what parts of numbers are made of
    "passed": lambda among: _passed(),
    "failed": lambda among: _failed(),
    "rescued": lambda among: sa.and_(_passed(), _failed_first()),
}
NAMES = tuple(CONDITIONS)
