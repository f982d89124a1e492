"""The jobs of an attempt on one scale of time."""

from cicd_health.store.tables import RunRow
from cicd_health.ui.routes import AskedRun
from cicd_health.ui.run_view.waterfall import Waterfall, waterfall
from tests.factories import NOW, Rows
from tests.ui.run_view.told import MINUTE, step, story

BEGAN = NOW - 60 * MINUTE


def told(build) -> Waterfall:
    read = story(build)
    return waterfall(read, AskedRun(), read.chosen_job(0))


def two_jobs(made: Rows) -> RunRow:
    run = made.run(made.pipeline(), outcome="failure", created_at=BEGAN, started_at=BEGAN)
    made.job(
        run, "lint", outcome="success", created_at=BEGAN, started_at=BEGAN + MINUTE, completed_at=BEGAN + 5 * MINUTE,
        duration_s=240.0,
    )  # fmt: skip
    job = made.job(
        run, "test", outcome="failure", created_at=BEGAN + 5 * MINUTE, started_at=BEGAN + 6 * MINUTE,
        completed_at=BEGAN + 10 * MINUTE, duration_s=240.0,
    )  # fmt: skip
    step(made, job, 1, "Set up job", "success", 60)
    step(made, job, 2, "Run pytest", "failure", 180)
    made.job(run, "publish", outcome="skipped", started_at=BEGAN + 10 * MINUTE, completed_at=BEGAN + 10 * MINUTE)
    return run


def test_waiting_and_working_stand_where_they_were(database):
    lint, test, _ = told(two_jobs).jobs
    assert (lint.wait.left, lint.wait.width) == ("0.00%", "10.00%")
    assert (lint.work.left, lint.work.width) == ("10.00%", "40.00%")
    assert (test.wait.left, test.work.left, test.work.width) == ("50.00%", "60.00%", "40.00%")


def test_the_failing_job_is_the_one_whose_log_is_shown(database):
    shown = told(two_jobs)
    assert [line.name for line in shown.jobs if line.chosen] == ["test"]
    assert [(one.name, one.duration) for one in shown.jobs[1].steps] == [
        ("Set up job", "1m 00s"),
        ("Run pytest", "3m 00s"),
    ]


def test_a_skipped_job_says_so_and_has_no_bar(database):
    publish = told(two_jobs).jobs[2]
    assert (publish.words, publish.duration, publish.work.width, publish.wait.width) == ("skipped", "", "", "")


def test_the_summary_counts_what_there_is(database):
    assert told(two_jobs).summary == "1 passed, 1 failed, 1 skipped"


def test_the_scale_begins_at_0_and_ends_with_the_length(database):
    ticks = told(two_jobs).ticks
    assert (ticks[0].text, ticks[-1].text, ticks[-1].left) == ("0", "10m 00s", "100%")


def test_a_running_job_grows_to_now(database):
    def build(made: Rows) -> RunRow:
        run = made.run(made.pipeline(), outcome="running", created_at=BEGAN, started_at=BEGAN)
        made.job(run, "test", outcome="running", created_at=BEGAN, started_at=NOW - 30 * MINUTE, completed_at=None)
        return run

    [line] = told(build).jobs
    assert (line.work.left, line.work.width, line.duration) == ("50.00%", "50.00%", "30m 00s")


def test_of_very_many_jobs_the_failed_ones_come_first(database):
    def build(made: Rows) -> RunRow:
        run = made.run(made.pipeline(), outcome="failure")
        for n in range(200):
            made.job(run, f"test ({n})", outcome="failure" if n in (120, 180) else "success")
        return run

    shown = told(build)
    assert [line.name for line in shown.jobs[:3]] == ["test (120)", "test (180)", "test (0)"]
    assert (len(shown.jobs), shown.order) == (200, "failed first")


def test_without_jobs_it_says_what_is_missing(database):
    assert told(lambda made: made.run(made.pipeline(), outcome="startup_failure")).nothing == "No job was started."
    jenkins = told(lambda made: made.run(made.pipeline(provider="jenkins"), provider="jenkins"))
    assert jenkins.nothing == "This build has no stages."


def test_a_job_taken_over_from_an_earlier_attempt_does_not_stretch_the_scale(database):
    def build(made: Rows) -> RunRow:
        run = made.run(made.pipeline(), outcome="success", attempt=2, attempts=2, created_at=BEGAN)
        again = NOW - 10 * MINUTE
        made.attempt(run, attempt=1, outcome="failure")
        made.attempt(run, attempt=2, outcome="success", started_at=again)
        made.job(run, "kept", attempt=2, created_at=BEGAN, started_at=BEGAN, completed_at=BEGAN + MINUTE)
        made.job(run, "again", attempt=2, created_at=again, started_at=again, completed_at=again + MINUTE)
        return run

    assert told(build).ticks[-1].text == "1m 00s"
