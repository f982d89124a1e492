"""What each pipeline looks like now: its last runs and verdicts, what runs, what waits. One query per subject."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, reduce
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.health import Query, StripRun
from cicd_health.model.runs import FAILED, VERDICTS, Outcome, Status
from cicd_health.model.tally import is_rescued
from cicd_health.store.reports.rows import (
    JOB,
    MOMENT,
    PIPELINE,
    REPOSITORY,
    RUN,
    SOURCE,
    STATEMENTS,
    anytime,
    of_pipelines,
    pipeline_filters,
    pipeline_ids,
    settled,
)
from cicd_health.store.tables import IncidentRow
from cicd_health.store.tables.columns import VERDICT_WORDS

INCIDENT = SQLModel.metadata.tables[str(IncidentRow.__tablename__)]
STRIP = 30  # runs
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT_TYPE = RUN.c.created_at.type
# Made once: what an alias has for columns is worked out for each anew.
NEWEST, PASSED, FAILING = (RUN.alias(name) for name in ("newest", "passed", "failing"))


@dataclass(frozen=True, slots=True)
class Named:
    """A pipeline and where it lives."""

    pipeline_id: int
    name: str
    repo: str
    provider: str
    default_branch: str | None
    url: str | None

    @property
    def title(self) -> str:
        return title(self.repo, self.name)


@dataclass(frozen=True, slots=True)
class LastVerdict:
    """The last run of a pipeline that passed or failed."""

    pipeline_id: int
    run_id: int
    url: str | None
    outcome: Outcome
    rescued: bool
    branch: str | None
    created_at: datetime
    completed_at: datetime | None
    failed_job: str | None
    failed_step: str | None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Streak:
    """Failing runs of a pipeline since its last success: how many, and when the first of them ended."""

    failures: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that has not ended."""

    pipeline_id: int
    run_id: int
    outcome: Outcome
    created_at: datetime
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenIncident:
    incident_id: int
    pipeline_id: int | None
    state: str
    opened_at: datetime
    severity: str


def title(repo: str, name: str) -> str:
    """How a pipeline is named in one line."""
    return f"{repo} » {name}" if repo else name


def named(session: Session, query: Query) -> list[Named]:
    """Every pipeline of a query, by name."""
    rows: Sequence[Any] = session.connection().execute(_named(anytime(query))).all()
    return [Named(*row) for row in rows]


@lru_cache(STATEMENTS)
def _named(query: Query) -> Any:
    columns = (PIPELINE.c.id, PIPELINE.c.name, REPOSITORY.c.name, SOURCE.c.provider, REPOSITORY.c.default_branch)
    selected = of_pipelines(query, *columns, PIPELINE.c.url)
    return selected.order_by(REPOSITORY.c.name, PIPELINE.c.name, PIPELINE.c.id)


def on_branch(query: Query, runs: Any = RUN) -> sa.ColumnElement[bool]:
    """The branch asked for, else whatever counts as the default branch."""
    return runs.c.branch == query.branch if query.branch is not None else runs.c.default_branch.is_(True)


def or_always(moment: sa.Select[Any]) -> Any:
    """The one moment that is selected, else one before every run: a bound that an index can use."""
    return sa.func.coalesce(moment.scalar_subquery(), sa.literal(ALWAYS, MOMENT_TYPE), type_=MOMENT_TYPE)


def verdict_on_branch(query: Query, run: Any = RUN) -> sa.ColumnElement[bool]:
    """Of the branch asked for, else of the default branch: in the words of the partial index, for SQLite to use it.

    As a text: what is said to be a Boolean gets `= 1` behind it there, and fits no index.
    """
    if query.branch is not None:
        return sa.and_(run.c.branch == query.branch, run.c.outcome.in_(VERDICTS))
    name = run.name
    return cast("sa.ColumnElement[bool]", sa.text(f"({name}.default_branch AND {name}.outcome IN {VERDICT_WORDS})"))


def strips(session: Session, query: Query) -> dict[int, tuple[StripRun, ...]]:
    """The last 30 runs of each pipeline, oldest first; on the branch asked for, else on all.

    They come as one text per pipeline, of which most are what they were: those are not read again.
    """
    selected = _strips(anytime(query), session.get_bind().dialect.name == "postgresql")
    found: Sequence[Any] = session.connection().execute(selected).all()
    return {pipeline_id: _strip(text) for pipeline_id, text in found if text}


@lru_cache(STATEMENTS)
def _strips(query: Query, postgres: bool) -> Any:
    columns = (RUN.c[name] for name in ("id", "number", "outcome", "first_outcome", "duration_s", "created_at"))
    runs = sa.select(*columns).where(RUN.c.pipeline_id == PIPELINE.c.id).correlate(PIPELINE)
    if query.branch is not None:
        runs = runs.where(RUN.c.branch == query.branch)
    last = runs.order_by(RUN.c.created_at.desc(), RUN.c.id.desc()).limit(STRIP).subquery()
    created_at = sa.func.timezone("UTC", last.c.created_at) if postgres else last.c.created_at
    parts = (last.c.id, last.c.number, last.c.outcome, last.c.first_outcome, last.c.duration_s, created_at)
    texts = [sa.func.coalesce(sa.cast(part, sa.Text), "") for part in parts]
    bar = reduce(lambda one, other: one.concat("|").concat(other), texts)
    return of_pipelines(query, PIPELINE.c.id, sa.select(sa.func.aggregate_strings(bar, ";")).scalar_subquery())


@lru_cache(maxsize=10_000)
def _strip(text: str) -> tuple[StripRun, ...]:
    bars = (_bar(*bar.split("|")) for bar in text.split(";"))
    return tuple(sorted(bars, key=lambda bar: (bar.created_at, bar.run_id)))


def _bar(run_id: str, number: str, outcome: str, first: str, duration_s: str, created_at: str) -> StripRun:
    return StripRun(
        run_id=int(run_id),
        number=int(number) if number else None,
        outcome=Outcome(outcome),
        rescued=is_rescued(outcome, first or None),
        duration_s=float(duration_s) if duration_s else None,
        created_at=datetime.fromisoformat(created_at).replace(tzinfo=UTC),
    )


def last_verdicts(session: Session, query: Query, *, any_branch: bool) -> dict[int, LastVerdict]:
    """The last verdict of each pipeline: of any branch, or of the one asked for (else the default branch)."""
    return _verdicts(session, _last_verdicts(anytime(query), any_branch))[0]


def last_verdicts_twice(session: Session, query: Query) -> tuple[dict[int, LastVerdict], dict[int, LastVerdict]]:
    """The same of any branch, and of the one asked for (else the default branch), in one question."""
    if query.branch is not None:
        found = last_verdicts(session, query, any_branch=False)
        return found, found
    return _verdicts(session, _last_verdicts_twice(anytime(query)))


@lru_cache(STATEMENTS)
def _last_verdicts(query: Query, any_branch: bool) -> Any:
    condition = _verdict_anywhere(query) if any_branch else verdict_on_branch(query, NEWEST)
    return _of_runs(_last_runs(query, condition))


@lru_cache(STATEMENTS)
def _last_verdicts_twice(query: Query) -> Any:
    anywhere = _last_runs(query, _verdict_anywhere(query), 0)
    return _of_runs(sa.union_all(anywhere, _last_runs(query, verdict_on_branch(query, NEWEST), 1)))


def _verdict_anywhere(query: Query) -> sa.ColumnElement[bool]:
    return verdict_on_branch(query, NEWEST) if query.branch is not None else NEWEST.c.outcome.in_(VERDICTS)


def _last_runs(query: Query, condition: sa.ColumnElement[bool], group: int = 0) -> sa.Select[Any]:
    """The last run of each pipeline that meets the condition."""
    last = sa.select(NEWEST.c.id).where(NEWEST.c.pipeline_id == PIPELINE.c.id, condition)
    last = last.order_by(NEWEST.c.created_at.desc(), NEWEST.c.id.desc()).limit(1).scalar_subquery()
    return of_pipelines(query, last.label("run_id"), sa.literal(group, sa.Integer).label("in_group"))


def _of_runs(last_runs: Any) -> Any:
    """What is told of these runs."""
    ids = settled(last_runs, "ids")
    return sa.select(
        ids.c.in_group,
        RUN.c.pipeline_id,
        RUN.c.id,
        RUN.c.url,
        RUN.c.outcome,
        RUN.c.first_outcome,
        RUN.c.branch,
        RUN.c.created_at,
        RUN.c.completed_at,
        RUN.c.failed_job,
        RUN.c.failed_step,
        RUN.c.number,
    ).join_from(ids, RUN, RUN.c.id == ids.c.run_id)


def _verdicts(session: Session, selected: Any) -> tuple[dict[int, LastVerdict], dict[int, LastVerdict]]:
    """By pipeline, of either group."""
    verdicts: tuple[dict[int, LastVerdict], dict[int, LastVerdict]] = {}, {}
    for group, pipeline_id, run_id, url, outcome, first, *rest in session.connection().execute(selected):
        rescued = is_rescued(outcome, first)
        verdicts[group][pipeline_id] = LastVerdict(pipeline_id, run_id, url, Outcome(outcome), rescued, *rest)
    return verdicts


def streaks(session: Session, query: Query, failing: Iterable[int]) -> dict[int, Streak]:
    """Of pipelines whose last verdict failed."""
    ids = sorted(failing)
    if not ids:
        return {}
    rows = session.connection().execute(_streaks(anytime(query)), {"failing": ids})
    return {row[0]: Streak(*row[1:]) for row in rows if row[1]}


@lru_cache(STATEMENTS)
def _streaks(query: Query) -> Any:
    """Of the pipelines `failing`."""
    ids = sa.bindparam("failing", expanding=True)
    last_success = sa.select(PASSED.c.created_at).where(PASSED.c.pipeline_id == PIPELINE.c.id)
    last_success = last_success.where(verdict_on_branch(query, PASSED), PASSED.c.outcome == Outcome.SUCCESS)
    last_success = last_success.order_by(PASSED.c.created_at.desc()).limit(1)
    begun = sa.select(PIPELINE.c.id, or_always(last_success).label("at")).where(PIPELINE.c.id.in_(ids))
    begun = settled(begun, "begun")
    failures = sa.select(sa.func.count()).select_from(FAILING).where(FAILING.c.pipeline_id == begun.c.id)
    failures = failures.where(verdict_on_branch(query, FAILING), FAILING.c.outcome.in_(FAILED))
    failures = failures.where(FAILING.c.created_at >= begun.c.at).correlate(begun)
    first_ended = sa.func.min(sa.func.coalesce(FAILING.c.completed_at, FAILING.c.created_at, type_=MOMENT_TYPE))
    since = failures.with_only_columns(first_ended).scalar_subquery()
    return sa.select(begun.c.id, failures.scalar_subquery(), since)


def unfinished(session: Session, query: Query, since: datetime) -> list[Unfinished]:
    """Runs that have not ended; one older than `since` has been forgotten by its provider and is left out."""
    selected = sa.select(RUN.c.pipeline_id, RUN.c.id, RUN.c.outcome, RUN.c.created_at, RUN.c.started_at)
    # Written out, not bound, so that SQLite can see that the index of unfinished runs fits.
    selected = selected.where(RUN.c.status != sa.literal_column("'completed'"), RUN.c.created_at >= since)
    if query.branch is not None:
        selected = selected.where(RUN.c.branch == query.branch)
    if pipeline_filters(query):
        selected = selected.where(RUN.c.pipeline_id.in_(pipeline_ids(query)))
    rows = session.connection().execute(selected)
    return [Unfinished(row[0], row[1], Outcome(row[2]), row[3], row[4]) for row in rows]


def waiting_jobs(session: Session, run_ids: Iterable[int]) -> dict[int, list[datetime]]:
    """Since when the queued jobs of these runs wait, by run; a run without any job here is not in it."""
    ids = sorted(run_ids)
    if not ids:
        return {}
    waiting: dict[int, list[datetime]] = {}
    selected = sa.select(JOB.c.run_id, JOB.c.status, MOMENT["job"])
    for run_id, status, since in session.connection().execute(selected.where(JOB.c.run_id.in_(ids))):
        jobs = waiting.setdefault(run_id, [])
        if status == Status.QUEUED:
            jobs.append(since)
    return waiting


def open_incidents(session: Session, query: Query) -> list[OpenIncident]:
    """Incidents not yet resolved, oldest first; of the pipelines of the query when it narrows them."""
    columns = (INCIDENT.c[name] for name in ("id", "pipeline_id", "state", "opened_at", "severity"))
    selected = sa.select(*columns)
    selected = selected.where(INCIDENT.c.resolved_at.is_(None)).order_by(INCIDENT.c.opened_at, INCIDENT.c.id)
    if pipeline_filters(query):
        selected = selected.where(INCIDENT.c.pipeline_id.in_(pipeline_ids(query)))
    return [OpenIncident(*row) for row in session.connection().execute(selected)]
