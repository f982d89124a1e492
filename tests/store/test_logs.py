"""Logs in the database: kept once, read in part, compared, forgotten; alike on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cicd_health.flow import log_reading
from cicd_health.logs.intake import Intake
from cicd_health.logs.packing import text_of
from cicd_health.model.logs import Excerpt, Findings, Fold, Line, LogState, Mark, MarkKind, Packed
from cicd_health.store import engine, logs
from cicd_health.store.tables import JobRow, RunRow
from tests import log_writer
from tests.factories import NOW, Rows
from tests.forked import Forked

MB = 1024 * 1024
WHY = Excerpt((Line(2, "E   assert 1 == 2"), Line(9, "FAILED test_pay")), cause=2)
NOTHING = Findings()
FOUND = Findings((Mark(2, MarkKind.ERROR),), (Fold(1, 3, "Run pytest", 4.5),), WHY, "0123456789abcdef")


def packed(text: str | bytes, max_bytes: int = MB) -> Packed:
    intake = Intake(max_bytes)
    intake.feed(text.encode() if isinstance(text, str) else text)
    return intake.finish()


def numbered(count: int, said: str = "line") -> str:
    return "".join(f"{said} {number}\n" for number in range(1, count + 1))


@pytest.fixture
def run(database: sa.Engine) -> RunRow:
    with engine.writing() as session:
        rows = Rows(session)
        run = rows.run(rows.pipeline(), outcome="failure", failed_job="unit-tests")
        rows.attempt(run)
        return run


@pytest.fixture
def job(run: RunRow) -> JobRow:
    with engine.writing() as session:
        return Rows(session).job(run)


def keep(run: RunRow, job: JobRow | None, log: Packed, found: Findings = NOTHING, position: int = 1) -> int:
    with engine.writing() as session:
        log_id = logs.ask(session, logs.owner(session, run.id, job.id if job else None), NOW)
        logs.keep(session, log_id, log, logs.prepare(log.blocks), found, NOW, position=position)
        return log_id


def chunks_and_words() -> tuple[int, int]:
    with engine.reading() as session:
        count = "SELECT count(*) FROM "
        return tuple(session.execute(sa.text(count + table)).scalar_one() for table in ("log_chunks", "log_words"))


def row(kind: type, id: int | None):
    with engine.reading() as session:
        return session.get(kind, id)


def test_a_log_that_was_kept_is_described_and_read_by_line_numbers(job: JobRow, run: RunRow):
    log_id = keep(run, job, packed(numbered(20_000)), FOUND)
    with engine.reading() as session:
        log = logs.find(session, run.id, 1, job.id)
        assert log == logs.get(session, log_id) == logs.of_run(session, run.id, 1)[0]
        assert (log.state, log.complete, log.lines, log.error) == (LogState.KEPT, True, 20_000, None)
        assert (log.marks, log.folds, log.failing, log.cause) == (FOUND.marks, FOUND.folds, (2, 9), 2)
        assert [line.text for line in log_reading.lines(log_id, 7_000, 3)] == ["line 7000", "line 7001", "line 7002"]
        assert log_reading.lines(log_id, 19_999, 50) == [Line(19_999, "line 19999"), Line(20_000, "line 20000")]
        assert log_reading.lines(log_id, 20_001, 5) == log_reading.lines(log_id, 1, 0) == []
        wanted = [3, 12_000, 12_001, 20_000]
        assert [line.number for line in log_reading.texts(log_id, wanted)] == wanted


def test_its_job_and_the_run_tell_why_it_failed(job: JobRow, run: RunRow):
    keep(run, job, packed("x"), FOUND)
    for kind, id in ((JobRow, job.id), (RunRow, run.id)):
        told = row(kind, id)
        assert (told.excerpt, told.signature) == ("E   assert 1 == 2\n…\nFAILED test_pay", "0123456789abcdef")
    assert row(JobRow, job.id).log_state == "kept"
    assert row(RunRow, run.id).log_state == "none"


def test_a_run_shows_its_own_log_only_when_no_job_tells_more(job: JobRow, run: RunRow):
    own = Excerpt((Line(1, "script returned exit code 1"),), cause=1)
    keep(run, None, packed("x"), Findings(excerpt=own, signature="f" * 16))
    assert row(RunRow, run.id).excerpt == own.text
    keep(run, job, packed("x"), FOUND)
    keep(run, None, packed("x"), Findings(excerpt=own, signature="f" * 16))
    assert row(RunRow, run.id).excerpt == WHY.text


def test_another_jobs_excerpt_is_not_the_runs(run: RunRow):
    with engine.writing() as session:
        other = Rows(session).job(run, name="lint")
    keep(run, other, packed("x"), FOUND)
    assert row(JobRow, other.id).excerpt == WHY.text
    assert row(RunRow, run.id).excerpt is None


def test_a_log_that_comes_again_replaces_the_one_before(job: JobRow, run: RunRow):
    first = keep(run, job, packed(numbered(30_000)))
    assert keep(run, job, packed(numbered(3, "new"))) == first
    assert [line.text for line in log_reading.all_lines(first)] == ["new 1", "new 2", "new 3"]
    assert log_reading.search(first, "line") == ()
    assert chunks_and_words() == (1, 1)


def test_two_workers_with_the_same_log_keep_it_once(job: JobRow, run: RunRow):
    log = packed(numbered(50_000))
    chunks = logs.prepare(log.blocks)
    with engine.writing() as session:
        log_id = logs.ask(session, logs.owner(session, run.id, job.id), NOW)

    def work() -> None:
        with engine.writing() as session:
            logs.keep(session, log_id, log, chunks, FOUND, NOW, position=1)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert chunks_and_words() == (len(log.blocks), len(log.blocks))
    assert [line.number for line in log_reading.all_lines(log_id)] == list(range(1, 50_001))


def test_a_log_whose_keeping_is_cut_short_stays_as_it_was(job: JobRow, run: RunRow):
    log_id = keep(run, job, packed(numbered(5)))
    new = packed(numbered(40_000, "new"))

    def half_of_it() -> None:
        with engine.writing() as session:
            logs.keep(session, log_id, new, logs.prepare(new.blocks), FOUND, NOW, position=1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half_of_it()
    assert len(log_reading.all_lines(log_id)) == 5
    assert log_reading.search(log_id, "line 3") == (3,)
    assert row(JobRow, job.id).excerpt is None


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_writer_that_is_killed_leaves_one_log_or_the_other_whole(run: RunRow, turns: int):
    log_id = keep(run, None, packed("before\n"))
    with Forked("tests.log_writer", str(log_id)) as writer:
        lines = writer.lines()
        for _ in range(turns):
            assert next(lines) in log_writer.WORDS
    said = {line.text for line in log_reading.all_lines(log_id)}
    assert len(log_reading.all_lines(log_id)) == log_writer.LINES
    assert said in ({"even line"}, {"odd line"})
    assert len(log_reading.search(log_id, said.pop())) == log_writer.LINES
    chunks, words = chunks_and_words()
    assert chunks == words


def test_head_and_tail_of_a_log_that_was_too_long(job: JobRow, run: RunRow):
    log_id = keep(run, job, packed(numbered(200_000), max_bytes=MB))
    with engine.reading() as session:
        log = logs.get(session, log_id)
        assert log is not None
        assert log.cut_after is not None
        around = log_reading.lines(log_id, log.cut_after, log.cut_lines + 2)
        assert [line.number for line in around] == [log.cut_after, log.cut_after + log.cut_lines + 1]
        assert around[1].text == f"line {around[1].number}"
        assert log_reading.search(log_id, f"{log.cut_after + 100}") == ()


def append(log_id: int, text: str, position: int, max_size: int = MB) -> None:
    with engine.writing() as session:
        row = logs.lock(session, log_id)
        last = logs.last_chunk(session, log_id)
        assert row is not None
        first = last.first_line if last else 1
        intake = Intake(max_size, first_line=first, begun=text_of(last.body) if last else "")
        intake.feed(text.encode())
        log = intake.finish(ended=False)
        logs.append(
            session, row, log, logs.prepare(log.blocks), NOW, position=position, max_size=max_size, replacing=last
        )


def test_a_running_builds_log_grows_even_within_a_line(run: RunRow):
    with engine.writing() as session:
        log_id = logs.ask(session, logs.owner(session, run.id), NOW)
    append(log_id, "one\ntw", 6)
    append(log_id, "o\nthree\n", 14)
    append(log_id, "four", 18)
    with engine.reading() as session:
        log = logs.get(session, log_id)
        assert log is not None
        assert (log.state, log.complete, log.lines, log.size) == (LogState.PENDING, False, 4, 18)
        assert [line.text for line in log_reading.all_lines(log_id)] == ["one", "two", "three", "four"]
        assert log_reading.search(log_id, "two") == (2,)
    assert chunks_and_words() == (1, 1)


def test_a_growing_log_loses_its_middle_not_its_latest_lines(run: RunRow):
    with engine.writing() as session:
        log_id = logs.ask(session, logs.owner(session, run.id), NOW)
    lines = numbered(60_000).splitlines(keepends=True)
    for at in range(0, len(lines), 6_000):
        append(log_id, "".join(lines[at : at + 6_000]), at + 6_000, max_size=200_000)
    with engine.reading() as session:
        log = logs.get(session, log_id)
        assert log is not None
        assert log.cut_after is not None
        kept = [line.number for line in log_reading.all_lines(log_id)]
        assert kept == [*range(1, log.cut_after + 1), *range(log.cut_after + log.cut_lines + 1, 60_001)]
        assert len(kept) + log.cut_lines == log.lines == 60_000
        assert sum(len(f"line {number}\n") for number in kept) <= 200_000


def test_a_growing_log_of_empty_lines_stays_within_what_can_be_scrolled_through(run: RunRow, monkeypatch):
    monkeypatch.setattr("cicd_health.logs.intake.MOST_LINES", 20_000)
    with engine.writing() as session:
        log_id = logs.ask(session, logs.owner(session, run.id), NOW)
    for count in range(10_000, 60_001, 10_000):
        append(log_id, "\n" * 10_000, count, max_size=200_000)
    with engine.reading() as session:
        log = logs.get(session, log_id)
        assert log is not None
        assert log.lines == 60_000
        assert 10_000 < len(log_reading.all_lines(log_id)) <= 20_000


def test_lines_that_are_new_against_another_log(job: JobRow, run: RunRow):
    green = "2026-07-29T14:40:54Z Took 12 s in /tmp/pytest-of-ci/1\nall good\n\nHTTP 204\nport 123\n"
    red = "2026-07-30T10:00:01Z Took 14 s in /tmp/pytest-of-ci/7\n\x1b[31mE  boom\x1b[0m\nall good\nE  boom\n"
    red += "HTTP 503\nport 456\n"
    green_id, red_id = keep(run, job, packed(green)), keep(run, None, packed(red))
    assert log_reading.new_lines(red_id, green_id, 100) == (2, 4, 5)
    assert log_reading.new_lines(green_id, green_id, 100) == ()
    assert log_reading.new_lines(red_id, green_id, most=2) == (2, 4)


def test_old_logs_are_forgotten_and_excerpts_stay(job: JobRow, run: RunRow):
    log_id = keep(run, job, packed(numbered(5)), FOUND)
    with engine.writing() as session:
        assert logs.forget(session, NOW) == 0
        assert logs.forget(session, NOW + timedelta(seconds=1)) == 1
    with engine.writing() as session:
        assert logs.forget(session, NOW + timedelta(seconds=1)) == 0
    assert chunks_and_words() == (0, 0)
    told = row(JobRow, job.id)
    assert (told.log_state, told.excerpt) == ("gone", WHY.text)
    with engine.reading() as session:
        log = logs.get(session, log_id)
        assert log is not None
        assert (log.state, log.cause) == (LogState.GONE, 2)


def test_a_deleted_run_takes_its_logs_and_their_words_along(job: JobRow, run: RunRow):
    keep(run, job, packed(numbered(5)))
    with engine.writing() as session:
        session.delete(session.get(RunRow, run.id))
    assert chunks_and_words() == (0, 0)


def test_the_last_green_of_a_job_is_one_on_its_branch_or_else_on_the_default_branch(database: sa.Engine):
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        runs = {}
        for hours, (name, branch, outcome) in enumerate(
            [
                ("main", "main", "success"),
                ("topic", "fix", "failure"),
                ("red", "fix", "failure"),
                ("later", "fix", "success"),
            ]
        ):
            runs[name] = rows.run(
                pipeline, branch=branch, outcome=outcome, created_at=NOW + timedelta(hours=hours), number=hours
            )
        jobs = {name: rows.job(run, outcome="failure" if name == "red" else "success") for name, run in runs.items()}
    with engine.reading() as session:
        red = runs["red"].id
        green = logs.last_green(session, red, "unit-tests")
        assert green is not None
        assert (green.run_id, green.job_id, green.number) == (runs["topic"].id, jobs["topic"].id, 1)
        own = logs.last_green(session, red, None)
        assert own is not None
        assert (own.run_id, own.job_id, own.duration_s) == (runs["main"].id, None, 300.0)
        assert logs.last_green(session, runs["main"].id, None) is None
        assert logs.last_green(session, red, "no such job") is None
        assert logs.last_green(session, 999, None) is None


def test_there_is_no_log_where_nobody_asked(run: RunRow):
    with engine.reading() as session:
        assert logs.find(session, run.id, 1) is None
        assert logs.of_run(session, run.id, 1) == []
        with pytest.raises(LookupError):
            logs.owner(session, run.id, attempt=2)
