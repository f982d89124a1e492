"""What happened to a run, in a sentence."""

import pytest

from cicd_health import flow
from cicd_health.store.tables import RunRow
from cicd_health.ui.run_view.verdict import verdict
from tests.factories import NOW, Rows
from tests.ui.run_view.told import MINUTE, ZONE, read_again, rows, step, story, words

ASSERTION = "E       AssertionError: refund issued twice for key idem_84213"
LOG = f"collected 2 items\n{ASSERTION}\n##[error]Process completed with exit code 1.\n"


def cause(build) -> str:
    return words(verdict(story(build), ZONE).cause)


def context(build, attempt: int = 0) -> str:
    return words(verdict(story(build, attempt), ZONE).context)


def failed(made: Rows) -> RunRow:
    run = made.run(made.pipeline(), outcome="failure", number=4)
    job = made.job(run, "test (3.12)", outcome="failure")
    step(made, job, 1, "Set up job", "success")
    step(made, job, 2, "Run pytest", "failure")
    return run


def test_a_failure_names_its_job_and_step(database):
    assert cause(failed) == "Failed in `test (3.12)`, step “Run pytest”."


def test_with_its_log_it_says_why_without_what_the_tool_put_before(database):
    with rows() as made:
        run = failed(made)
    told = read_again(run.id)
    flow.keep_log(run.id, told.failing["id"], 1, [LOG.encode()], NOW)
    said = words(verdict(read_again(run.id), ZONE).cause)
    assert (
        said == "Failed in `test (3.12)`, step “Run pytest”: `AssertionError: refund issued twice for key idem_84213`"
    )


def test_the_job_that_failed_first_is_named(database):
    def build(made: Rows) -> RunRow:
        run = made.run(made.pipeline(), outcome="failure")
        made.job(run, "late", outcome="failure", completed_at=NOW)
        made.job(run, "early", outcome="failure", completed_at=NOW - 2 * MINUTE)
        return run

    assert cause(build) == "Failed in `early`."


def test_a_run_that_never_started_says_that_its_file_was_refused(database):
    said = cause(lambda made: made.run(made.pipeline(), outcome="startup_failure"))
    assert said == "The workflow file was refused, so no job was started. GitHub says why on its page."


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("success", "Passed in 5m 00s."),
        ("cancelled", "Cancelled after 5m 00s."),
        ("superseded", "Cancelled after 5m 00s: a newer run of main had taken its place."),
        ("skipped", "Skipped: no job had anything to do."),
        ("action_required", "GitHub wants somebody to approve it before it runs."),
        ("queued", "Queued for 60 min: not started yet."),
        ("waiting", "Waiting since 09:42: somebody has to let it go on."),
        ("unstable", "Unstable."),
        ("timed_out", "Timed out."),
        ("neutral", "Ended neither green nor red."),
    ],
)
def test_every_outcome_has_its_sentence(database, outcome, said):
    def build(made: Rows) -> RunRow:
        return made.run(made.pipeline(), outcome=outcome, started_at=NOW - 60 * MINUTE, completed_at=_end(outcome))

    assert cause(build).replace("1 h", "60 min") == said


def _end(outcome: str):
    return None if outcome in ("queued", "waiting") else NOW - 55 * MINUTE


def test_a_running_run_says_how_far_it_is(database):
    def build(made: Rows) -> RunRow:
        run = made.run(made.pipeline(), outcome="running", started_at=NOW - 2 * MINUTE)
        made.job(run, "lint", outcome="success", completed_at=NOW)
        made.job(run, "test", outcome="running", completed_at=None)
        return run

    assert cause(build) == "Running for 2m 00s: 1 of 2 jobs done, now `test`."


def test_a_failure_that_began_earlier_says_since_when_and_who_may_have_done_it(database):
    def build(made: Rows) -> RunRow:
        pipeline = made.pipeline()
        for n, outcome, sha in ((1, "success", "a"), (2, "failure", "b"), (3, "failure", "c")):
            at = NOW - (60 - n * 10) * MINUTE
            made.run(pipeline, number=n, outcome=outcome, sha=sha * 40, created_at=at, signature="s" * 16)
        run = made.run(
            pipeline, number=4, outcome="failure", sha="d" * 40, created_at=NOW - 10 * MINUTE, signature="s" * 16
        )
        made.job(run, "test", outcome="failure", signature="s" * 16)
        return run

    assert context(build) == (
        "The same failure in the last 3 runs of main, since #2 at 10:07, 34 min ago. "
        "Last green: #1 at 09:57; suspects bbbbbbb ccccccc ddddddd."
    )


def test_another_failure_before_is_not_the_same_one(database):
    def build(made: Rows) -> RunRow:
        pipeline = made.pipeline()
        made.run(pipeline, number=1, outcome="failure", created_at=NOW - 30 * MINUTE, signature="x" * 16)
        run = made.run(pipeline, number=2, outcome="failure", created_at=NOW - 10 * MINUTE)
        made.job(run, "test", outcome="failure", signature="s" * 16)
        return run

    assert context(build) == "The run before, #1, failed otherwise. No green run of it is known."


def test_runs_of_other_branches_say_nothing(database):
    def build(made: Rows) -> RunRow:
        pipeline = made.pipeline()
        made.run(pipeline, number=1, outcome="failure", branch="topic", created_at=NOW - 30 * MINUTE)
        return made.run(pipeline, number=2, outcome="failure", created_at=NOW - 10 * MINUTE)

    assert context(build) == ""


def twice(made: Rows, second: str = "failure", signature: str = "s" * 16) -> RunRow:
    run = made.run(made.pipeline(), outcome=second, first_outcome="failure", attempt=2, attempts=2, duration_s=120.0)
    made.attempt(run, attempt=1, outcome="failure")
    made.attempt(run, attempt=2, outcome=second, duration_s=120.0)
    made.job(run, "test", attempt=1, outcome="failure", signature="s" * 16)
    made.job(run, "test", attempt=2, outcome=second, signature=signature if second == "failure" else None)
    return run


def test_attempts_that_failed_alike_are_not_flaky(database):
    assert context(twice) == "Both attempts failed alike: not flaky."


def test_attempts_that_failed_otherwise_are_said(database):
    assert context(lambda made: twice(made, signature="x" * 16)) == "Both attempts failed, not alike."


def test_a_rescued_run_says_what_failed_before(database):
    told = verdict(story(lambda made: twice(made, "success")), ZONE)
    assert told.mark == "rescued"
    assert words(told.cause) == "Passed at attempt 2 in 2m 00s: attempt 1 failed in `test`."
    assert words(told.context) == "The same commit failed and then passed: flaky."


def test_the_failed_attempt_of_a_rescued_run_says_that_it_was_flaky(database):
    assert context(lambda made: twice(made, "success"), attempt=1) == "A later attempt passed: flaky."


def test_a_green_run_says_what_it_repaired(database):
    def build(made: Rows) -> RunRow:
        pipeline = made.pipeline()
        made.run(pipeline, number=1, outcome="failure", created_at=NOW - 60 * MINUTE)
        made.run(pipeline, number=2, outcome="failure", created_at=NOW - 40 * MINUTE)
        run = made.run(pipeline, number=3, created_at=NOW - 10 * MINUTE)
        made.attempt(run, attempt=1)
        return run

    assert context(build).startswith("It repaired main after 2 failed runs, red since #1, for ")
