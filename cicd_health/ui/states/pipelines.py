"""The pipelines page: one reading per query for everybody, narrowed and sorted per address."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import reflex as rx
import structlog

from cicd_health.live import hub
from cicd_health.metrics import report
from cicd_health.model.health import Query
from cicd_health.model.windows import window_ending
from cicd_health.store import engine
from cicd_health.store.reports import lists
from cicd_health.ui import guard, pipelines_view, routes, zone
from cicd_health.ui.geometry import Strip
from cicd_health.ui.pipelines_view import PipelineListRow, PipelinesHead, PipelinesPage, Read
from cicd_health.ui.routes import AskedPipelines
from cicd_health.ui.rows import PipelineNow
from cicd_health.ui.states.following import assign, changes

log = structlog.get_logger(__name__)


class PipelinesHeadState(rx.State):
    shown: rx.Field[PipelinesHead] = rx.field(default_factory=PipelinesHead)
    problem: rx.Field[str] = rx.field("")

    def _fail(self) -> None:
        since = self.shown.checked
        below = f"Those below are of {since}; nothing" if since else "Nothing"
        assign(self, problem=f"The pipelines cannot be read at the moment. {below} received is lost. Trying again.")


class PipelineListState(rx.State):
    loaded: rx.Field[bool] = rx.field(False)
    rows: rx.Field[list[PipelineListRow]] = rx.field(default_factory=list)
    now: rx.Field[dict[str, PipelineNow]] = rx.field(default_factory=dict)
    strips: rx.Field[dict[str, Strip]] = rx.field(default_factory=dict)


class PipelinesPageState(rx.State):
    """The loop that keeps the page up to date, and what the filters do."""

    @rx.event(background=True)
    async def follow(self):
        asked = routes.asked_pipelines(self.router.url.query_parameters)
        viewer = zone.of_viewer(self.router.headers.cookie)
        async for person in changes(self):
            if person is None:
                yield guard.to_sign_in()
                return
            try:
                page = await _page(asked, viewer)
            except Exception:  # whatever it was, the page keeps its rows and says so
                log.exception("pipelines cannot be read")
                async with self:
                    (await self.get_state(PipelinesHeadState))._fail()
            else:
                async with self:
                    listed = await self.get_state(PipelineListState)
                    assign(listed, now=page.now, strips=page.strips, rows=page.rows, loaded=True)
                    assign(await self.get_state(PipelinesHeadState), problem="", shown=page.head)

    @rx.event
    async def choose_provider(self, provider: str):
        return self._go(provider=provider)

    @rx.event
    async def choose_repo(self, repo: str):
        return self._go(repo=repo)

    @rx.event
    async def choose_branch(self, branch: str):
        return self._go(branch=branch)

    @rx.event
    async def choose_state(self, state: str):
        return self._go(state=state)

    @rx.event
    async def choose_sort(self, sort: str):
        return self._go(sort=sort)

    @rx.event
    async def look_for(self, form: dict[str, str]):
        """The search box."""
        return self._go(q=str(form.get("q", "")).strip())

    def _go(self, **chosen: str):
        asked = routes.asked_pipelines(self.router.url.query_parameters)
        return rx.redirect(routes.pipelines(replace(asked, after="", **chosen)))


async def _page(asked: AskedPipelines, viewer: ZoneInfo) -> PipelinesPage:
    """One reading for all who ask for the same runs; one text for all who narrow and sort them the same way."""
    wide = AskedPipelines(asked.window, asked.provider, asked.repo, asked.branch)
    found = await hub.snapshot(("pipelines", wide, viewer.key), partial(read, wide, viewer))
    return await hub.snapshot(("pipelines page", asked, viewer.key), partial(pipelines_view.page, found, asked, viewer))


def read(asked: AskedPipelines, viewer: ZoneInfo) -> Read:
    """One reading of the database. Runs in a thread."""
    now = datetime.now(UTC)
    query = Query(
        window=window_ending(asked.window, now.replace(second=59, microsecond=0)),  # moves once a minute
        provider=asked.provider or None,
        repo=asked.repo or None,
        branch=asked.branch or None,
        tz=viewer.key,
    )
    with engine.reading() as session:
        return Read(
            now=now,
            window=query.window,
            empty=lists.empty(session),
            pipelines=report.pipelines(session, query, now),
            providers=tuple(source.provider for source in lists.sources(session, now)),
            repos=lists.repos(session),
            branches=lists.branches(session, query),
        )
