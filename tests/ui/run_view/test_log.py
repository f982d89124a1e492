"""What the log's panel says, and which lines it opens at."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from cicd_health import flow
from cicd_health.model.logs import Fold, Log, LogState, Mark, MarkKind
from cicd_health.model.runs import Outcome
from cicd_health.store import engine, logs
from cicd_health.store.tables import LogRow, RunRow
from cicd_health.ui.run_view import log as reading
from cicd_health.ui.run_view.lines import Look
from cicd_health.ui.run_view.log import LogHead, opened, rows_around
from tests.factories import NOW, Rows
from tests.ui.run_view.told import read_again, rows, story

LOOK = Look(ZoneInfo("UTC"))
KEPT = Log(
    id=1, run_id=1, job_id=1, attempt=1, state=LogState.KEPT, complete=True, lines=1_000, size=9, cut_after=None,
    cut_lines=0, cut_size=0, marks=(Mark(700, MarkKind.ERROR),), folds=(Fold(1, 100, "Set up"), Fold(101, 900, "Test")),
    failing=(699, 700, 701), cause=700, error=None, kept_at=NOW,
)  # fmt: skip


def red(made: Rows, **values: object) -> RunRow:
    run = made.run(made.pipeline(), outcome="failure")
    made.job(run, "test", outcome="failure", **values)
    return run


def head(build, *, may_fetch: bool = True) -> LogHead:
    told = story(build)
    job = told.chosen_job(0)
    return reading.head(told, job, told.log_of(job["id"] if job else 0), may_fetch=may_fetch)


def test_a_failed_log_opens_at_its_cause_with_the_group_around_it_open():
    seen = opened(KEPT, Outcome.FAILURE)
    assert seen.first_line == 700
    assert seen.plan.top_of(700) is not None
    assert seen.plan.top_of(50) is None  # in the folded group
    assert seen.plan.rows < 20


def test_a_green_log_has_its_groups_folded_and_hides_nothing_else():
    seen = opened(replace(KEPT, failing=(), cause=None), Outcome.SUCCESS)
    assert (seen.first_line, seen.plan.rows) == (0, 2 + 100)


def test_a_failed_log_that_says_nothing_opens_with_its_end():
    seen = opened(replace(KEPT, failing=(), cause=None, folds=()), Outcome.FAILURE)
    assert seen.plan.top_of(1_000) is not None
    assert seen.plan.top_of(900) is None


def test_a_log_that_still_grows_shows_all_of_it():
    assert opened(replace(KEPT, complete=False), Outcome.RUNNING).plan.top_of(1_000) is not None


def test_what_was_opened_stays_open_when_the_log_grows():
    first = opened(replace(KEPT, complete=False, folds=KEPT.folds[:1]), Outcome.RUNNING)
    closed = replace(first, wanted=replace(first.wanted, opened=frozenset()))
    grown = opened(replace(KEPT, complete=False, lines=2_000), Outcome.RUNNING, like=closed)
    assert grown.wanted.opened == {101}  # the new group; the closed one stays closed
    assert grown.plan.top_of(2_000) is not None


def test_in_a_comparison_only_new_lines_are_shown():
    seen = opened(KEPT, Outcome.FAILURE, new=(650, 651, 652))
    assert seen.first_line == 650
    assert [row.line for row in seen.plan.places(0, 99) if seen.plan.has_line(row.line)] == [650, 651, 652]


def test_the_rows_around_any_height_are_read_and_stand_where_they_belong(database):
    with rows() as made:
        run = red(made)
    told = read_again(run.id)
    text = "".join(f"line {n}\n" for n in range(1, 30_001)).encode()
    kept = flow.keep_log(run.id, told.jobs[0]["id"], 1, [text], NOW)
    seen = opened(kept, Outcome.SUCCESS)
    made_rows, window = rows_around(seen, 300_000, LOOK)
    assert {made_rows["l15001"].text, made_rows["l15100"].text} == {"line 15001", "line 15100"}
    assert window.height == "600000px"
    start, end, whole = (int(number) for number in window.bounds.split())
    assert start < 300_000 < 300_000 + 1_500 < end < whole == 600_000
    assert len(made_rows) < 400


def test_a_log_at_hand_counts_its_lines_and_errors(database):
    with rows() as made:
        run = red(made)
    told = read_again(run.id)
    flow.keep_log(run.id, told.jobs[0]["id"], 1, [b"ok\nerror: no such file\n"], NOW)
    told = read_again(run.id)
    said = reading.head(told, told.jobs[0], told.log_of(told.jobs[0]["id"]), may_fetch=False)
    assert (said.title, said.lines, said.state, said.counts) == ("test", "2 lines", "kept", "1 error line")
    assert said.download == f"/api/v1/jobs/{told.jobs[0]['id']}/logs?download=1"


def test_a_stage_without_a_log_of_its_own_shows_the_console_of_its_run(database):
    with rows() as made:
        run = made.run(made.pipeline(provider="jenkins"), provider="jenkins", outcome="failure")
        made.attempt(run)
        made.job(run, "Build", outcome="failure")
    flow.keep_log(run.id, None, 1, [b"ERROR: it broke\n"], NOW)
    told = read_again(run.id)
    kept = told.log_of(told.jobs[0]["id"])
    assert kept is not None
    assert reading.head(told, told.jobs[0], kept, may_fetch=False).title == "Console"


def test_without_a_connection_it_says_what_to_do(database):
    said = head(red)
    assert (said.words, said.connect, said.fetch) == ("Connect GitHub with a token to read logs", True, False)


def connected(made: Rows) -> RunRow:
    source = made.source(token="sealed", base_url="https://api.example", origin="user")
    return made.run(made.pipeline("ci", made.repo(source)), outcome="failure")


@pytest.mark.parametrize(("may_fetch", "hint"), [(True, ""), (False, "An operator can fetch it here.")])
def test_a_log_that_was_not_fetched_can_be_fetched_by_who_may(database, may_fetch, hint):
    def build(made: Rows) -> RunRow:
        run = connected(made)
        made.job(run, "test", outcome="failure")
        return run

    said = head(build, may_fetch=may_fetch)
    assert (said.fetch, said.hint) == (may_fetch, hint)


def test_a_log_the_provider_has_deleted_is_said_and_its_failing_lines_stay(database):
    said = head(lambda made: red(made, log_state="gone", excerpt="AssertionError: no"))
    assert (said.words, said.excerpt) == ("GitHub has deleted this log", "AssertionError: no")


def test_a_log_on_its_way_says_what_went_wrong_so_far(database):
    def build(made: Rows) -> RunRow:
        run = red(made, log_state="pending")
        job_id = made.session.execute(sa.text("SELECT max(id) FROM jobs")).scalar_one()
        made._add(
            LogRow(
                key=f"job:{job_id}", run_id=run.id, job_id=job_id, attempt=1, state="pending", created_at=NOW,
                error="GitHub did not answer in time.",
            )
        )  # fmt: skip
        return run

    said = head(build)
    assert (said.words, said.hint) == ("Fetching the log…", "GitHub did not answer in time. It is tried again.")


def test_a_skipped_job_has_no_log(database):
    def build(made: Rows) -> RunRow:
        run = made.run(made.pipeline(), outcome="skipped")
        made.job(run, "publish", outcome="skipped")
        return run

    assert head(build).words == "This job was skipped"


def test_beside_the_last_green_log_only_what_is_new_counts(database):
    with rows() as made:
        pipeline = made.pipeline()
        green = made.run(pipeline, number=1, created_at=NOW.replace(hour=8))
        passed = made.job(green, "test")
        run = made.run(pipeline, number=2, outcome="failure")
        failed = made.job(run, "test", outcome="failure")
        ids = green.id, passed.id, run.id, failed.id
    kept = flow.keep_log(ids[2], ids[3], 1, [b"collected items\nerror: boom\n"], NOW)
    waiting = reading.compare(ids[2], "test", kept)
    assert (waiting.name, waiting.job_id, waiting.new) == ("#1", ids[1], None)
    assert reading.compared_words(waiting) == "The log of #1 has not been fetched."
    flow.keep_log(ids[0], ids[1], 1, [b"collected items\nall passed\n"], NOW)
    compared = reading.compare(ids[2], "test", kept)
    assert compared.new == {2}
    assert reading.compared_words(compared) == "1 line that #1 did not have"


def test_logs_that_have_little_in_common_are_not_compared_line_by_line(database, monkeypatch):
    monkeypatch.setattr(reading, "MOST_NEW", 3)
    with rows() as made:
        pipeline = made.pipeline()
        green = made.run(pipeline, number=1, created_at=NOW.replace(hour=8))
        passed = made.job(green, "test")
        run = made.run(pipeline, number=2, outcome="failure")
        failed = made.job(run, "test", outcome="failure")
        ids = green.id, passed.id, run.id, failed.id
    flow.keep_log(ids[0], ids[1], 1, [b"collected items\n"], NOW)
    kept = flow.keep_log(ids[2], ids[3], 1, [b"one\ntwo\nthree\nfour\nfive\n"], NOW)
    compared = reading.compare(ids[2], "test", kept)
    assert compared.new is None
    assert reading.compared_words(compared) == "More than 3 lines that #1 did not have: all are shown"


def test_a_log_that_was_kept_again_is_compared_again(database):
    with rows() as made:
        pipeline = made.pipeline()
        green = made.run(pipeline, number=1, created_at=NOW.replace(hour=8))
        passed = made.job(green, "test")
        run = made.run(pipeline, number=2, outcome="failure")
        failed = made.job(run, "test", outcome="failure")
        ids = green.id, passed.id, run.id, failed.id
    flow.keep_log(ids[0], ids[1], 1, [b"collected items\n"], NOW)
    kept = flow.keep_log(ids[2], ids[3], 1, [b"collected items\nerror: boom\n"], NOW)
    assert reading.compare(ids[2], "test", kept).new == {2}
    flow.keep_log(ids[0], ids[1], 1, [b"error: boom\n"], NOW + timedelta(seconds=1))
    assert reading.compare(ids[2], "test", kept).new == {1}


def test_a_run_that_was_never_green_is_said(database):
    with rows() as made:
        run = red(made)
    told = read_again(run.id)
    kept = flow.keep_log(run.id, told.jobs[0]["id"], 1, [b"error: boom\n"], NOW)
    with engine.reading() as session:
        assert logs.last_green(session, run.id, "test") is None
    said = reading.compared_words(reading.compare(run.id, "test", kept))
    assert said == "It has not been green in the 90 days before."
