"""The sources page: how fresh each is, connecting, testing, polling. What changes something needs an administrator.

Secrets that are typed come with the event that sends the form, and stay nowhere but sealed in the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx
import structlog

from cicd_health import flow, settings
from cicd_health.live import hub
from cicd_health.store import engine, watch_lines
from cicd_health.store.reports import lists as reports
from cicd_health.ui import guard, routes, sources_view, zone
from cicd_health.ui import source_actions as do
from cicd_health.ui.routes import AskedSources
from cicd_health.ui.sources_view import SourcesView
from cicd_health.ui.states.following import assign, changes
from cicd_health.ui.states.source_secrets import RotationState
from cicd_health.ui.told import Note

log = structlog.get_logger(__name__)


class SourcesHeadState(rx.State):
    shown: rx.Field[SourcesView] = rx.field(default_factory=SourcesView)
    loaded: rx.Field[bool] = rx.field(False)
    problem: rx.Field[str] = rx.field("")
    admin: rx.Field[bool] = rx.field(False)

    def _show(self, view: SourcesView, *, admin: bool) -> None:
        assign(self, problem="", admin=admin, loaded=True, shown=view)


class SourcesState(rx.State):
    """What somebody here just did. `notes` are by place: "source:1", "add:1", "github"; `busy` is such a place.

    `asking` is what is about to be removed: "watch:1", "source:1". `turn` empties the forms when it grows.
    """

    notes: rx.Field[dict[str, Note]] = rx.field(default_factory=dict)
    busy: rx.Field[str] = rx.field("")
    asking: rx.Field[str] = rx.field("")
    turn: rx.Field[int] = rx.field(0)
    secrets: rx.Field[dict[str, str]] = rx.field(default_factory=dict)  # shown at the moment, by provider

    @rx.event(background=True)
    async def follow(self):
        asked = routes.asked_sources(self.router.url.query_parameters)
        viewer = zone.of_viewer(self.router.headers.cookie)
        async with self:
            assign(self, secrets={}, asking="")
            (await self.get_state(RotationState))._begin()
        async for person in changes(self):
            if person is None:
                yield guard.to_sign_in()
                return
            admin = guard.is_at_least(person.role, "admin")
            try:
                view = await hub.snapshot(("sources", asked, viewer.key), partial(load, asked, viewer))
            except Exception:  # whatever it was, the page keeps what it shows and says so
                log.exception("sources cannot be read")
                said = "The sources cannot be read at the moment. Nothing received is lost. Trying again."
                async with self:
                    assign(await self.get_state(SourcesHeadState), problem=said)
            else:
                async with self:
                    (await self.get_state(SourcesHeadState))._show(view, admin=admin)

    @rx.event
    async def look_for(self, form: dict[str, str]):
        asked = routes.asked_sources(self.router.url.query_parameters)
        return rx.redirect(routes.sources(AskedSources(asked.connect, do.field(form, "q"))))

    @rx.event
    @guard.needs("admin")
    async def show_secret(self, provider: str):
        self.secrets = {**self.secrets, provider: do.secret_of(provider)}

    @rx.event
    @guard.needs("admin")
    async def hide_secret(self, provider: str):
        self.secrets = {name: value for name, value in self.secrets.items() if name != provider}

    @rx.event
    @guard.needs("admin")
    async def copy_secret(self, provider: str):
        """Without showing it: it goes to the clipboard and into no variable."""
        return rx.set_clipboard(do.secret_of(provider))

    @rx.event
    @guard.needs("admin")
    async def copy_address(self, provider: str):
        """The whole address of a provider's webhooks, with the token in it."""
        return rx.set_clipboard(do.webhook_address(provider))

    @rx.event(background=True)
    @guard.needs("admin")
    async def connect_github(self, form: dict[str, Any]):
        await self._connect("github", form, do.github_of, flow.connect_github)

    @rx.event(background=True)
    @guard.needs("admin")
    async def connect_jenkins(self, form: dict[str, Any]):
        await self._connect("jenkins", form, do.jenkins_of, flow.connect_jenkins)

    async def _connect(
        self,
        provider: str,
        form: dict[str, Any],
        read: Callable[[dict[str, Any]], dict[str, Any]],
        save: Callable[..., int],
    ) -> None:
        """Try what was typed; store it when it works, or when it is wanted all the same; say which."""
        if not await self._begin(provider):
            return
        note = await asyncio.to_thread(do.tried_and_stored, provider, form, read, save)
        async with self:
            self.turn += note.done
            self._end(provider, note)

    @rx.event(background=True)
    @guard.needs("admin")
    async def test(self, source_id: str):
        place = f"source:{do.number(source_id)}"
        if await self._begin(place):
            note = await asyncio.to_thread(do.tested, do.number(source_id))
            async with self:
                self._end(place, note)

    @rx.event
    @guard.needs("operator")
    async def poll_now(self, source_id: str):
        viewer = zone.of_viewer(self.router.headers.cookie)
        note = await asyncio.to_thread(do.queued, do.number(source_id), viewer)
        self._note(f"source:{do.number(source_id)}", note)

    @rx.event
    @guard.needs("admin")
    async def add(self, form: dict[str, Any]):
        """Watch a repository or job of a source that is there; without one, of GitHub as the settings say."""
        source_id = do.number(do.field(form, "source"))
        place = f"add:{source_id}" if source_id else "add:github"
        note = await asyncio.to_thread(do.added, source_id, form)
        self.turn += note.done
        self._note(place, note)

    @rx.event
    @guard.needs("admin")
    async def stop(self, watch_id: str):
        await self._change(flow.stop_backfill, watch_id)

    @rx.event
    @guard.needs("admin")
    async def resume(self, watch_id: str):
        await self._change(flow.resume_backfill, watch_id)

    @rx.event
    @guard.needs("admin")
    async def ask(self, what: str):
        """Removing asks once more: `what` is "watch:1" or "source:1"."""
        self.asking = what[:40]

    @rx.event
    async def keep(self):
        self.asking = ""

    @rx.event
    @guard.needs("admin")
    async def remove(self, watch_id: str):
        self.asking = ""
        await self._change(flow.unwatch, watch_id)

    @rx.event
    @guard.needs("admin")
    async def forget(self, source_id: str):
        self.asking = ""
        await self._change(flow.forget_connection, source_id)

    async def _change(self, change: Callable[[int, datetime], None], id: str) -> None:
        problem = await asyncio.to_thread(do.changed, change, do.number(id))
        if problem:
            self._note("page", Note(problem, "fail"))

    async def _begin(self, place: str) -> bool:
        """Take the one thing that may run at a time in this tab; False when something does."""
        async with self:
            if self.busy:
                return False
            self.busy = place
            self.notes = {name: note for name, note in self.notes.items() if name != place}
            return True

    def _end(self, place: str, note: Note) -> None:
        self.busy = ""
        self._note(place, note)

    def _note(self, place: str, note: Note) -> None:
        self.notes = {**self.notes, place: note}


def load(asked: AskedSources, viewer: ZoneInfo) -> SourcesView:
    """One reading of the database and its text. Runs in a thread, once for everybody who asks the same."""
    now = datetime.now(UTC)
    with engine.reading() as session:
        sources = watch_lines.source_lines(session, now)
        watches = watch_lines.lines(session, now)
        refusals = reports.refusals(session)
    return sources_view.view(sources, watches, refusals, asked, settings.get(), now, viewer)
