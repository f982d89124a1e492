"""Every event handler of every state, sent by everybody: who may is what docs/security.md says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from reflex.state import State
from reflex_base.event import Event
from reflex_base.registry import RegistrationContext

from cicd_health import access, settings
from cicd_health.cicd_health import app
from cicd_health.store import engine
from cicd_health.ui import incoming
from cicd_health.ui.guard import EventGuard
from tests import security_tables
from tests.conftest import use
from tests.test_security_routes import PEOPLE, SECRETS, person

WHO = ("nobody", "visitor", *PEOPLE)


@pytest.fixture
def cookies(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, str]]:
    for name, value in {**SECRETS, "DATA_DIR": str(tmp_path / "data")}.items():
        monkeypatch.setenv(name, value)
    use(sqlite_url, monkeypatch)
    now = datetime.now(UTC)
    access.ensure_admin(SECRETS["ADMIN_EMAIL"], SECRETS["ADMIN_PASSWORD"], now)
    yield {"nobody": "", "visitor": "", **{role: person(role, now)["cookie"] for role in PEOPLE}}
    engine.engine_for(sqlite_url).dispose()
    engine.engine_for.cache_clear()
    settings.get.cache_clear()


def short(name: str) -> str:
    """`PeopleState.invite` of the full name."""
    state, _, handler = name.rpartition(".")
    return f"{RegistrationContext.get().base_states[state].__name__}.{handler}"


def handlers() -> dict[str, str]:
    """The full name of each that a browser may send, by its short one."""
    named = {short(name): name for name, _ in incoming.offered(RegistrationContext.get().event_handlers)}
    return dict(sorted(named.items()))


async def may(cookie: str, handler: str) -> str:
    """What the guard says before anything runs, to somebody with a real session."""
    state = State()
    state.router_data = {"headers": {"cookie": cookie}}
    refused = await EventGuard().preprocess(app, state, Event(name=handler, payload={}))
    return "yes" if refused is None else "no"


async def test_every_handler_runs_for_those_that_the_table_says(cookies, monkeypatch: pytest.MonkeyPatch):
    found: dict[str, dict[str, str]] = {name: {} for name in handlers()}
    for who in WHO:
        monkeypatch.setenv("PUBLIC_READ", str(who == "visitor").lower())
        settings.get.cache_clear()
        for name, handler in handlers().items():
            found[name][who] = await may(cookies[who], handler)
    written = security_tables.table(security_tables.HANDLERS)
    differing = {name: answers for name, answers in found.items() if written.get(name) != answers}
    assert differing == {}, "docs/security.md should say:\n" + security_tables.markdown(WHO, differing, "handler")
    assert written.keys() - found.keys() == set()


def test_two_states_do_not_share_a_name():
    offered = [name for name, _ in incoming.offered(RegistrationContext.get().event_handlers)]
    assert len(handlers()) == len(offered)


def test_nothing_sets_a_variable_by_its_name():
    registered = RegistrationContext.get().event_handlers
    offered = {name for name, _ in incoming.offered(registered)}
    setters = {name for name in registered if ".set" in name or name.endswith((".setvar", ".update_vars_internal"))}
    assert offered & setters == set()
    assert setters


def test_every_handler_of_ours_takes_arguments_whose_kind_can_be_checked():
    for name, handler in incoming.offered(RegistrationContext.get().event_handlers):
        assert incoming._taken(handler.fn) is not None, name
