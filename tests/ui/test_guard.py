"""No handler runs for somebody who may not look."""

import pytest
from reflex.state import State
from reflex_base.event import Event

from cicd_health import settings
from cicd_health.cicd_health import app
from cicd_health.ui.guard import EventGuard

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
