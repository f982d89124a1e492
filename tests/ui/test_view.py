"""The overview page as text."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from cicd_health.ui.routes import Asked
from cicd_health.ui.view import View, view
from tests.ui import samples

SECOND = timedelta(seconds=1)
BERLIN = ZoneInfo("Europe/Berlin")


def shown(asked: Asked | None = None, **changes: object) -> View:
    return view(samples.overview(**changes), asked or Asked(), BERLIN)


def test_the_heading_says_the_window_and_what_it_is_compared_with():
    heading = shown().heading
    assert heading.period == "Fri 13 Nov 10:42 to Fri 20 Nov 10:42, against the 7 days before"
    assert heading.nothing == ""


def test_an_empty_window_says_what_was_searched_and_leads_further():
    nothing = samples.summary(total=0, verdicts=0, success_rate=None, failure_rate=None)
    heading = shown(Asked(repo="nobody/here"), summary=nothing).heading
    assert heading.nothing == "No runs in the last 7 days"
    assert "nobody/here" in heading.hint
    assert heading.wider == "/?window=30d&repo=nobody%2Fhere"


def test_an_empty_longest_window_leads_to_everything():
    nothing = samples.summary(total=0, verdicts=0, success_rate=None, failure_rate=None)
    assert shown(Asked(window="90d", repo="nobody/here"), summary=nothing).heading.wider == "/?window=90d"


def test_the_windows_keep_the_filters():
    choices = {choice.value: choice for choice in shown(Asked(branch="main")).filters.windows}
    assert choices["30d"].href == "/?window=30d&branch=main"
    assert choices["7d"].chosen


def test_a_chosen_branch_stays_on_offer_when_it_has_no_runs():
    assert shown(Asked(branch="gone")).filters.branches == ["gone", "main", "release/2.41"]


def test_the_filters_can_be_cleared_only_when_there_are_any():
    assert shown().filters.everything == ""
    assert shown(Asked(window="24h", repo="a/b")).filters.everything == "/?window=24h"


def test_the_chips_count_and_filter():
    pipelines = shown(Asked(show="running")).pipelines
    assert [(chip.label, chip.number, chip.chosen) for chip in pipelines.chips] == [
        ("All", "12", False),
        ("Unhealthy", "5", False),
        ("Running", "3", True),
    ]
    assert len(pipelines.rows) == 3


def test_many_pipelines_are_cut_and_the_cut_is_said():
    many = tuple(replace(samples.pipeline(), pipeline_id=i) for i in range(120))
    pipelines = shown(pipelines=many).pipelines
    assert len(pipelines.rows) == 50
    assert pipelines.cut.startswith("50 of 120 shown")


def test_every_row_has_its_strip():
    page = shown()
    keys = {row.key for row in page.pipelines.rows}
    assert set(page.strips) == set(page.pipelines_now) == keys


def test_time_that_passes_changes_only_what_is_small():
    """Most pushes come because a minute has passed or a run goes on: rows, strips and charts are not sent again."""
    told = samples.overview()
    before, after = (view(replace(told, now=told.now + later), Asked(), BERLIN) for later in (0 * SECOND, 2 * SECOND))
    assert before.latest_now != after.latest_now
    parts = ("pipelines", "strips", "latest", "cards", "sparks", "attention", "charts")
    assert [part for part in parts if getattr(before, part) != getattr(after, part)] == []


def test_nothing_wrong_is_one_calm_line():
    calm = shown(pipelines=(samples.pipeline(),)).attention
    assert (calm.rows, calm.calm) == ([], "All 1 pipeline healthy, last checked 10:42")


def test_equal_overviews_give_equal_views():
    assert shown() == shown()
