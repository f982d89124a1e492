"""No handler runs for somebody who may not look."""

from datetime import UTC, datetime

import pytest
import reflex as rx
from reflex.istate.data import HeaderData, RouterData
from reflex.state import State
from reflex_base.event import Event

from cicd_health import access, settings
from cicd_health.cicd_health import app
from cicd_health.ui.guard import EventGuard, is_at_least, needs
from tests.factories import NOW

EVENT = Event(name="anything", payload={})


async def answer():
    return await EventGuard().preprocess(app, State(), EVENT)


async def test_an_event_without_a_session_leads_to_the_sign_in_form(database):
    update = await answer()
    assert update is not None
    assert "/login" in str(update.events)


async def test_an_event_of_a_visitor_passes_where_reading_is_public(database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PUBLIC_READ", "true")
    settings.get.cache_clear()
    assert await answer() is None


@pytest.mark.parametrize(
    ("role", "needed", "may"),
    [
        ("admin", "operator", True),
        ("operator", "operator", True),
        ("viewer", "operator", False),
        ("operator", "admin", False),
        ("visitor", "viewer", False),
        ("stranger", "visitor", False),
    ],
)
def test_a_role_may_what_those_below_it_may(role, needed, may):
    assert is_at_least(role, needed) is may


class Handlers(State):
    done: rx.Field[list[str]] = rx.field(default_factory=list)

    @needs("operator")
    async def once(self, word: str):
        self.done = [*self.done, word]
        return word

    @needs("operator")
    async def stepwise(self, word: str):
        self.done = [*self.done, word]
        yield word


async def run_both(state: Handlers) -> list[str]:
    first = await Handlers.event_handlers["once"].fn(state, "once")
    return [first, *[word async for word in Handlers.event_handlers["stepwise"].fn(state, "step")]]


async def test_a_handler_does_nothing_for_a_lesser_role(database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PUBLIC_READ", "true")
    settings.get.cache_clear()
    state = Handlers()
    assert await run_both(state) == [None]
    assert state.done == []


async def test_a_handler_runs_for_a_role_that_may(database):
    access.ensure_admin("admin@localhost", "a long password", NOW)
    token = access.sign_in("admin@localhost", "a long password", "127.0.0.1", "", datetime.now(UTC))
    headers = HeaderData(cookie=f"{access.COOKIE}={token}")
    state = Handlers(router=RouterData(headers=headers))
    assert await run_both(state) == ["once", "step"]
    assert state.done == ["once", "step"]
