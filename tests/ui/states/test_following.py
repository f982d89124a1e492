"""What keeps pages up to date stops as soon as nobody may look."""

import pytest
from reflex.state import State

from cicd_health import settings
from cicd_health.ui.states.following import changes


async def test_without_a_session_it_ends_at_once(database):
    assert [person async for person in changes(State())] == [None]


async def test_a_visitor_is_told_of_changes_where_reading_is_public(database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PUBLIC_READ", "true")
    settings.get.cache_clear()
    following = changes(State())
    first = await anext(following)
    assert first is not None
    assert first.role == "visitor"
    await following.aclose()
