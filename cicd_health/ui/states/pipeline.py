"""A pipeline's page: what its address asks for, read once per change for everybody, and kept up to date."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import reflex as rx
import structlog

from cicd_health.live import hub
from cicd_health.metrics import report
from cicd_health.model.health import Query
from cicd_health.model.windows import window_ending
from cicd_health.store import engine, lists
from cicd_health.ui import guard, routes, zone
from cicd_health.ui.geometry import Spark
from cicd_health.ui.outgoing import visible
from cicd_health.ui.pipeline_view import page as pages
from cicd_health.ui.pipeline_view.figures import Compared, Figure
from cicd_health.ui.pipeline_view.head import Bar, Head, LastRuns, window_choices
from cicd_health.ui.pipeline_view.heat import HeatMap
from cicd_health.ui.pipeline_view.jobs import Slowest
from cicd_health.ui.pipeline_view.numbers import run_ids
from cicd_health.ui.pipeline_view.page import PipelinePage
from cicd_health.ui.pipeline_view.trends import Marks, Rates
from cicd_health.ui.pipeline_view.troubles import Troubles
from cicd_health.ui.routes import AskedPipeline
from cicd_health.ui.rows import RunNow, RunRow
from cicd_health.ui.run_view.verdict import Verdict
from cicd_health.ui.series import Outcomes, Percentiles, Running
from cicd_health.ui.states import following
from cicd_health.ui.states.following import assign
from cicd_health.ui.states.held import HeldRows

log = structlog.get_logger(__name__)


class PipelineState(rx.State):
    """`phase` is loading, missing or live; `problem` says why what is shown is old."""

    phase: rx.Field[str] = rx.field("loading")
    asked_for: rx.Field[str] = rx.field("")  # the pipeline's number in the address
    problem: rx.Field[str] = rx.field("")
    head: rx.Field[Head] = rx.field(default_factory=Head)
    bar: rx.Field[Bar] = rx.field(default_factory=Bar)
    verdict: rx.Field[Verdict] = rx.field(default_factory=Verdict)
    _of: int = 0  # the pipeline that is shown

    @rx.event(background=True)
    async def follow(self):
        """Show, wait for a change, show again. Started by each load of the page, ended by leaving it."""
        pipeline_id = routes.pipeline_of(self.router.url.path)
        asked = routes.asked_pipeline(self.router.url.query_parameters)
        viewer = zone.of_viewer(self.router.headers.cookie)
        async with self:
            await self._begin(pipeline_id, asked)
        titled = ""
        async for person in following.changes(self):
            if person is None:
                yield guard.to_sign_in()
                return
            try:
                page = await hub.snapshot(
                    ("pipeline", pipeline_id, asked, viewer.key), partial(load, pipeline_id, asked, viewer)
                )
                async with self:
                    if page is None:
                        assign(self, phase="missing", asked_for=self.router.url.path.rsplit("/", 1)[-1][:40])
                        continue
                    await self._show(page)
                if page.tab != titled:
                    titled = page.tab
                    yield rx.call_script(f"document.title={json.dumps(visible(titled))}")
            except Exception:  # whatever it was, the page keeps what it shows and says so
                log.exception("pipeline cannot be read", pipeline_id=pipeline_id)
                async with self:
                    self._fail()

    async def _begin(self, pipeline_id: int, asked: AskedPipeline) -> None:
        """Another pipeline begins with an empty page, not with the numbers of the one before."""
        if self._of == pipeline_id:
            return
        self._of = pipeline_id
        assign(self, phase="loading", head=Head(), verdict=Verdict(), problem="")
        assign(self, bar=Bar(windows=window_choices(pipeline_id, asked), branch=asked.branch))
        (await self.get_state(PipelineRunsState))._begin()

    def _fail(self) -> None:
        since = self.head.checked
        below = f"What is below is of {since}; nothing" if since else "Nothing"
        assign(self, problem=f"This pipeline cannot be read at the moment. {below} received is lost. Trying again.")

    async def _show(self, page: PipelinePage) -> None:
        numbers = await self.get_state(PipelineNumbersState)
        assign(numbers, last_runs=page.last_runs, figures=page.figures, comparison=page.comparison)
        troubles = await self.get_state(PipelineTroublesState)
        assign(troubles, shown=page.troubles)
        await self._show_charts(page)
        jobs = await self.get_state(PipelineJobsState)
        assign(jobs, sparks=page.slowest.sparks, shown=page.slowest, heat=page.heat)
        (await self.get_state(PipelineRunsState))._offer(page.runs, page.runs_now)
        assign(self, phase="live", problem="", head=page.head, bar=page.bar, verdict=page.verdict)

    async def _show_charts(self, page: PipelinePage) -> None:
        trends = page.trends
        assign(
            await self.get_state(PipelineChartsState),
            rates=trends.rates,
            outcomes=trends.charts.outcomes,
            durations=trends.charts.durations,
            queues=trends.charts.queues,
            running=trends.charts.running,
            rate_marks=trends.rate_marks,
            duration_marks=trends.duration_marks,
            queue_marks=trends.queue_marks,
        )

    @rx.event
    async def choose_branch(self, branch: str):
        asked = routes.asked_pipeline(self.router.url.query_parameters)
        pipeline_id = routes.pipeline_of(self.router.url.path)
        return rx.redirect(routes.pipeline(pipeline_id, AskedPipeline(asked.window, branch)))


class PipelineNumbersState(rx.State):
    last_runs: rx.Field[LastRuns] = rx.field(default_factory=LastRuns)
    figures: rx.Field[list[Figure]] = rx.field(default_factory=list)
    comparison: rx.Field[list[Compared]] = rx.field(default_factory=list)


class PipelineTroublesState(rx.State):
    shown: rx.Field[Troubles] = rx.field(default_factory=Troubles)


class PipelineChartsState(rx.State):
    rates: rx.Field[Rates] = rx.field(default_factory=Rates)
    outcomes: rx.Field[Outcomes] = rx.field(default_factory=Outcomes)
    durations: rx.Field[Percentiles] = rx.field(default_factory=Percentiles)
    queues: rx.Field[Percentiles] = rx.field(default_factory=Percentiles)
    running: rx.Field[Running] = rx.field(default_factory=Running)
    rate_marks: rx.Field[Marks] = rx.field(default_factory=Marks)
    duration_marks: rx.Field[Marks] = rx.field(default_factory=Marks)
    queue_marks: rx.Field[Marks] = rx.field(default_factory=Marks)


class PipelineJobsState(rx.State):
    shown: rx.Field[Slowest] = rx.field(default_factory=Slowest)
    sparks: rx.Field[dict[str, Spark]] = rx.field(default_factory=dict)
    heat: rx.Field[HeatMap] = rx.field(default_factory=HeatMap)


class PipelineRunsState(HeldRows, rx.State):
    rows: rx.Field[list[RunRow]] = rx.field(default_factory=list)
    now: rx.Field[dict[str, RunNow]] = rx.field(default_factory=dict)
    _noun: str = "new run"


def load(pipeline_id: int, asked: AskedPipeline, viewer: ZoneInfo) -> PipelinePage | None:
    """One reading of the database and its text. Runs in a thread, once for everybody who asks the same."""
    now = datetime.now(UTC)
    query = Query(
        window=window_ending(asked.window, now.replace(second=59, microsecond=0)),  # moves once a minute
        pipeline_id=pipeline_id,
        branch=asked.branch or None,
        tz=viewer.key,
    )
    with engine.reading() as session:
        found = report.pipeline(session, query, now)
        if found is None:
            return None
        named = lists.runs_of(session, run_ids(found))
    numbers = {row["id"]: row["number"] for row in named if row["number"] is not None}
    return pages.page(found, numbers, asked, viewer)
