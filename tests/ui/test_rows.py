"""What a row says."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from cicd_health.model.health import HealthState, SourceHealth
from cicd_health.model.runs import Outcome
from cicd_health.ui import rows
from cicd_health.ui.components.sprite import SYMBOLS
from cicd_health.ui.rows import Activity, Piece
from tests.ui import samples
from tests.ui.samples import HOUR, MINUTE, NOW

BERLIN = ZoneInfo("Europe/Berlin")


def test_every_outcome_and_state_has_a_glyph_of_the_sprite():
    assert set(rows.MARKS) == set(Outcome)
    assert set(rows.STATE_MARKS) == set(HealthState)
    assert {mark.glyph for mark in rows.BY_NAME.values()} <= set(SYMBOLS)


def test_a_name_that_is_an_outcome_and_a_state_has_one_mark():
    for name in set(rows.MARKS) & set(rows.STATE_MARKS):
        assert rows.MARKS[Outcome(name)] == rows.STATE_MARKS[HealthState(name)]


def test_the_sentence_counts_worst_first():
    assert rows.sentence(samples.pipelines()) == (
        "1 pipeline broken, 4 need a look, 6 healthy, 1 with too few runs to say"
    )


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ((), "No pipelines here"),
        (("healthy",), "The one pipeline is healthy"),
        (("healthy", "healthy"), "All 2 pipelines healthy"),
        (("flaky", "healthy"), "1 pipeline needs a look, 1 healthy"),
        (("broken", "broken"), "2 pipelines broken"),
        (("few",), "1 pipeline with too few runs to say"),
    ],
)
def test_the_sentence_leaves_out_what_there_is_none_of(states, said):
    assert rows.sentence([samples.pipeline(state=HealthState(state)) for state in states]) == said


def test_backticks_in_a_cause_are_code():
    assert rows.pieces(("4 in a row", "job `test`")) == [Piece("4 in a row · job "), Piece("test", code=True)]


def test_attention_lists_what_is_not_well_with_its_age():
    first, second, third, *_ = rows.attention(samples.overview(), BERLIN)
    assert (first.name, first.where, first.when) == ("ci", "kestrel/checkout-api · main", "since 09:55 · 47 min")
    assert (second.where, second.when) == ("Jenkins · payments", "since Thu 03:42 · 31 h")
    assert third.when == "12 min waiting"


def test_a_failing_pipeline_names_its_last_run_and_leads_to_it_and_to_its_own_page():
    last = replace(samples.pipeline().strip[-1], run_id=7, number=4414)
    broken = samples.pipeline(state=HealthState.BROKEN, why=("the last run failed",), strip=(last,), last_run_id=7)
    (row,) = rows.attention(samples.overview(pipelines=(broken,)), BERLIN)
    assert row.why == [Piece("the last run failed"), Piece(" · "), Piece("run\u00a0#4414", href="/runs/7")]
    assert row.href == "/pipelines/1"


def test_attention_is_cut_after_eight():
    many = tuple(samples.pipeline(pipeline_id=i, state=HealthState.BROKEN, since=NOW - HOUR) for i in range(20))
    assert len(rows.attention(samples.overview(pipelines=many), BERLIN)) == 8


def test_a_pipeline_without_verdicts_says_nothing_rather_than_zero():
    row = rows.pipeline_row(samples.pipeline(successes=0, verdicts=0, p95_s=None, last_outcome=None), BERLIN)
    assert (row.n_of_m, row.rate, row.p95, rows.BY_NAME[row.last].word) == ("", "–", "–", "No runs")


def test_a_low_rate_is_red():
    assert rows.pipeline_row(samples.pipeline(successes=5, verdicts=7), BERLIN).rate_tone == "bad"


def test_the_chip_unhealthy_shows_only_those():
    shown = rows.shown(samples.pipelines(), "unhealthy")
    assert [pipeline.name for pipeline in shown] == ["ci", "nightly-regression", "ios-archive", "e2e", "build"]


def test_a_running_pipeline_says_how_long_it_still_takes():
    running = samples.pipeline(running=1, running_since=NOW - 3 * MINUTE, expected_end_at=NOW + MINUTE)
    assert rows.activity(running, NOW) == Activity("running", "1m 00s left", "run", 36)


def test_a_run_longer_than_usual_says_by_how_much():
    late = samples.pipeline(running=1, running_since=NOW - 10 * MINUTE, expected_end_at=NOW - 2 * MINUTE)
    assert rows.activity(late, NOW) == Activity("running", "2m 00s over", "late", 48)


def test_queued_jobs_say_the_longest_wait():
    waiting = samples.pipeline(waiting=3, oldest_waiting_at=NOW - timedelta(minutes=12, seconds=22))
    assert rows.activity(waiting, NOW).text == "3 queued · 12 min"


def test_an_idle_pipeline_says_nothing():
    assert rows.activity(samples.pipeline(), NOW) == Activity()


def test_a_second_attempt_stands_beside_the_number():
    assert rows.run_row(samples.run(number=4314, attempt=2)).number == "#4314 · 2nd"


def test_a_rescued_run_is_marked_as_one():
    assert rows.BY_NAME[rows.run_now(samples.run(rescued=True), NOW, BERLIN).mark].word == "Rescued"


def test_a_running_run_shows_its_time_so_far():
    row = rows.run_now(samples.run(outcome=Outcome.RUNNING, completed_at=None, duration_s=None), NOW, BERLIN)
    assert (row.duration, row.ended) == ("9m 00s", "running")


def test_a_run_without_title_branch_or_commit_stays_empty():
    row = rows.run_row(samples.run(title=None, branch=None, sha=None, number=None))
    assert (row.title, row.branch, row.sha, row.number) == ("", "", "", "")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (SourceHealth("github", "github.com", "ok", NOW - MINUTE, NOW, None), "complete to 10:42"),
        (SourceHealth("jenkins", "ci", "ok", NOW - 18 * timedelta(seconds=1), None, None), "18 s ago"),
        (SourceHealth("jenkins", "ci", "never", None, None, None), "nothing yet"),
        (SourceHealth("jenkins", "ci", "error", NOW - HOUR, None, "refused"), "cannot be reached"),
    ],
)
def test_a_source_says_how_fresh_it_is(source, said):
    assert rows.source_row(source, NOW, BERLIN, named=False).text == said


def test_two_sources_of_one_provider_are_told_apart():
    two = tuple(SourceHealth("jenkins", name, "ok", NOW, None, None) for name in ("ci-1", "ci-2"))
    assert [row.label for row in rows.source_rows(samples.overview(sources=two), BERLIN)] == [
        "Jenkins ci-1",
        "Jenkins ci-2",
    ]
