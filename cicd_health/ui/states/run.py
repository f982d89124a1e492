"""A run's page: what its address asks for, read once per change for everybody, and kept up to date."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import reflex as rx
import structlog

from cicd_health import access
from cicd_health.live import hub
from cicd_health.model.logs import LogState as Kept
from cicd_health.model.runs import Outcome
from cicd_health.store import engine
from cicd_health.store.lists import Row
from cicd_health.ui import guard, routes, zone
from cicd_health.ui.outgoing import visible
from cicd_health.ui.routes import AskedRun
from cicd_health.ui.run_view import aside as asides
from cicd_health.ui.run_view import head as heads
from cicd_health.ui.run_view import log as reading
from cicd_health.ui.run_view import story as stories
from cicd_health.ui.run_view import verdict as verdicts
from cicd_health.ui.run_view import waterfall as waterfalls
from cicd_health.ui.run_view.aside import Aside
from cicd_health.ui.run_view.head import Head
from cicd_health.ui.run_view.story import Story
from cicd_health.ui.run_view.verdict import Verdict
from cicd_health.ui.run_view.waterfall import Waterfall
from cicd_health.ui.states import following
from cicd_health.ui.states.following import assign
from cicd_health.ui.states.run_log import LogState, Offered

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """A run's page as text, for one address and one time zone. `chosen` is the job whose log is shown."""

    head: Head
    verdict: Verdict
    waterfall: Waterfall
    aside: Aside
    chosen: Row | None
    tab: str = ""  # the title of the browser's tab


class RunState(rx.State):
    """`phase` is loading, missing or live; `problem` says why what is shown is old."""

    phase: rx.Field[str] = rx.field("loading")
    asked_for: rx.Field[str] = rx.field("")  # the run's number in the address
    problem: rx.Field[str] = rx.field("")
    head: rx.Field[Head] = rx.field(default_factory=Head)
    verdict: rx.Field[Verdict] = rx.field(default_factory=Verdict)

    @rx.event(background=True)
    async def follow(self):
        """Show, wait for a change, show again. Started by each load of the page, ended by leaving it."""
        run_id = routes.run_of(self.router.url.path)
        asked = routes.asked_run(self.router.url.query_parameters)
        viewer = zone.of_viewer(self.router.headers.cookie)
        titled = ""
        async for person in following.changes(self):
            if person is None:
                yield guard.to_sign_in()
                return
            try:
                shown = await _read(run_id, asked, viewer)
                if shown is None:
                    async with self:
                        assign(self, phase="missing", asked_for=self.router.url.path.rsplit("/", 1)[-1][:40])
                    continue
                await self._show(*shown, asked, person)
                if shown[1].tab != titled:
                    titled = shown[1].tab
                    yield rx.call_script(f"document.title={json.dumps(visible(titled))}")
            except Exception:  # whatever it was, the page keeps what it shows and says so
                log.exception("run cannot be read", run_id=run_id)
                async with self:
                    assign(
                        self, problem="This run cannot be read at the moment; nothing received is lost. Trying again."
                    )

    async def _show(self, story: Story, told: Told, asked: AskedRun, person: access.Person) -> None:
        offered = await offer(story, told.chosen, asked, may_fetch=guard.is_at_least(person.role, "operator"))
        async with self:
            jobs = await self.get_state(JobsState)
            jobs._offer(told.waterfall, str(told.chosen["id"]) if told.chosen is not None else "")
            assign(self, phase="live", problem="", head=told.head, verdict=told.verdict)
            assign(await self.get_state(AsideState), shown=told.aside)
            await (await self.get_state(LogState))._offer(offered)


class JobsState(rx.State):
    """The waterfall; `opened` are the jobs whose steps are shown."""

    shown: rx.Field[Waterfall] = rx.field(default_factory=Waterfall)
    opened: rx.Field[dict[str, bool]] = rx.field(default_factory=dict)
    _chosen: str = ""

    def _offer(self, shown: Waterfall, chosen: str) -> None:
        """A job that was chosen anew is opened to its steps; the others stay as they are."""
        known = {line.key: self.opened.get(line.key, False) for line in shown.jobs}
        if chosen != self._chosen:
            self._chosen = chosen
            known = {key: opened or key == chosen for key, opened in known.items()}
        assign(self, shown=shown, opened=known)

    @rx.event
    async def toggle(self, key: str):
        """A click on the job that is chosen already closes its steps, or opens them."""
        if key in self.opened and key == self._chosen:
            self.opened = {**self.opened, key: not self.opened[key]}


class AsideState(rx.State):
    shown: rx.Field[Aside] = rx.field(default_factory=Aside)


async def _read(run_id: int, asked: AskedRun, viewer: ZoneInfo) -> tuple[Story, Told] | None:
    """One reading of the database and one of its text, for everybody who asks the same."""
    story = await hub.snapshot(("run", run_id, asked.attempt), partial(read, run_id, asked.attempt))
    if story is None:
        return None
    key = ("run page", run_id, asked.attempt, asked.job, asked.q, asked.new, viewer.key)
    return story, await hub.snapshot(key, partial(tell, story, asked, viewer))


def read(run_id: int, attempt: int) -> Story | None:
    with engine.reading() as session:
        return stories.read(session, run_id, attempt, datetime.now(UTC))


def tell(story: Story, asked: AskedRun, viewer: ZoneInfo) -> Told:
    chosen = story.chosen_job(asked.job)
    return Told(
        head=heads.head(story, asked, viewer),
        verdict=verdicts.verdict(story, viewer),
        waterfall=waterfalls.waterfall(story, asked, chosen),
        aside=asides.aside(story, viewer),
        chosen=chosen,
        tab=heads.tab_title(story),
    )


async def offer(story: Story, job: Row | None, asked: AskedRun, *, may_fetch: bool) -> Offered:
    """The log of this job, or of the run, as it is to be shown; in a comparison with the last green one."""
    kept = story.log_of(job["id"] if job is not None else 0)
    head = reading.head(story, job, kept, may_fetch=may_fetch)
    of = (story.run["id"], job["id"] if job is not None else 0)
    if head.state != "kept" or kept is None:
        return Offered(head, asked, of=of)
    outcome = Outcome((job if job is not None and kept.job_id else story.attempt)["outcome"])
    if not asked.new:
        return Offered(head, asked, kept, outcome, of=of)
    name = job["name"] if job is not None and kept.job_id else None
    key = ("new lines", kept.id, kept.lines)
    compared = await hub.snapshot(key, partial(reading.compare, story.run["id"], name, kept))
    fetch = compared.name != "" and compared.state is Kept.NONE and may_fetch
    footer = "Opened at the first new line." if compared.new else head.footer
    head = replace(head, compared=reading.compared_words(compared), fetch_green=fetch, footer=footer)
    green = (compared.run_id, compared.job_id)
    return Offered(head, asked, kept, outcome, compared.new, f"as in {compared.name}", of, green)
