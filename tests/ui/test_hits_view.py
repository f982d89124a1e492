"""What was found in the logs, as text."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from cicd_health.store.logs import Found, Hit
from cicd_health.ui import hits_view
from cicd_health.ui.hits_view import Stretch, stretches
from cicd_health.ui.routes import AskedRuns
from tests.factories import NOW

ZONE = ZoneInfo("UTC")
ASKED = AskedRuns(place="logs", q="refund")


def hit(**changes: Any) -> Hit:
    values: dict[str, Any] = {
        "log_id": 1,
        "run_id": 5,
        "job_id": 9,
        "attempt": 2,
        "line": 1204,
        "text": "AssertionError: refund issued twice",
        "repo": "acme/shop",
        "pipeline": "ci",
        "number": 7,
        "job": "unit",
        "outcome": "failure",
        "created_at": NOW,
    }
    return Hit(**(values | changes))


def shown(*found: Hit, following: int | None = None, asked: AskedRuns = ASKED) -> hits_view.Hits:
    return hits_view.hits(Found(found, following), asked, NOW, ZONE)


def test_hits_of_one_log_stand_together_and_lead_to_their_lines():
    answer = shown(hit(), hit(line=1210), hit(log_id=2, job="lint"))
    assert answer.sentence == "3 lines in 2 logs"
    first = answer.logs[0]
    assert (first.number, first.job, first.mark) == ("#7 · attempt 2", "unit", "failure")
    assert [line.number for line in first.lines] == ["1,204", "1,210"]
    assert first.lines[0].href == "/runs/5?attempt=2&job=9&line=1204&q=refund"


def test_the_log_of_a_run_without_jobs_leads_to_the_run():
    assert shown(hit(job_id=None, job=None)).logs[0].href == "/runs/5?attempt=2"


def test_an_answer_that_is_not_whole_leads_on():
    answer = shown(hit(), following=77)
    assert answer.sentence == "The latest 1 line in 1 log"
    assert answer.older == "/runs?in=logs&q=refund&before=77"


def test_a_search_that_took_too_long_is_not_called_empty():
    answer = shown(following=77)
    assert answer.nothing == "Not found so far"
    assert answer.older


def test_nothing_found_says_what_was_searched():
    answer = shown()
    assert answer.nothing == "Not found"
    assert "refund" in answer.hint


def test_too_little_to_look_for_is_said_instead_of_searching():
    assert hits_view.not_yet(AskedRuns(place="logs", q="ab")) is not None
    assert hits_view.not_yet(AskedRuns(place="logs")) is not None
    assert hits_view.not_yet(ASKED) is None


def test_every_occurrence_is_set_apart_whatever_its_case():
    assert stretches("Refund of a refund", "REFUND") == [
        Stretch("Refund", hit=True),
        Stretch(" of a "),
        Stretch("refund", hit=True),
    ]


def test_a_long_line_is_cut_around_the_first_hit():
    pieces = stretches("x" * 5000 + "refund" + "y" * 5000, "refund")
    assert [piece.text for piece in pieces if piece.hit] == ["refund"]
    assert sum(len(piece.text) for piece in pieces) <= hits_view.LONGEST + 2


def test_a_place_in_an_address_that_is_none_begins_at_the_top():
    assert hits_view.place("x") is None
    assert hits_view.place("12") == 12


def test_a_log_store_that_does_not_answer_is_no_search_without_hits():
    shown = hits_view.unreadable("The log store /logs cannot be read: Input/output error.")
    assert (shown.nothing, shown.logs) == ("The logs cannot be searched at the moment", [])
    assert shown.hint.startswith("The log store /logs")
