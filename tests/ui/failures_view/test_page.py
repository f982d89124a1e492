"""The failures page as text."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from cicd_health.model.alerts import IncidentState
from cicd_health.model.failures import FailingPipeline, FailingRun, Failure, FailureState, OpenIncident, Sighting
from cicd_health.model.health import Query
from cicd_health.model.windows import window_ending
from cicd_health.store.lists import RunFilter
from cicd_health.ui import routes, runs_view
from cicd_health.ui.failures_view import listing
from cicd_health.ui.failures_view.listing import PAGE, Listed, Read
from cicd_health.ui.failures_view.opened import excerpt_lines
from cicd_health.ui.failures_view.page import FailuresPage, page
from cicd_health.ui.routes import AskedFailures, AskedRuns
from tests.factories import NOW

BERLIN = ZoneInfo("Europe/Berlin")
SHOP = FailingPipeline(1, "ci", "acme/shop", "github", 3)
MAIL = FailingPipeline(2, "nightly", "acme/mail", "github", 1)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def incidents(*states: str, until: datetime | None = None) -> tuple[OpenIncident, ...]:
    return tuple(OpenIncident(n, IncidentState(state), f"ci fails {n}", until) for n, state in enumerate(states, 1))


def sighting(signature: str = "aa", **changes: Any) -> Sighting:
    usual: dict[str, Any] = {"runs": 4, "first_seen_at": ago(2), "last_seen_at": ago(0.1), "new": True}
    return Sighting(signature, **(usual | changes))


def failure(seen: Sighting | None = None, **changes: Any) -> Failure:
    run = FailingRun(7, 1, 901, "main", "abc", ago(0.1), "unit", "pytest", None, "one\n…\nE   boom")
    usual: dict[str, Any] = {
        "words": "E   boom",
        "pipelines": (SHOP, MAIL),
        "pipelines_n": 2,
        "jobs": ("unit", "e2e", "lint"),
        "jobs_n": 3,
        "example": run,
    }
    return Failure(seen or sighting(), **(usual | changes))


def read(*seen: Sighting, unexplained: int = 0, window: str = "7d") -> Read:
    query = Query(window_ending(window, NOW), tz="Europe/Berlin")
    return Read(NOW, query, False, seen, unexplained, ("github",), ("acme/shop",), ("main",))


def shown(asked: AskedFailures | None = None, *failures: Failure, number: int | None = None) -> FailuresPage:
    some = failures or (failure(),)
    listed = Listed(some, 0, len(some) if number is None else number, 0, {"aa": [0, 1, 3]})
    return page(read(*(one.sighting for one in some)), asked or AskedFailures(), listed, BERLIN)


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        ("new new new known muted", "3 new kinds of failure, 1 known, 1 muted"),
        ("known", "1 known kind of failure"),
        ("muted muted", "2 muted kinds of failure"),
        ("", "No failure in the last 7 days"),
    ],
)
def test_the_sentence_counts_what_is_new_first(states: str, sentence: str):
    muted = incidents("muted")
    seen = [
        sighting(str(n), new=state == "new", incidents=muted if state == "muted" else ())
        for n, state in enumerate(states.split())
    ]
    assert page(read(*seen), AskedFailures(), Listed((), 0, 0, 0, {}), BERLIN).head.sentence == sentence


def test_it_is_muted_only_when_all_that_is_open_of_it_is():
    assert sighting(incidents=incidents("muted", "muted")).state is FailureState.MUTED
    assert sighting(incidents=incidents("muted", "open")).state is FailureState.NEW
    assert sighting(new=False).state is FailureState.KNOWN


def test_a_row_says_where_and_leads_to_its_runs_and_to_its_newest():
    [row] = shown(AskedFailures(branch="main")).rows
    assert (row.mark, row.words, row.jobs) == ("new", "E   boom", "unit, e2e and 1 more")
    assert (row.pipeline, row.where, row.others) == ("ci", "acme/shop", "in 2 pipelines")
    assert row.of == "/pipelines/1?branch=main"
    assert row.runs_href == routes.runs(AskedRuns(branch="main", signature="aa"))
    assert (row.newest, row.newest_href) == ("#901", "/runs/7")
    assert row.bars.label == "runs per day: 3 at most"


def test_the_runs_of_a_row_are_those_of_the_window_to_the_second():
    window, page = read().query.window, shown(AskedFailures(repo="acme/shop"))
    address = dict(parse_qsl(urlsplit(page.rows[0].runs_href + page.head.span).query))
    wanted = runs_view.wanted(routes.asked_runs(address), BERLIN, NOW)
    assert wanted == RunFilter(repo="acme/shop", signature="aa", start=window.start, end=window.end)


@pytest.mark.parametrize(
    ("states", "said", "state"),
    [
        (("open",), "Open", "open"),
        (("muted",), "Muted until fixed", "muted"),
        (("open", "muted", "open"), "2 of 3 open", "open"),
        (("muted", "muted"), "2 muted", "muted"),
        (("acknowledged", "muted"), "2 incidents", "open"),
        ((), "", ""),
    ],
)
def test_what_is_open_of_it_is_said_in_few_words(states: tuple[str, ...], said: str, state: str):
    [row] = shown(None, failure(sighting(incidents=incidents(*states)))).rows
    assert (row.said, row.open_state) == (said, state)
    assert (row.incident, row.incidents) == (
        ("1", "") if len(states) == 1 else ("", ",".join(str(n) for n in range(1, len(states) + 1)))
    )


def test_a_mute_with_an_end_says_when():
    [row] = shown(None, failure(sighting(incidents=incidents("muted", until=NOW + timedelta(hours=1))))).rows
    assert row.said == "Muted until 12:42"


def test_new_ones_come_first_until_another_order_is_asked_for():
    seen = [
        sighting("old", first_seen_at=ago(90), new=False, last_seen_at=ago(0), runs=1),
        sighting("fresh", first_seen_at=ago(1), last_seen_at=ago(1), runs=2),
        sighting("many", first_seen_at=ago(5), last_seen_at=ago(3), runs=40),
    ]

    def order(**asked: str) -> list[str]:
        return [one.signature for one in listing.chosen(read(*seen), AskedFailures(**asked))]

    assert order() == ["fresh", "many", "old"]
    assert order(sort="last") == ["old", "fresh", "many"]
    assert order(sort="runs") == ["many", "fresh", "old"]
    assert order(state="known") == ["old"]
    assert order(q=" many ") == ["many"]
    assert order(q="man") == ["fresh", "many", "old"]


@pytest.mark.parametrize("q", ["BOOM", "aa", "e2e", "nightly", "acme/mail", "mail/night"])
def test_a_text_is_found_in_words_signature_jobs_and_pipelines(q: str):
    assert listing.mentions(failure(), q)
    assert not listing.mentions(failure(), f"{q}!")


def test_a_row_opens_and_closes_at_its_address():
    closed, opened = shown(AskedFailures(sort="runs")), shown(AskedFailures(sort="runs", signature="aa"))
    assert closed.rows[0].href == "/failures?sort=runs&signature=aa"
    assert opened.rows[0].href == "/failures?sort=runs"
    assert (closed.opened.key, opened.opened.key) == ("", "aa")
    assert [(line.name, line.runs) for line in opened.opened.pipelines] == [("ci", "3 runs"), ("nightly", "1 run")]
    assert opened.opened.failed == "unit › pytest"


def test_the_line_that_says_why_is_marked_among_the_failing_lines():
    lines = excerpt_lines("  E   boom\nso\n…\n\n  E   boom\n", "E   boom")
    assert [(line.text, line.tone) for line in lines] == [
        ("  E   boom", ""),
        ("so", ""),
        ("…", "gap"),
        ("", ""),
        ("  E   boom", "cause"),
    ]
    assert excerpt_lines("", "E   boom") == []


def test_fifty_stand_on_a_page_and_the_next_goes_on():
    first = shown(AskedFailures("30d", signature="aa"), *[failure()] * PAGE, number=120).head
    assert (first.listed, first.newest, first.older) == (
        "1 to 50 of 120, new first",
        "",
        "/failures?window=30d&after=50",
    )


def test_an_empty_page_says_what_was_searched_and_where_to_look_further():
    asked = AskedFailures(provider="github", state="muted", q="boom")
    head = page(read(), asked, Listed((), 0, 0, 0, {}), BERLIN).head
    assert head.nothing == "No kind of failure matches"
    assert head.hint == "Searched: muted, GitHub, “boom” in words, signature, job and pipeline, in the last 7 days."
    assert (head.wider_words, head.everything) == ("Look at the last 30 days", "/failures")
    assert head.wider == routes.failures(replace(asked, window="30d"))
    longest = page(read(window="90d"), AskedFailures("90d"), Listed((), 0, 0, 0, {}), BERLIN).head
    assert (longest.sentence, longest.wider) == ("No failure in the last 90 days", "")


def test_failures_without_a_known_cause_are_told_and_lead_to_their_runs():
    head = page(read(unexplained=1), AskedFailures(repo="acme/shop"), Listed((), 0, 0, 0, {}), BERLIN).head
    assert head.sentence == "No failure whose cause is known in the last 7 days"
    assert head.unexplained == "1 failed run has no log that says why"
    assert head.unexplained_href == "/runs?outcome=failed&repo=acme%2Fshop&signature=none"
    assert shown().head.unexplained == ""
