"""What was measured is shown beside its floor, and what takes too long is said."""

from __future__ import annotations

import argparse

import pytest
import sqlalchemy as sa
from sqlmodel import select

from bench import options, page
from bench.answers import Answer, Answers, beyond_limits, growth
from bench.dataset.keeping import DataSet
from bench.timing import Timing, measure
from bench.unsummed import keeping_no_sums
from cicd_health import flow
from cicd_health.store import engine
from cicd_health.store.tables import RunRow, TallyRow
from tests.bodies import NOON, delivery, github_run


def answers(name: str, runs: int, *found: Answer) -> Answers:
    built = DataSet(name, "", runs, {"runs": runs}, 10**9, {"runs": 2.0})
    return Answers(built, Timing(0.5, 0.6, 1.0), found={answer.name: answer for answer in found})


def answer(
    ms: float, name: str = "metrics 7d", group: str = "kept", limited: str | None = "metrics", rows: int = 5
) -> Answer:
    return Answer(group, name, Timing(ms, ms * 2, ms * 3, rows), limited)


SMALL, LARGE = answers("PostgreSQL 100k", 100_000, answer(10.0)), answers("PostgreSQL 10m", 10_000_000, answer(12.0))


def test_growth_is_the_largest_against_the_smallest_of_postgresql() -> None:
    in_file = answers("SQLite 1m", 1_000_000, answer(90.0))
    assert growth([LARGE, in_file, SMALL], "metrics 7d") == pytest.approx(1.2)
    assert growth([SMALL, in_file], "metrics 7d") is None
    assert growth([SMALL, LARGE], "never asked") is None


def test_what_keeps_its_limit_is_not_named() -> None:
    assert list(beyond_limits([SMALL, LARGE])) == []
    assert "keeps it" in page.limits([SMALL, LARGE])


def test_what_takes_longer_or_grows_more_than_it_may_is_named() -> None:
    slow = answers("PostgreSQL 10m", 10_000_000, answer(60.0))
    assert list(beyond_limits([SMALL, slow])) == [
        "metrics 7d, PostgreSQL 10m: 60 ms, limit 50 ms",
        "metrics 7d: 6.0 times as long on the largest as on the smallest, limit 1.5",
    ]


def test_a_filter_that_reads_rows_may_grow_and_has_no_limit_beyond_100000_rows() -> None:
    few = answers("PostgreSQL 100k", 100_000, answer(1.0, group="filtered"))
    more = answers("PostgreSQL 10m", 10_000_000, answer(40.0, group="filtered", rows=90_000))
    most = answers("PostgreSQL 10m", 10_000_000, answer(400.0, group="filtered", rows=200_000))
    assert list(beyond_limits([few, more])) == []
    assert list(beyond_limits([few, most])) == []


def test_the_tables_show_p50_and_p95_growth_and_rows_beside_the_floor() -> None:
    shown = page.reading([SMALL, LARGE])
    assert "| floor" in shown
    (row,) = (line for line in shown.splitlines() if line.startswith("| metrics 7d"))
    assert [cell.strip() for cell in row.strip("|").split("|")] == [
        "metrics 7d",
        "10.0 (20.0)",
        "12.0 (24.0)",
        "1.2×",
        "5",
    ]


def test_a_list_is_shown_by_its_first_page_and_the_slowest_of_the_others() -> None:
    pages = [answer(ms, f"failed: {page}", "runs", "runs") for ms, page in ((2, "first page"), (9, "6 months back"))]
    assert "2.0 / 9.0" in page.lists([answers("PostgreSQL 1m", 1_000_000, *pages)])


def test_what_was_built_is_said_with_its_size() -> None:
    assert "1.0 GB" in page.data_sets([SMALL.data_set, LARGE.data_set])


def test_sizes_are_read_as_people_write_them() -> None:
    assert options.parse(["--sizes", "1M,100k"]).sizes == {"100k": 100_000, "1m": 1_000_000}
    with pytest.raises(SystemExit):
        options.parse(["--sizes", "many"])
    with pytest.raises(argparse.ArgumentTypeError, match="not a list"):
        options._sizes("many")


def test_something_is_asked_as_often_as_said_after_warming_up() -> None:
    asked: list[int] = []
    timing = measure(lambda: asked.append(1) or asked, len, times=5)
    assert len(asked) == 7
    assert timing.p50_ms <= timing.p95_ms
    assert timing.rows is not None


def test_a_server_without_sums_saves_runs_and_counts_nothing(database: sa.Engine) -> None:
    flow.start(NOON)
    with keeping_no_sums():
        flow.receive([delivery(github_run(), at=NOON)], NOON)
    with engine.reading() as session:
        assert session.exec(select(RunRow)).all()
        assert not session.exec(select(TallyRow)).all()
