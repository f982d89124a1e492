"""What stands behind a number, in words, with links to exactly its runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cicd_health.metrics import METRICS
from cicd_health.model.explain import Explanation, LeftOut, Part
from cicd_health.model.health import Query
from cicd_health.model.windows import Window
from cicd_health.ui import explain_view, routes, runs_view
from cicd_health.ui.explain_view import Explained
from cicd_health.ui.routes import AskedExplanation

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 9, 42, 59, tzinfo=UTC)
WINDOW = Window("7d", NOW - timedelta(days=7), NOW)
ASKED = AskedExplanation(slug="success_rate", page="/?window=7d")
SEVEN_DAYS = Query(WINDOW)
LEFT_OUT = (
    LeftOut("failure", 3, "did not pass"),
    LeftOut("timed_out", 1, "did not pass"),
    LeftOut("superseded", 13, "cancelled while a newer run of the branch was there"),
    LeftOut("unmeasured", 2, "its duration is not known"),
)


def found(query: Query = SEVEN_DAYS, **values: Any) -> Explanation:
    usual: dict[str, Any] = {
        "slug": "success_rate",
        "label": "Success rate",
        "unit": "rate",
        "better": "higher",
        "value": 0.9417,
        "formula": "success ÷ (success + timed_out)",
        "source": "Cancelled is left out.",
        "n": 630,
        "m": 669,
        "left_out": (),
        "remarks": (),
        "query": query,
        "counted": "success_rate",
    }
    return Explanation(**usual | values)


def shown(one: Explanation, asked: AskedExplanation = ASKED, query: Query | None = None) -> Explained:
    return explain_view.explained(asked, query or one.query, one, "", BERLIN)


def test_a_rate_is_shown_with_its_n_of_m_and_leads_to_all_m_runs():
    drawer = shown(found())
    assert (drawer.value, drawer.unit, drawer.n_of_m) == ("94.2", "%", "630 of 669 verdicts")
    assert drawer.runs == "Show the 669 runs"
    assert drawer.of == "All pipelines"
    assert drawer.nothing_left_out == "Nothing."


def test_words_of_the_code_are_words_of_people():
    drawer = shown(found(source="Source."))
    assert drawer.formula == "success ÷ (success + timed out)"
    assert drawer.source == "Source. Higher is better."


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "rate", ("–", "")),
        (444.0, "s", ("7m 24s", "")),
        (3.25, "per_day", ("3.2", "a day")),
        (96.4, "per_day", ("96", "a day")),
        (1842, "count", ("1,842", "")),
    ],
)
def test_a_value_is_shown_with_its_unit(value: float | None, unit: str, text: tuple[str, str]):
    assert explain_view.number(value, unit) == text


def test_what_was_left_out_says_why_once_for_neighbours_with_the_same_reason():
    rows = shown(found(left_out=LEFT_OUT)).left_out
    assert [(row.word, row.count) for row in rows] == [
        ("Failure", "3"),
        ("Timed out", "1"),
        ("Superseded", "13"),
        ("Unmeasured", "2"),
    ]
    assert [row.why for row in rows][:2] == ["", "did not pass"]
    assert [row.mark for row in rows] == ["failure", "timed_out", "superseded", ""]


def test_a_number_that_is_no_rate_leads_to_the_n_runs_it_was_computed_from():
    parts = (Part("p50", 240.0, "s"), Part("p95", 600.0, "s"))
    drawer = shown(found(slug="duration_s", label="Duration p50", unit="s", value=240.0, n=620, m=630, parts=parts))
    assert drawer.n_of_m == "620 of 630 runs"
    assert drawer.runs == "Show the 620 runs"
    assert [(one.name, one.value) for one in drawer.beside] == [("p95", "10m 00s")]


def test_what_counts_every_run_is_not_n_of_m():
    drawer = shown(found(slug="failure_streak", unit="count", value=5, n=5, m=5, counted="failure_streak"))
    assert (drawer.value, drawer.n_of_m, drawer.runs) == ("5", "5 runs", "Show the 5 runs")


def test_with_nothing_to_compute_it_from_there_is_nothing_to_show():
    drawer = shown(found(value=None, n=0, m=0))
    assert (drawer.value, drawer.n_of_m, drawer.runs) == ("–", "no verdicts", "")


def test_the_link_asks_the_runs_page_for_the_same_question_exact_to_the_second():
    query = Query(WINDOW, provider="github", repo="kestrel/api", pipeline_id=12, branch="main")
    href = shown(found(query)).runs_href
    parameters = dict(pair.split("=") for pair in href.partition("?")[2].replace("%2F", "/").split("&"))
    assert href.startswith("/runs?")
    asked = routes.asked_runs({name: value.replace("%3A", ":") for name, value in parameters.items()})
    wanted = runs_view.wanted(asked, BERLIN, NOW + timedelta(hours=1))
    assert (wanted.start, wanted.end) == (WINDOW.start, WINDOW.end)
    assert (wanted.provider, wanted.repo, wanted.pipeline, wanted.branch) == ("github", "kestrel/api", "12", "main")
    assert wanted.counted == "success_rate"


def test_a_number_over_all_times_says_so_and_asks_for_no_window():
    ever = Window("custom", datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
    one = found(Query(ever), slug="last_outcome", counted="last_outcome", n=11, m=12)
    drawer = shown(one, query=SEVEN_DAYS)
    assert drawer.period == "All that was ever received"
    assert drawer.runs_href == "/runs?counted=last_outcome"
    assert drawer.n_of_m == "11 of 12 pipelines"
    assert drawer.runs == "Show the runs"


def test_every_number_can_be_named_in_an_address_and_others_open_nothing():
    for metric in METRICS:
        assert explain_view.begun(AskedExplanation(slug=metric.slug)).label == metric.label
    assert explain_view.begun(AskedExplanation(slug="nonsense")) == Explained()


def test_an_address_says_which_number_of_which_pipeline_and_where_closing_leads():
    address = routes.explained("/?window=30d&repo=kestrel%2Fapi", "success_rate", 12)
    assert address == "/?window=30d&repo=kestrel%2Fapi&explain=success_rate@12"
    asked = routes.asked_explanation("/", {"window": "30d", "repo": "kestrel/api", "explain": "success_rate@12"})
    assert (asked.slug, asked.pipeline_id, asked.window, asked.repo) == ("success_rate", 12, "30d", "kestrel/api")
    assert asked.page == "/?window=30d&repo=kestrel%2Fapi"
    assert routes.asked_explanation("/pipelines/7/", {"explain": "queue_s"}).pipeline_id == 7
    assert routes.explained("/", "flaky") == "/?explain=flaky"
