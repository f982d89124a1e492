"""The overview: what its address asks for, loaded once per change for everybody, and kept up to date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import reflex as rx
import structlog

from cicd_health import access, settings
from cicd_health.live import hub
from cicd_health.metrics import report
from cicd_health.model.health import Overview, Query
from cicd_health.model.windows import window_ending
from cicd_health.store import engine
from cicd_health.ui import connect, guard, routes, screen, zone
from cicd_health.ui import view as views
from cicd_health.ui.cards import Card
from cicd_health.ui.connect import Connect
from cicd_health.ui.geometry import Spark, Strip
from cicd_health.ui.routes import Asked
from cicd_health.ui.rows import PipelineNow
from cicd_health.ui.series import Outcomes, Percentiles, Running
from cicd_health.ui.states.following import assign, changes
from cicd_health.ui.states.latest import LatestState
from cicd_health.ui.view import Attention, Filters, Freshness, Heading, Pipelines, View

log = structlog.get_logger(__name__)
EVERYTHING = Filters(windows=views.window_choices(Asked()))


class HeadingState(rx.State):
    """`phase` is loading, first (no run has ever arrived) or live; `problem` says why the numbers are old."""

    phase: rx.Field[str] = rx.field("loading")
    problem: rx.Field[str] = rx.field("")
    shown: rx.Field[Heading] = rx.field(default_factory=Heading)


class FiltersState(rx.State):
    shown: rx.Field[Filters] = rx.field(default_factory=lambda: EVERYTHING)
    fresh: rx.Field[Freshness] = rx.field(default_factory=Freshness)


class AttentionState(rx.State):
    shown: rx.Field[Attention] = rx.field(default_factory=Attention)


class CardsState(rx.State):
    shown: rx.Field[list[Card]] = rx.field(default_factory=list)
    sparks: rx.Field[dict[str, Spark]] = rx.field(default_factory=dict)


class ChartsState(rx.State):
    outcomes: rx.Field[Outcomes] = rx.field(default_factory=Outcomes)
    durations: rx.Field[Percentiles] = rx.field(default_factory=Percentiles)
    queues: rx.Field[Percentiles] = rx.field(default_factory=Percentiles)
    running: rx.Field[Running] = rx.field(default_factory=Running)


class PipelinesState(rx.State):
    shown: rx.Field[Pipelines] = rx.field(default_factory=Pipelines)
    now: rx.Field[dict[str, PipelineNow]] = rx.field(default_factory=dict)
    strips: rx.Field[dict[str, Strip]] = rx.field(default_factory=dict)


class ConnectState(rx.State):
    """Filled while nothing has arrived, emptied at the first event: secrets do not stay in a page."""

    shown: rx.Field[Connect] = rx.field(default_factory=Connect)


class OverviewState(rx.State):
    """The loop that keeps an open page up to date, and what the filters do."""

    @rx.event(background=True)
    async def follow(self):
        """Show, wait for a change, show again. Started by each load of the page, ended by leaving it."""
        asked = routes.asked(self.router.url.query_parameters)
        viewer = zone.of_viewer(self.router.headers.cookie)
        latest_runs = screen.latest_runs(self.router.headers.cookie)
        async for person in changes(self):
            if person is None:
                yield guard.to_sign_in()
                return
            try:
                overview, view = await hub.snapshot(("overview", asked, viewer.key), partial(load, asked, viewer))
            except Exception:  # whatever it was, the page keeps its numbers and says so
                log.exception("overview cannot be read")
                async with self:
                    await self._fail()
            else:
                async with self:
                    await self._show(overview, view, person, latest_runs)

    async def _fail(self) -> None:
        heading = await self.get_state(HeadingState)
        since = heading.shown.checked
        below = f"Those below are of {since}; nothing" if since else "Nothing"
        assign(heading, problem=f"The numbers cannot be read at the moment. {below} received is lost. Trying again.")

    async def _show(
        self, overview: Overview, view: View, person: access.Person, latest_runs: int = screen.BESIDE
    ) -> None:
        await self._show_connect(overview, person)
        if not view.empty:
            assign(await self.get_state(FiltersState), shown=view.filters, fresh=view.freshness)
            assign(await self.get_state(AttentionState), shown=view.attention)
            assign(await self.get_state(CardsState), sparks=view.sparks, shown=view.cards)
            assign(
                await self.get_state(ChartsState),
                outcomes=view.charts.outcomes,
                durations=view.charts.durations,
                queues=view.charts.queues,
                running=view.charts.running,
            )
            assign(
                await self.get_state(PipelinesState), now=view.pipelines_now, strips=view.strips, shown=view.pipelines
            )
            (await self.get_state(LatestState))._take(view.latest.first(latest_runs), view.latest_now)
        heading = await self.get_state(HeadingState)
        assign(heading, problem="", phase="first" if view.empty else "live", shown=view.heading)

    async def _show_connect(self, overview: Overview, person: access.Person) -> None:
        state = await self.get_state(ConnectState)
        if not overview.empty:
            assign(state, shown=Connect())
            return
        shown = state.shown
        if not shown.address:
            current = settings.get()
            shown = connect.connect(
                current.public_url,
                access.several(current.github_webhook_secret)[0],
                access.several(current.jenkins_webhook_token)[0],
                admin=person.role == "admin",
                now=overview.now,
            )
        assign(state, shown=replace(shown, heard=connect.heard(overview.refusals, overview.now)))

    @rx.event
    async def choose_provider(self, provider: str):
        return self._go(provider=provider)

    @rx.event
    async def choose_repo(self, repo: str):
        return self._go(repo=repo)

    @rx.event
    async def choose_branch(self, branch: str):
        return self._go(branch=branch)

    def _go(self, **chosen: str):
        asked = routes.asked(self.router.url.query_parameters)
        return rx.redirect(routes.overview(replace(asked, **chosen)))


def load(asked: Asked, viewer: ZoneInfo) -> tuple[Overview, View]:
    """One reading of the database and its text. Runs in a thread, once for everybody who asks the same."""
    now = datetime.now(UTC)
    query = Query(
        window=window_ending(asked.window, _next_minute(now)),
        provider=asked.provider or None,
        repo=asked.repo or None,
        branch=asked.branch or None,
        tz=viewer.key,
    )
    with engine.reading() as session:
        overview = report.overview(session, query, now)
    return overview, views.view(overview, asked, viewer)


def _next_minute(now: datetime) -> datetime:
    """A window that moves once a minute: between two events most of the page then stays the same and is not sent."""
    return now.replace(second=59, microsecond=0)
