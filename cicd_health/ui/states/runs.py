"""The runs page: what its address asks for, kept up to date; and the search in all logs, made once per address."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import reflex as rx
import structlog

from cicd_health.flow import log_reading
from cicd_health.live import hub
from cicd_health.log_store import LogStoreError
from cicd_health.store import engine, lists
from cicd_health.store.reports import signatures
from cicd_health.store.run_pages import run_page
from cicd_health.ui import cursor, guard, hits_view, routes, runs_view, zone
from cicd_health.ui import format as text
from cicd_health.ui.hits_view import Hits
from cicd_health.ui.routes import AskedRuns
from cicd_health.ui.rows import RunNow
from cicd_health.ui.runs_view import RunListRow, RunsHead, RunsView
from cicd_health.ui.states.following import assign, changes
from cicd_health.ui.states.held import HeldRows

log = structlog.get_logger(__name__)
OFFERED_REPOS = 200
SEARCH_S = 120.0  # in all logs, at most


class RunsHeadState(rx.State):
    """`turn` grows when the form must be filled anew: the address says something else."""

    shown: rx.Field[RunsHead] = rx.field(default_factory=RunsHead)
    place: rx.Field[str] = rx.field("")
    turn: rx.Field[int] = rx.field(0)
    problem: rx.Field[str] = rx.field("")
    _checked: str = ""  # when the runs shown were read
    _asked: AskedRuns = AskedRuns()

    def _fail(self) -> None:
        below = f"Those below are of {self._checked}; nothing" if self._checked else "Nothing"
        assign(self, problem=f"The runs cannot be read at the moment. {below} received is lost. Trying again.")

    def _show(self, head: RunsHead, asked: AskedRuns, checked: str) -> None:
        self._checked = checked
        assign(self, problem="", shown=head)
        if asked != self._asked:
            self._asked = asked
            self.turn += 1


class RunListState(HeldRows, rx.State):
    rows: rx.Field[list[RunListRow]] = rx.field(default_factory=list)
    now: rx.Field[dict[str, RunNow]] = rx.field(default_factory=dict)
    _noun: str = "new run"


class HitsState(rx.State):
    shown: rx.Field[Hits] = rx.field(default_factory=Hits)
    searching: rx.Field[bool] = rx.field(False)


class RunsState(rx.State):
    """The loop that keeps the page up to date, and what the filters do."""

    @rx.event(background=True)
    async def follow(self):
        asked = routes.asked_runs(self.router.url.query_parameters)
        viewer = zone.of_viewer(self.router.headers.cookie)
        async with self:
            assign(await self.get_state(RunsHeadState), place=asked.place)
            (await self.get_state(RunListState))._begin()
            assign(await self.get_state(HitsState), searching=bool(asked.place))
        searched = False
        async for person in changes(self):
            if person is None:
                yield guard.to_sign_in()
                return
            if searched:  # all logs are not searched again at each change: nobody waits for that
                continue
            try:
                await (self._search if asked.place else self._list)(asked, viewer)
                searched = bool(asked.place)
            except Exception:  # whatever it was, the page keeps its rows and says so
                log.exception("runs cannot be read")
                async with self:
                    (await self.get_state(RunsHeadState))._fail()

    async def _list(self, asked: AskedRuns, viewer: ZoneInfo) -> None:
        view: RunsView = await hub.snapshot(("runs", asked, viewer.key), partial(load, asked, viewer))
        async with self:
            (await self.get_state(RunListState))._offer(view.rows, view.now)
            (await self.get_state(RunsHeadState))._show(view.head, asked, text.clock(datetime.now(UTC), viewer))

    async def _search(self, asked: AskedRuns, viewer: ZoneInfo) -> None:
        load = partial(search, asked, viewer)
        head, found = await hub.snapshot(("in logs", asked, viewer.key), load, within_s=SEARCH_S)
        async with self:
            assign(await self.get_state(HitsState), shown=found, searching=False)
            (await self.get_state(RunsHeadState))._show(head, asked, "")

    @rx.event
    async def choose_provider(self, provider: str):
        return self._go(provider=provider)

    @rx.event
    async def choose_outcome(self, outcome: str):
        return self._go(outcome=outcome)

    @rx.event
    async def look_for(self, form: dict[str, str]):
        """The search box."""
        return self._go(q=str(form.get("q", "")).strip())

    @rx.event
    async def narrow(self, form: dict[str, str]):
        """The form behind "More"."""
        return self._go(**{name: str(form.get(name, "")).strip() for name, _, _ in runs_view.MORE})

    def _go(self, **chosen: str):
        present = dict(self.router.url.query_parameters) | {"before": ""}
        chosen = {routes.NAMES.get(name, name): value for name, value in chosen.items()}
        return rx.redirect(routes.runs(routes.asked_runs(present | chosen)))


def load(asked: AskedRuns, viewer: ZoneInfo) -> RunsView:
    """One reading of the database and its text. Runs in a thread, once for everybody who asks the same."""
    now = datetime.now(UTC)
    with engine.reading() as session:
        wanted = runs_view.wanted(asked, viewer, now)
        page = run_page(session, wanted, runs_view.PAGE, cursor.decode(asked.before))
        number = lists.number_of_runs(session, wanted, runs_view.AT_MOST + 1) if asked.counted else None
        failure = signatures.words_of(session, asked.signature) if asked.signature else ""
        providers = [row["provider"] for row, _ in lists.sources(session, now)]
        repos = sorted(row["name"] for row in lists.repos(session, None, OFFERED_REPOS))
    return runs_view.view(page, asked, providers, repos, now, viewer, number, failure)


def search(asked: AskedRuns, viewer: ZoneInfo) -> tuple[RunsHead, Hits]:
    """The lines of all kept logs that contain what was asked for. Runs in a thread."""
    now = datetime.now(UTC)
    head = runs_view.head(asked, (), now, viewer)
    if told := hits_view.not_yet(asked):
        return head, told
    try:
        found = log_reading.search_all(asked.q, hits_view.PAGE, hits_view.place(asked.before))
    except LogStoreError as error:
        return head, hits_view.unreadable(str(error))
    return head, hits_view.hits(found, asked, now, viewer)
