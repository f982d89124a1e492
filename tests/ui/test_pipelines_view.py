"""The pipelines page as text."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from cicd_health.model.health import HealthState, PipelineHealth
from cicd_health.ui import pipelines_view
from cicd_health.ui.pipelines_view import PipelinesPage, Read
from cicd_health.ui.routes import AskedPipelines
from tests.ui import samples
from tests.ui.samples import NOW, WINDOW

BERLIN = ZoneInfo("Europe/Berlin")


def read(*pipelines: PipelineHealth, empty: bool = False) -> Read:
    return Read(NOW, WINDOW, empty, pipelines, ("github", "jenkins"), ("kestrel/ledger", "payments"), ("main",))


def shown(asked: AskedPipelines | None = None, *pipelines: PipelineHealth) -> PipelinesPage:
    return pipelines_view.page(read(*(pipelines or samples.pipelines())), asked or AskedPipelines(), BERLIN)


def names(page: PipelinesPage) -> list[str]:
    return [row.name for row in page.rows]


def test_the_sentence_counts_states_worst_first():
    assert shown().head.sentence == (
        "12 pipelines: 1 broken, 1 unstable, 1 waiting for a runner, 1 flaky, 1 slower, 6 healthy, "
        "1 with too few runs to say"
    )


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        ([], "No pipelines here"),
        ([HealthState.BROKEN], "1 pipeline, broken"),
        ([HealthState.HEALTHY] * 3, "3 pipelines, all healthy"),
    ],
)
def test_a_sentence_about_one_state_does_not_count_twice(states: list[HealthState], sentence: str):
    assert pipelines_view.sentence([samples.pipeline(state=state) for state in states]) == sentence


def test_without_an_order_the_worst_come_first():
    assert [row.mark for row in shown().rows[:3]] == ["broken", "unstable", "queue"]
    assert shown().head.listed == "12"
    assert shown().head.order == "worst first"


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("p95", 488.0, None),
        ("-p95", 100.0, None),
    ],
)
def test_what_has_no_number_comes_last_whichever_way(sort: str, first: float, last: None):
    some = [samples.pipeline(p95_s=seconds) for seconds in (None, 100.0, 488.0, 300.0)]
    found = pipelines_view.ordered(some, sort)
    assert (found[0].p95_s, found[-1].p95_s) == (first, last)


def test_the_lowest_rate_comes_first_and_its_column_says_so():
    page = shown(AskedPipelines(sort="rate"))
    assert names(page)[0] == "nightly-regression"
    assert page.head.sorts["rate"].order == "ascending"
    assert page.head.sorts["rate"].href == "/pipelines?sort=-rate"
    assert page.head.sorts["p95"].href == "/pipelines?sort=p95"
    assert page.head.sorts[""].order == "none"


@pytest.mark.parametrize(
    ("sort", "said"),
    [
        ("", "worst first"),
        ("rate", "by success rate, lowest first"),
        ("-rate", "by success rate, highest first"),
        ("p95", "by duration p95, longest first"),
        ("-last", "by last verdict, oldest first"),
        ("name", "by repository and name, A first"),
    ],
)
def test_the_order_is_said_in_words(sort: str, said: str):
    assert shown(AskedPipelines(sort=sort)).head.order == said


def test_a_column_turned_round_leads_back():
    assert shown(AskedPipelines(sort="-runs")).head.sorts["runs"].href == "/pipelines?sort=runs"


def test_the_search_looks_in_repository_and_name_whatever_the_case():
    assert names(shown(AskedPipelines(q="EDGE-proxy/ci"))) == ["ci"]
    assert shown(AskedPipelines(q="e2e")).head.listed == "1 of 12"


@pytest.mark.parametrize(("state", "number"), [("unhealthy", 5), ("running", 3), ("flaky", 1), ("", 12)])
def test_a_state_narrows_the_list(state: str, number: int):
    assert len(shown(AskedPipelines(state=state)).rows) == number


def test_fifty_stand_on_a_page_and_the_next_goes_on():
    many = [samples.pipeline(pipeline_id=i, name=f"p{i}") for i in range(120)]
    first = shown(AskedPipelines(window="30d"), *many).head
    assert (first.listed, first.newest, first.older) == ("1 to 50 of 120", "", "/pipelines?window=30d&after=50")
    last = shown(AskedPipelines(after="100"), *many)
    assert (len(last.rows), last.head.newest, last.head.older) == (20, "/pipelines?after=50", "")
    assert shown(AskedPipelines(after="50"), *many).head.newest == "/pipelines"


def test_a_page_beyond_the_last_is_the_first():
    assert shown(AskedPipelines(after="5000")).head.listed == "12"


def test_a_row_says_how_it_moved_and_leads_to_the_pipeline():
    one = samples.pipeline(successes_before=40, verdicts_before=54, p50_s=121.0, runs=60, spent_s=7260.0)
    [row] = shown(AskedPipelines(window="30d", branch="main"), one).rows
    assert (row.n_of_m, row.rate, row.rate_delta.tone) == ("53 of 54", "98.1 %", "good")
    assert (row.p50, row.runs, row.spent) == ("2m 01s", "60", "2h 01m")
    assert row.href == "/pipelines/1?window=30d&branch=main"


def test_why_a_pipeline_is_in_its_state_stands_in_its_row():
    row = shown().rows[0]
    assert "".join(piece.text for piece in row.why) == "4 in a row · job test · 3 commits since 7c41e0b"


def test_an_empty_answer_says_to_which_question():
    head = shown(AskedPipelines(q="nothing", repo="a/b", window="24h")).head
    assert (head.nothing, head.listed) == ("No pipelines match", "")
    assert head.hint == "Searched: a/b, “nothing” in repository and name, in the last 24 hours."
    assert head.everything == "/pipelines?window=24h"


def test_before_the_first_run_the_way_to_connect_is_shown():
    head = pipelines_view.page(read(empty=True), AskedPipelines(), BERLIN).head
    assert (head.nothing, head.connect) == ("Nothing has arrived yet", True)


def test_a_chosen_repository_stays_on_offer_when_it_has_no_pipeline():
    assert shown(AskedPipelines(repo="gone/away")).head.repos == ["gone/away", "kestrel/ledger", "payments"]


def test_a_pipeline_without_machine_time_says_nothing_rather_than_zero():
    assert shown(None, replace(samples.pipeline(), spent_s=0.0)).rows[0].spent == "–"
