"""The sources page's handlers: nobody but an administrator changes anything, whatever is sent."""

from __future__ import annotations

import inspect

import pytest
from reflex.state import State

from cicd_health import settings
from cicd_health.ui.states.sources import SourcesState

# What anybody who looks may do.
HARMLESS = {"follow", "look_for", "keep"}
ARGUMENTS = {
    "form": {"api_url": "https://api.github.com", "token": "x", "anyway": "on", "name": "a/b"},
    "what": "watch:1",
}


def handlers() -> list[str]:
    return sorted(name for name in SourcesState.event_handlers if name in vars(SourcesState) and name != "setvar")


@pytest.mark.parametrize("name", [name for name in handlers() if name not in HARMLESS])
async def test_a_visitor_can_do_nothing(database, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv("PUBLIC_READ", "true")
    settings.get.cache_clear()
    state = SourcesState(parent_state=State())
    handler = SourcesState.event_handlers[name].fn
    wanted = [argument for argument in inspect.signature(handler).parameters if argument != "self"]
    assert await handler(state, *(ARGUMENTS.get(argument, "1") for argument in wanted)) is None
    assert (state.secrets, state.notes, state.busy, state.asking) == ({}, {}, "", "")


def test_every_handler_was_tried():
    assert {"connect_github", "connect_jenkins", "show_secret", "forget", "remove", "add"} <= set(handlers())
