"""What was known of pipelines when a backtest begins: their last verdicts, schedules, signatures, change points."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import LONG_AGO, Facts, Reach
from cicd_health.model.moments import Place
from cicd_health.model.runs import ABSURD_S
from cicd_health.store import changes, incidents
from cicd_health.store.lists import PIPELINE, REPO, RUN, SOURCE
from cicd_health.store.past_rows import COLUMNS, fact
from cicd_health.store.tables.columns import SCHEDULE_WORDS, VERDICT_WORDS

LEAD = timedelta(days=1)  # before the start: what was created since then may have ended after it
FEW = 200  # pipelines that are named to the database; of more it is asked for all
# Written out, so that both databases see which index fits.
VERDICT = sa.text(f"runs.outcome IN {VERDICT_WORDS}")
SAID = sa.text(f"runs.default_branch AND runs.outcome IN {VERDICT_WORDS}")
SCHEDULED = sa.text(f"runs.event IN {SCHEDULE_WORDS}")
UNFINISHED = sa.text("runs.status != 'completed'")
SIGNED = sa.text("runs.signature IS NOT NULL")
DEFAULT = sa.text("runs.default_branch")
NEWEST_FIRST = RUN.c.created_at.desc(), RUN.c.id.desc()
OLDEST_RUNNING = timedelta(seconds=ABSURD_S)

OF_PIPELINE = RUN.c.pipeline_id == sa.bindparam("pipeline")
OF_BRANCH = RUN.c.branch == sa.bindparam("branch")
SINCE, BEFORE = (sa.bindparam(name, type_=RUN.c.created_at.type) for name in ("since", "before"))
MOST = sa.bindparam("most", type_=sa.Integer)
_SPOKEN = sa.select(*COLUMNS).where(OF_PIPELINE, RUN.c.created_at < BEFORE, RUN.c.created_at >= SINCE)
_SPOKEN = _SPOKEN.order_by(*NEWEST_FIRST).limit(MOST)
_BEGAN = sa.select(RUN.c.created_at).where(OF_PIPELINE, SCHEDULED, RUN.c.created_at < BEFORE)
_BEGAN = _BEGAN.order_by(RUN.c.created_at.desc()).limit(MOST)
# By whether the default branch is meant. Built once: they are asked of each place.
SPOKEN = {True: _SPOKEN.where(SAID), False: _SPOKEN.where(OF_BRANCH, VERDICT)}
BEGAN = {True: _BEGAN.where(DEFAULT), False: _BEGAN.where(OF_BRANCH)}


@dataclass(frozen=True, slots=True)
class Named:
    """How a pipeline is called."""

    provider: str
    repo: str
    pipeline: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose past is read: `pipelines` by id, whether that is `all` there are, and how far a rule reaches."""

    pipelines: Mapping[int, Named]
    all: bool
    scope: Scope
    reach: Reach
    branches: dict[str | None, bool] = field(default_factory=dict)  # whether each is meant, as far as was asked

    @property
    def named(self) -> Collection[int] | None:
        """The pipelines to name in a statement, None for every one."""
        return None if self.all or len(self.pipelines) > FEW else list(self.pipelines)

    def narrowed(self, query: sa.Select[Any], column: Any = RUN.c.pipeline_id) -> sa.Select[Any]:
        return query if self.named is None else query.where(column.in_(self.named))

    def place(self, run: Any) -> Place | None:
        """Where a run belongs, None for nowhere that is asked about."""
        if run.pipeline_id not in self.pipelines:
            return None
        if not self.scope.branches:
            return (run.pipeline_id, None) if run.default_branch else None
        taken = self.branches.get(run.branch)
        if taken is None:
            taken = self.branches[run.branch] = self.scope.takes_branch(run.branch, default=False)
        return (run.pipeline_id, run.branch) if taken else None


def asked_for(session: Session, scope: Scope, reach: Reach) -> Asked:
    query = sa.select(PIPELINE.c.id, SOURCE.c.provider, REPO.c.name, PIPELINE.c.name.label("pipeline"))
    query = query.join_from(PIPELINE, REPO, REPO.c.id == PIPELINE.c.repo_id)
    query = query.join(SOURCE, SOURCE.c.id == REPO.c.source_id)
    rows = session.connection().execute(query).all()
    taken = {row[0]: Named(*row[1:]) for row in rows if scope.takes(*row[1:])}
    return Asked(taken, len(taken) == len(rows), scope, reach)


class Known:
    """What was known before anything that is told from LEAD before `start` on."""

    def __init__(self, session: Session, asked: Asked, start: datetime) -> None:
        self.session, self.asked, self.start = session, asked, start
        self.running = _running(session, asked, start - LEAD) if asked.reach.running else {}

    def places(self) -> set[Place]:
        """Where the clock may find something though nothing is told any more."""
        found = set(self.running)
        if self.asked.reach.scheduled:
            found |= {place for run in incidents.scheduled_places(self.session) if (place := self.asked.place(run))}
        return found

    def of(self, place: Place) -> Facts:
        pipeline_id, branch = place
        named, reach = self.asked.pipelines[pipeline_id], self.asked.reach
        return Facts(
            pipeline_id,
            named.pipeline,
            named.repo,
            named.provider,
            attempts=tuple(map(fact, self._verdicts(place))) if reach.runs else (),
            branch=branch,
            running=tuple(self.running.get(place, ())),
            scheduled=tuple(self._scheduled(place)) if reach.scheduled else (),
            changes=tuple(changes.of_pipelines(self.session, [pipeline_id], LONG_AGO)) if reach.changes else (),
        )

    def _verdicts(self, place: Place) -> Iterable[Any]:
        """The last ones before, as they are known today."""
        reach = self.asked.reach
        since = self.start - reach.span if reach.span else LONG_AGO
        bounds = {"since": since, "before": self.start - LEAD, "most": reach.runs}
        return self._ask(SPOKEN, place, bounds).all()

    def _scheduled(self, place: Place) -> Iterable[datetime]:
        return self._ask(BEGAN, place, {"before": self.start - LEAD, "most": self.asked.reach.scheduled}).scalars()

    def _ask(
        self, statements: Mapping[bool, sa.Select[Any]], place: Place, bounds: Mapping[str, Any]
    ) -> sa.Result[Any]:
        pipeline_id, branch = place
        values = {"pipeline": pipeline_id, **bounds} | ({} if branch is None else {"branch": branch})
        return self.session.connection().execute(statements[branch is None], values)


def _running(session: Session, asked: Asked, before: datetime) -> dict[Place, list[Any]]:
    """Runs that began before and have not ended to this day, newest first."""
    query = sa.select(*COLUMNS).where(UNFINISHED, RUN.c.status == "in_progress", RUN.c.started_at.is_not(None))
    query = query.where(RUN.c.created_at < before, RUN.c.created_at >= before - OLDEST_RUNNING)
    found: dict[Place, list[Any]] = {}
    for row in session.connection().execute(asked.narrowed(query).order_by(*NEWEST_FIRST)):
        if place := asked.place(row):
            found.setdefault(place, []).append(fact(row))
    return found


class Signatures:
    """When the runs of each pipeline, of any branch, failed in what way."""

    def __init__(self, session: Session, asked: Asked, start: datetime, end: datetime) -> None:
        self.seen: dict[tuple[int, str], list[datetime]] = {}
        of_run = RUN.c.pipeline_id, RUN.c.signature
        last = sa.select(*of_run, sa.func.max(RUN.c.created_at, type_=RUN.c.created_at.type))
        last = last.where(SIGNED, RUN.c.created_at < start - LEAD).group_by(*of_run)
        later = sa.select(*of_run, RUN.c.created_at).where(SIGNED, RUN.c.created_at >= start - LEAD)
        later = later.where(RUN.c.created_at < end).order_by(RUN.c.created_at)
        for query in (last, later):
            rows: Sequence[Any] = session.connection().execute(asked.narrowed(query)).all()
            for pipeline_id, signature, at in rows:
                self.seen.setdefault((pipeline_id, signature), []).append(at)

    def before(self, pipeline_id: int, signature: str, at: datetime) -> datetime | None:
        seen = self.seen.get((pipeline_id, signature), [])
        earlier = bisect_left(seen, at)
        return seen[earlier - 1] if earlier else None
