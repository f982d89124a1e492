"""What a browser may send, and what is refused before anything runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reflex.state import BaseState
from reflex_base.registry import RegistrationContext
from reflex_base.utils.format import format_event_handler

from cicd_health.cicd_health import app
from cicd_health.ui import incoming
from cicd_health.ui.incoming import HEAVIEST, Refused, checked
from cicd_health.ui.states.alerting import AlertingState
from cicd_health.ui.states.alerts import AlertsState
from cicd_health.ui.states.run_log import LogState
from tests import hostile_text

HERE = {"pathname": "/alerts", "asPath": "/alerts?q=x", "query": {"q": "x"}}
FORM = "__reflex_form_data__"


def handler(state: type[BaseState], name: str) -> str:
    return f"{state.get_full_name()}.{name}"


MUTE, LOOK_FOR, SHIFT = handler(AlertingState, "mute"), handler(AlertsState, "look_for"), handler(LogState, "shift")


def check(sent: Any) -> dict[str, Any]:
    assert app is not None
    return checked(sent, RegistrationContext.get().event_handlers)


def event(name: str, **payload: Any) -> dict[str, Any]:
    return {"name": name, "payload": payload, "router_data": HERE}


def test_an_event_of_a_page_passes_as_it_is():
    sent = event(handler(AlertingState, "ask_mute"), incident="7", about="checkout · ci")
    assert check(sent) == sent


def test_a_form_comes_as_a_dictionary():
    sent = event(MUTE, form={FORM: [["length", "4h"], ["reason", "known"]]})
    assert check(sent)["payload"] == {"form": {"length": "4h", "reason": "known"}}


def test_what_a_browser_says_of_itself_besides_its_address_is_left_out():
    sent = event(handler(AlertingState, "leave")) | {"token": "another tab's"}
    sent["router_data"] = HERE | {"headers": {"cookie": "cicd_session=stolen"}, "ip": "10.0.0.1"}
    assert check(sent) == event(handler(AlertingState, "leave"))


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        "an event",
        {},
        {"name": 7},
        event("nobody.knows"),
        event("_redirect", path="https://evil.example"),
        event(handler(AlertsState, "setvar"), var_name="problem", value="x"),
        event("reflex___state____state.set_is_hydrated", value=True),
        event("reflex___state____state.hydrate_and_load", vars={"a.b": 1}),
        event(MUTE),
        event(MUTE, form="4h"),
        event(MUTE, form=[1, 2]),
        event(MUTE, form={FORM: [1, 2]}),
        event(MUTE, form={}, more=1),
        event(LOOK_FOR, form={"q": 7}),
        event(LOOK_FOR, form={"q": ["a"]}),
        event(SHIFT, rows="12"),
        event(SHIFT, rows=1.5),
        event(SHIFT, rows=True),
        event(MUTE, form={"reason": "x" * (HEAVIEST + 1)}),
        event(MUTE, form={str(number): "" for number in range(HEAVIEST)}),
        event(MUTE, form={"reason": "half a \ud800 character"}),
        event(MUTE, form={"reason": "nul \x00"}),
        event(MUTE, form={"reason": b"bytes"}),
        event(SHIFT, rows=1) | {"router_data": {"pathname": 7}},
        event(SHIFT, rows=1) | {"router_data": {"query": [1]}},
        event(SHIFT, rows=1) | {"router_data": {"query": {"a": {"b": 1}}}},
        event(SHIFT, rows=1) | {"payload": [1]},
    ],
    ids=lambda sent: str(sent)[:60],
)
def test_anything_else_is_refused(sent: Any):
    with pytest.raises(Refused):
        check(sent)


def test_what_runs_while_a_page_is_open_is_begun_by_its_loading_only():
    loops = {handler for events in app._load_events.values() for handler in events if handler.is_background}
    assert handler(AlertsState, "follow") in {format_event_handler(loop) for loop in loops}
    for loop in loops:
        with pytest.raises(Refused):
            check(event(format_event_handler(loop)))


def test_why_it_was_refused_does_not_repeat_what_was_sent():
    with pytest.raises(Refused) as refused:
        check(event(MUTE, form={FORM: [["token", "ghp_secret"], 1]}))
    assert "ghp_secret" not in str(refused.value)


@pytest.mark.parametrize("text", hostile_text.EVERY, ids=ascii)
def test_text_of_any_kind_may_be_typed(text: str):
    assert check(event(LOOK_FOR, form={"q": text}))["payload"]["form"]["q"] == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
NAMES = sorted(name for name, _ in incoming.offered(RegistrationContext.get().event_handlers))


@settings(max_examples=200, deadline=None)
@given(
    name=st.sampled_from(NAMES) | st.text(max_size=30),
    payload=st.dictionaries(st.sampled_from(["form", "key", "rows", "vars", "x"]), json_values, max_size=3)
    | json_values,
    around=json_values,
)
def test_whatever_is_sent_is_an_event_of_ours_or_refused(name: str, payload: Any, around: Any):
    try:
        event = check({"name": name, "payload": payload, "router_data": around})
    except Refused:
        return
    assert event["name"] in NAMES
    assert set(event["router_data"]) <= {"pathname", "asPath", "query"}
    assert len(json.dumps(event, default=str)) < 20 * HEAVIEST
