"""Strips and sparklines: what stands where."""

from cicd_health.model.health import StripRun
from cicd_health.model.runs import Outcome
from cicd_health.ui import geometry
from tests.ui.samples import NOW


def run(outcome: Outcome, duration_s: float | None = 100.0, rescued: bool = False) -> StripRun:
    return StripRun(1, 1, outcome, rescued, duration_s, NOW)


def test_the_newest_run_is_the_rightmost_bar():
    shown = geometry.strip([run(Outcome.FAILURE)])
    assert shown.fail.startswith("M147 ")
    assert shown.absent == "M0 20.5H144"


def test_a_failed_run_stands_on_a_foot():
    assert "M147 22V26" in geometry.strip([run(Outcome.TIMED_OUT)]).fail


def test_an_unstable_run_is_amber_and_not_red():
    shown = geometry.strip([run(Outcome.UNSTABLE)])
    assert shown.warn
    assert not shown.fail


def test_a_rescued_run_has_an_amber_cap_and_a_small_foot():
    shown = geometry.strip([run(Outcome.SUCCESS, rescued=True)])
    assert shown.ok
    assert shown.warn.count("M") == 2
    assert "M147 22V24" in shown.warn


def test_what_is_left_out_is_only_an_outline():
    shown = geometry.strip([run(Outcome.SUPERSEDED)])
    assert shown.off
    assert not shown.ok


def test_a_longer_run_is_higher():
    short, long = geometry.strip([run(Outcome.SUCCESS, 50), run(Outcome.SUCCESS, 100)]).ok.split("M")[1:]
    assert int(short.split()[1].split("V")[0]) > int(long.split()[1].split("V")[0])


def test_only_the_last_thirty_runs_are_drawn():
    shown = geometry.strip([run(Outcome.SUCCESS)] * 40)
    assert shown.ok.count("M") == 30
    assert shown.absent == ""


def test_a_strip_of_nothing_says_so():
    assert geometry.strip([]).label == "no runs yet"


def test_the_label_counts_what_did_not_pass():
    assert geometry.strip([run(Outcome.SUCCESS), run(Outcome.FAILURE)]).label == "last 2 runs, 1 did not pass"


def test_a_gap_breaks_the_line():
    assert geometry.line([1, 2, None, 4]).line.count("M") == 2


def test_a_flat_line_runs_through_the_middle():
    assert geometry.line([5, 5]).line == "M2 14L198 14"


def test_a_line_of_nothing_is_empty():
    assert geometry.line([None, None]).line == ""


def test_the_last_bar_stands_out():
    shown = geometry.bars([1, 2, 3])
    assert shown.bars.count("z") == 2
    assert shown.last_bar.count("z") == 1


def test_one_or_two_blocks_do_not_fill_the_card():
    assert geometry.blocks([3600.0]).bars == "M0 2h14.7v25h-14.7z"
    assert geometry.blocks([]).bars == ""


def test_tiles_show_what_did_not_pass_first():
    shown = geometry.tiles([Outcome.SUCCESS, Outcome.FAILURE, None])
    assert shown.fail.startswith("M0 ")
    assert shown.off
