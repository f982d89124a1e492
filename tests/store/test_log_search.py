"""Searching logs gives what plain Python would, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cicd_health.flow import log_reading
from cicd_health.logs.line import plain
from cicd_health.logs.matching import FoldedTexts
from cicd_health.store import engine
from cicd_health.store.tables import RunRow
from tests.factories import NOW, Rows
from tests.store.test_logs import keep, packed

SAID = """\
2026-07-29T14:40:54.4928479Z ##[group]Run pytest
2026-07-29T14:40:55.0000000Z \x1b[31mE   AssertionError\x1b[0m: Größe stimmt nicht
2026-07-29T14:40:55.1000000Z tests/test_pay.py::test_refund FAILED
10%\r99%\rdownloaded 中文.zip
SELECT * FROM "log" WHERE x = 'a' AND NOT (b OR NEAR(c)) -- 100% :*
"""


@pytest.fixture
def runs(database: sa.Engine) -> list[RunRow]:
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        found = [rows.run(pipeline, outcome="failure", created_at=NOW - timedelta(hours=n)) for n in range(6)]
        for run in found:
            rows.attempt(run)
        return found


def found(q: str, limit: int = 100) -> list[tuple[int, int]]:
    return [(hit.run_id, hit.line) for hit in log_reading.search_all(q, limit).hits]


@pytest.mark.parametrize(
    ("q", "lines"),
    [
        ("assertionerror", [2]),
        ("ASSERTION", [2]),
        ("AssertionError: Grö", [2]),
        ("GRÖSSE", [2]),
        ("stimmt nicht", [2]),
        ("test_refund", [3]),
        ("refund failed", [3]),
        ("::test_refund", [3]),
        ("efund", []),
        ("2026", []),
        ("31mE", []),
        ("中文.zip", [4]),
        ("downloaded", [4]),
        ("'a' AND NOT (b OR NEAR(c)) -- 100% :*", [5]),
        ("select * from", [5]),
        ("SELECT FROM", []),
        ('"log"', [5]),
        ("AND", [5]),
        ("x ' OR 1=1", []),
        ("\x00\\'\":*()&|!<->", []),
        ("assertionerror" * 90, []),
    ],
)
def test_all_logs_are_searched_from_the_beginning_of_a_word(runs: list[RunRow], q: str, lines: list[int]):
    keep(runs[0], None, packed(SAID))
    assert found(q) == [(runs[0].id, line) for line in lines]


def test_one_log_is_searched_for_any_text(runs: list[RunRow]):
    log_id = keep(runs[0], None, packed(SAID))
    answers = {q: log_reading.search(log_id, q) for q in ("efund", "e", "größe", "2026", "31m", "", "99%", "\n")}
    assert answers["efund"] == (3,)
    assert answers["e"] == (1, 2, 3, 4, 5)
    assert answers["größe"] == (2,)
    assert (answers["2026"], answers["31m"], answers[""], answers["99%"], answers["\n"]) == ((), (), (), (), ())


def test_a_hit_says_where_it_stands(runs: list[RunRow]):
    with engine.writing() as session:
        job = Rows(session).job(runs[0], outcome="cancelled")
    log_id = keep(runs[0], job, packed("x\n" + "far " * 200 + "needle" + " and on" * 200))
    [hit] = log_reading.search_all("needle", 10).hits
    assert (hit.log_id, hit.run_id, hit.job_id, hit.attempt, hit.line) == (log_id, runs[0].id, job.id, 1, 2)
    assert (hit.repo, hit.pipeline, hit.number) == ("acme/shop", "ci", runs[0].number)
    assert (hit.job, hit.outcome, hit.created_at) == ("unit-tests", "cancelled", runs[0].created_at)
    assert len(hit.text) < 410
    assert "needle" in hit.text


def test_pages_follow_each_other_without_gap_or_repeat(runs: list[RunRow]):
    for run in runs:
        keep(run, None, packed("\n".join(["needle in hay"] * 7 + ["hay"] * 9000)))
    pages, before = [], None
    while True:
        page = log_reading.search_all("needle", 10, before)
        pages.append([(hit.run_id, hit.line) for hit in page.hits])
        before = page.next
        if before is None:
            break
    assert [hit for page in pages for hit in page] == [(run.id, line) for run in reversed(runs) for line in range(1, 8)]
    assert {len(page) for page in pages} == {7}


def test_of_one_stretch_of_a_log_twenty_lines_are_shown(runs: list[RunRow]):
    keep(runs[0], None, packed("needle\n" * 500))
    assert found("needle") == [(runs[0].id, line) for line in range(1, 21)]
    assert len(found("needle", limit=3)) == 3


def test_a_search_that_takes_too_long_says_where_to_go_on(runs: list[RunRow]):
    for run in runs[:3]:
        keep(run, None, packed("needle"))
    first = log_reading.search_all("needle", 10, seconds=0)
    assert [hit.run_id for hit in first.hits] == [runs[2].id]
    rest = log_reading.search_all("needle", 10, first.next)
    assert [hit.run_id for hit in rest.hits] == [runs[1].id, runs[0].id]


TEXT = st.text(st.sampled_from("aAbBß_é-. 中1\t"), max_size=30)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(TEXT, min_size=1, max_size=20), q=TEXT)
def test_both_searches_give_what_plain_python_gives(runs: list[RunRow], lines: list[str], q: str):
    log_id = keep(runs[0], None, packed("\n".join(lines)))
    wanted = q.casefold()
    kept = [plain(line.text).casefold() for line in log_reading.all_lines(log_id)]
    anywhere = [number for number, text in enumerate(kept, 1) if wanted and wanted in text]
    assert list(log_reading.search(log_id, q)) == anywhere
    if len(q.strip()) >= 3 and any(c.isalnum() for c in wanted):
        at_words = [number for number, text in enumerate(kept, 1) if begins_a_word(text, wanted)]
        assert [line for _, line in found(q)] == at_words[:20]
    else:
        assert found(q) == []


def begins_a_word(text: str, q: str) -> bool:
    starts = (at for at in range(len(text)) if text.startswith(q, at))
    return any(at == 0 or not (q[0].isalnum() and text[at - 1].isalnum()) for at in starts)


def test_what_was_searched_last_stays_at_hand_and_no_more_than_that():
    texts = FoldedTexts(100)
    bodies = [packed(str(n) * 40).blocks[0].body for n in range(9)]
    assert [texts.get(n, body) for n, body in enumerate(bodies)] == [str(n) * 40 for n in range(9)]
    assert len(texts._texts) == 2
    assert texts.get(8, bodies[7]) == "7" * 40
