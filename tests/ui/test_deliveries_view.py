"""The deliveries page as text."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from cicd_health import flow
from cicd_health.store import deliveries, engine
from cicd_health.ui import deliveries_view
from cicd_health.ui.routes import AskedDeliveries
from cicd_health.ui.states.deliveries import load, load_one, load_payload, to_replay
from tests.bodies import NOON, delivery, github_run

ZONE = ZoneInfo("UTC")
NONSENSE = {"action": "completed", "workflow_run": "<script>"}


def receive(*bodies: dict, **more) -> list[int]:
    return [receipt.delivery_id for receipt in flow.receive([delivery(body, **more) for body in bodies], NOON)]


def test_a_row_says_what_became_of_it_and_leads_to_its_run(database):
    applied, kept = receive(github_run(7), NONSENSE)
    shown = load(AskedDeliveries(), ZONE)
    by_key = {row.key: row for row in shown.rows}
    assert by_key[str(applied)].mark.word == "Applied"
    assert by_key[str(applied)].run == "ci #7"
    assert by_key[str(applied)].run_href.startswith("/runs/")
    assert by_key[str(kept)].mark.word == "Not understood"
    assert by_key[str(kept)].error
    assert by_key[str(kept)].href == f"/deliveries?id={kept}"
    assert shown.head.sentence == "1 delivery not understood"
    assert shown.head.replayable


def test_before_the_first_delivery_nothing_is_called_understood(database):
    assert load(AskedDeliveries(), ZONE).head.sentence == "No deliveries yet"


def test_when_all_is_well_the_page_says_so_and_offers_nothing_to_replay(database):
    receive(github_run(7))
    head = load(AskedDeliveries(), ZONE).head
    assert head.sentence == "Every delivery is understood"
    assert not head.replayable


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (AskedDeliveries(state="kept"), 1),
        (AskedDeliveries(state="failed"), 0),
        (AskedDeliveries(provider="jenkins"), 0),
        (AskedDeliveries(q="WORKFLOW_RUN"), 2),
        (AskedDeliveries(q="missing, or not an object"), 1),
        (AskedDeliveries(q="50%_"), 0),
        (AskedDeliveries(state="nonsense"), 2),
    ],
)
def test_filters_hold(database, asked: AskedDeliveries, found: int):
    receive(github_run(7), NONSENSE)
    shown = load(asked, ZONE)
    assert len(shown.rows) == found
    assert bool(shown.head.hint) == (found == 0)


def test_pages_follow_each_other(database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(deliveries_view, "PAGE", 2)
    ids = receive(*(github_run(number) for number in range(1, 4)))
    first = load(AskedDeliveries(), ZONE)
    before = first.head.older.partition("before=")[2]
    second = load(AskedDeliveries(before=before), ZONE)
    assert [row.key for row in (*first.rows, *second.rows)] == [str(id) for id in sorted(ids, reverse=True)]
    assert second.head.older == ""
    assert second.head.newest == "/deliveries"


def test_one_delivery_is_shown_in_full(database):
    [id] = receive(NONSENSE)
    shown = load_one(AskedDeliveries(id=str(id), state="kept"), ZONE)
    assert shown.title == "workflow_run · completed"
    assert shown.error
    assert shown.close == "/deliveries?state=kept"
    assert ("x-github-event", "workflow_run") in [(header.name, header.value) for header in shown.headers]
    assert json.loads(load_payload(id).text) == NONSENSE


@pytest.mark.parametrize("id", ["999", "x", "-1", "9" * 30])
def test_a_delivery_that_is_not_there_is_said(database, id: str):
    assert load_one(AskedDeliveries(id=id), ZONE).missing


def test_what_is_replayed_are_those_with_an_error_of_what_is_asked_for(database):
    _, kept = receive(github_run(7), NONSENSE)
    assert to_replay(AskedDeliveries()) == [kept]
    assert to_replay(AskedDeliveries(state="applied")) == []
    assert to_replay(AskedDeliveries(provider="jenkins")) == []


def test_not_understood_are_counted_up_to_a_limit(database):
    receive(NONSENSE, NONSENSE, NONSENSE)
    with engine.reading() as session:
        assert deliveries.not_applied(session, 2) == {"kept": 2, "failed": 0}


def test_a_body_that_is_not_json_is_shown_as_it_came():
    assert deliveries_view.payload(b"payload=%7B\xff").text == "payload=%7B\ufffd"


def test_a_large_payload_is_cut_and_the_cut_is_said():
    shown = deliveries_view.payload(json.dumps({"log": "x" * 3_000_000}).encode())
    assert len(shown.text) == deliveries_view.SHOWN_SIZE
    assert shown.cut == "The first 200 kB of 3.0 MB are shown."


def test_what_cannot_be_seen_is_spelled_out():
    shown = deliveries_view.payload(b'{"a": "\\u202egnp.\\ud800\\u0000"}').text
    assert "\\u202e" in shown
    assert "\u202e" not in shown
    shown.encode()  # no half of a character is left


def test_a_deeply_nested_body_is_shown_as_it_came():
    assert deliveries_view.payload(b"[" * 100_000).text.startswith("[[[")


@pytest.mark.parametrize(
    ("size", "words"), [(812, "812 B"), (22_400, "22 kB"), (999_900, "1.0 MB"), (1_400_000, "1.4 MB")]
)
def test_sizes(size: int, words: str):
    assert deliveries_view.size(size) == words


def test_what_came_through_the_flat_form_is_named_as_such():
    assert deliveries_view.label("flat:github") == "GitHub, flat form"
    assert deliveries_view.label("ingest") == "Posted"
