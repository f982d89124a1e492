"""The deliveries page's handlers."""

from __future__ import annotations

import pytest
from reflex.state import State

from cicd_health import flow, settings
from cicd_health.model.deliveries import DeliveryState
from cicd_health.ui.states import deliveries
from cicd_health.ui.states.deliveries import DeliveriesState, ReplayState
from tests.bodies import NOON, delivery, github_run


@pytest.mark.parametrize("name", ["replay", "replay_all"])
async def test_a_visitor_replays_nothing(database, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv("PUBLIC_READ", "true")
    settings.get.cache_clear()
    state = DeliveriesState(parent_state=State())
    assert await DeliveriesState.event_handlers[name].fn(state) is None
    replaying = await state.get_state(ReplayState)
    assert (replaying.note, replaying.progress, replaying.busy) == ("", "", False)


def test_replaying_says_what_became_of_it(database):
    [applied] = flow.receive([delivery(github_run(7))], NOON)
    [kept] = flow.receive([delivery({"action": "completed", "workflow_run": 1})], NOON)
    assert deliveries.replayed(applied.delivery_id) == (DeliveryState.APPLIED, None)
    state, error = deliveries.replayed(kept.delivery_id)
    assert state == DeliveryState.KEPT
    assert error == kept.error


def test_replaying_what_is_not_there_is_said(database):
    state, error = deliveries.replayed(999)
    assert state == DeliveryState.FAILED
    assert error


@pytest.mark.parametrize(("id", "number"), [("7", 7), ("", 0), ("x", 0), ("-7", 0), ("9" * 25, 0)])
def test_an_address_names_a_delivery_by_its_number(id: str, number: int):
    assert deliveries.number(id) == number
