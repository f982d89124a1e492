"""The settings page: what its address asks for and its viewer may see, kept up to date."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import reflex as rx
import structlog

from cicd_health import __version__, access, settings
from cicd_health.live import hub
from cicd_health.store import audit as audit_log
from cicd_health.store import database_size, engine
from cicd_health.store.audit import AuditFilter
from cicd_health.ui import cursor, guard, routes, zone
from cicd_health.ui.routes import AskedSettings
from cicd_health.ui.settings_view import account, audit, head, keys, people, server
from cicd_health.ui.settings_view.account import SessionRow
from cicd_health.ui.settings_view.audit import AuditPage
from cicd_health.ui.settings_view.head import OWN, VISITOR, Head
from cicd_health.ui.settings_view.keys import KeyRow
from cicd_health.ui.settings_view.people import PersonRow
from cicd_health.ui.settings_view.server import Server
from cicd_health.ui.states.account import AccountState
from cicd_health.ui.states.api_keys import KeysState
from cicd_health.ui.states.audit_log import AuditState
from cicd_health.ui.states.following import assign, changes
from cicd_health.ui.states.people import PeopleState

log = structlog.get_logger(__name__)
PROBLEM = "The settings cannot be read at the moment. Trying again."


@dataclass(frozen=True, slots=True)
class View:
    """The page; of the tabs only the one that is shown has something in it."""

    head: Head
    people: list[PersonRow] = field(default_factory=list)
    keys: list[KeyRow] = field(default_factory=list)
    sessions: list[SessionRow] = field(default_factory=list)
    audit: AuditPage = field(default_factory=AuditPage)
    server: Server = field(default_factory=Server)


class SettingsHeadState(rx.State):
    """`shown.tab` changes when what it shows is there."""

    shown: rx.Field[Head] = rx.field(default_factory=Head)
    server: rx.Field[Server] = rx.field(default_factory=Server)
    problem: rx.Field[str] = rx.field("")
    loaded: rx.Field[bool] = rx.field(False)


class SettingsState(rx.State):
    """The loop that keeps the page up to date. Whose role changes is shown another page."""

    @rx.event(background=True)
    async def follow(self):
        asked = routes.asked_settings(self.router.url.query_parameters)
        viewer = zone.of_viewer(self.router.headers.cookie)
        async with self:
            await self._begin()
        async for person in changes(self):
            if person is None:
                yield guard.to_sign_in()
                return
            tab = head.tab_of(asked, person.role)
            own = person if tab == OWN else None
            try:
                view = await hub.snapshot(
                    ("settings", asked, tab, person.role, own, viewer.key), partial(load, asked, tab, person, viewer)
                )
            except Exception:  # whatever it was, the page keeps what it shows and says so
                log.exception("settings cannot be read")
                async with self:
                    assign(await self.get_state(SettingsHeadState), problem=PROBLEM)
            else:
                async with self:
                    await self._show(view)

    async def _begin(self) -> None:
        """Another tab, or the page anew: no dialog is open, and no secret is kept."""
        (await self.get_state(PeopleState))._begin()
        (await self.get_state(KeysState))._begin()
        (await self.get_state(AuditState))._begin()
        assign(await self.get_state(AccountState), notes={})

    async def _show(self, view: View) -> None:
        assign(await self.get_state(PeopleState), rows=view.people)
        assign(await self.get_state(KeysState), rows=view.keys)
        assign(await self.get_state(AccountState), rows=view.sessions)
        entries = await self.get_state(AuditState)
        entries._offer(view.audit.rows, {})
        assign(entries, shown=replace(view.audit, rows=[]))
        assign(await self.get_state(SettingsHeadState), shown=view.head, server=view.server, problem="", loaded=True)


def load(asked: AskedSettings, tab: str, person: access.Person, viewer: ZoneInfo) -> View:
    """One reading of the database and its text. Runs in a thread, once for everybody who asks the same."""
    now = datetime.now(UTC)
    around = partial(head.view, asked, tab, now=now, zone=viewer, admin=person.role == "admin")
    if tab == "people":
        users = access.users()
        return View(around(people.sentence(users), people.sub(users)), people=people.listed(users, now, viewer))
    if tab == "keys":
        rows = keys.listed(access.keys(now), now, viewer)
        return View(around(keys.sentence(rows), "for programs; people sign in"), keys=rows)
    if tab == "audit":
        actions = audit.THINGS
        shown = audit.view(_entries(asked), asked, now, viewer)
        return View(around("Who changed what", "newest first", actions=actions), audit=shown)
    if tab == "server":
        with engine.reading() as session:
            kind, size = database_size.kind_and_size(session)
        said = server.view(settings.get(), kind, size)
        return View(around(f"CI/CD Health {__version__}", "set in the environment or in .env"), server=said)
    if tab == VISITOR or person.user_id is None:
        return View(around("You look without having signed in", ""))
    lines = access.sessions_of(person.user_id, now)
    rows = account.listed(lines, person.session_id, now, viewer)
    return View(around(account.sentence(person), account.sub(person)), sessions=rows)


def _entries(asked: AskedSettings) -> list[audit_log.Entry]:
    wanted = AuditFilter(action=asked.action or None, q=asked.q or None)
    with engine.reading() as session:
        return audit_log.entries(session, wanted, audit.PAGE + 1, cursor.decode(asked.before))
