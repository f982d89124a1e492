"""Changes, flaky jobs and reasons of failure, in words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from cicd_health.model.flakes import FlakyState
from cicd_health.ui.pipeline_view.troubles import change_row, failure_row, flaky_row, told, troubles
from cicd_health.ui.run_view.said import Said
from tests.ui import samples
from tests.ui.pipeline_samples import change, failure, flaky, report
from tests.ui.samples import HOUR, NOW

BERLIN = ZoneInfo("Europe/Berlin")
NUMBERS = {29: 1862}


def words(said: list[Said]) -> str:
    return "".join(stretch.text for stretch in said).replace("\u00a0", " ")


def test_a_change_names_the_run_where_it_began_and_the_step_that_grew():
    row = change_row(change(), NUMBERS, NOW, BERLIN)
    assert words(row.said) == (
        "The pipeline takes 23m 29s instead of 17m 16s (+36 %) since Tue 10:42, #1862"
        " · mostly gradle bundleRelease of assemble: 13m 32s → 19m 50s"
    )
    assert (row.word, row.glyph, row.tone) == ("Slower", "slower", "warn")
    assert row.below == "99 % sure: 40 runs before, 25 since"
    assert [stretch.href for stretch in row.said if stretch.href] == ["/runs/29"]


def test_a_change_for_the_better_is_green_and_has_a_minus():
    row = change_row(change(job="unit", before=300.0, after=240.0, blame=None), {}, NOW, BERLIN)
    assert words(row.said) == "Job unit takes 4m 00s instead of 5m 00s (−20 %) since Tue 10:42, a run"
    assert (row.word, row.tone) == ("Faster", "ok")


def test_a_change_of_the_failure_rate_is_in_per_cent():
    row = change_row(change(of="failure_rate", before=0.042, after=0.31, blame=None), NUMBERS, NOW, BERLIN)
    assert words(row.said) == "The pipeline fails 31.0 % of the time instead of 4.2 % since Tue 10:42, #1862"
    assert row.word == "Fails more"


def test_what_a_change_is_blamed_on_is_not_told_again():
    job = change(job="assemble", at=NOW - 70 * HOUR)
    step = change(job="assemble", step="gradle bundleRelease", blame=None)
    other, later = change(job="unit", blame=None), change(job="assemble", at=NOW - HOUR, blame=None)
    assert told((step, job, change(), other, later)) == [later, change(), other]
    assert told((step, job)) == [job]


def test_a_step_is_named_with_its_job():
    row = change_row(change(job="unit", step="npm ci", blame=None), NUMBERS, NOW, BERLIN)
    assert words(row.said).startswith("Step npm ci of job unit takes ")


def test_a_flaky_job_says_on_how_many_commits_and_leads_to_runs():
    row = flaky_row(flaky(), NUMBERS, NOW, BERLIN)
    assert row.said == "failed, then passed on 4 commits, last 07:42 · failed 6 of 40 times in 14 days"
    assert [(one.text, one.href) for one in row.runs if one.href] == [("#1862", "/runs/29"), ("a run", "/runs/812")]
    assert (row.word, row.tone) == ("Confirmed", "warn")


def test_a_job_without_a_name_is_the_run_itself():
    row = flaky_row(flaky(job=None, state=FlakyState.SUSPECTED, clean=2), NUMBERS, NOW, BERLIN)
    assert (row.job, row.word) == ("the run itself", "Suspected")
    assert row.said.endswith("2 clean commits since")


def test_a_new_reason_is_marked_and_leads_to_its_last_run():
    row = failure_row(failure(), NOW, BERLIN)
    assert (row.new, row.runs, row.noun, row.href) == (True, "4", "runs", "/runs/29")
    assert row.where == "job unit · new since Wed 10:42 · last 07:42"


def test_a_reason_seen_once_names_its_moment_once():
    once = failure(new=False, runs=1, first_at=NOW - HOUR, last_at=NOW - HOUR, job=None)
    assert failure_row(once, NOW, BERLIN).where == "first in the window 09:42"


def test_where_nothing_is_wrong_it_is_said():
    calm = troubles(report(changes=(), flaky=(), failures=(), summary=samples.summary(successes=669)), {}, BERLIN)
    assert calm.calm_changes == "No job, step or rate moved to another level"
    assert calm.calm_flaky == "No job failed, then passed, on the same commit in 14 days"
    assert calm.calm_failures == "Every run passed"
    assert calm.failed == ""


def test_failures_without_a_readable_log_are_not_passed_over():
    shown = troubles(report(failures=()), {}, BERLIN)
    assert (shown.calm_failures, shown.unread) == ("No log of them shows a failing line", True)
