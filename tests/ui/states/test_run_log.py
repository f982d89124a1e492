"""The log of one job as one viewer reads it: every handler is open to whoever can send an event."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from reflex.state import State

from cicd_health import flow, settings
from cicd_health.flow import log_reading
from cicd_health.model.runs import Outcome
from cicd_health.ui.routes import AskedRun
from cicd_health.ui.run_view.log import LogHead
from cicd_health.ui.states.run_log import LogState, Offered
from tests.factories import NOW
from tests.ui.run_view.told import read_again, rows

LINES = 5_000
TEXT = "".join(f"line {n}\n" for n in range(1, LINES - 1)) + "AssertionError: refund issued twice\n" + "done\n"


@pytest.fixture
def offered(database) -> Offered:
    with rows() as made:
        run = made.run(made.pipeline(), outcome="failure")
        made.job(run, "test", outcome="failure")
    job_id = read_again(run.id).jobs[0]["id"]
    kept = flow.keep_log(run.id, job_id, 1, [TEXT.encode()], NOW)
    return Offered(LogHead(state="kept"), AskedRun(), kept, Outcome.FAILURE, of=(run.id, job_id))


async def reader(offered: Offered, **asked: object) -> LogState:
    state = LogState(parent_state=State())
    await state._offer(Offered(offered.head, AskedRun(**asked), offered.log, offered.outcome, of=offered.of))
    return state


async def send(state: LogState, name: str, *arguments: object):
    return await LogState.event_handlers[name].fn(state, *arguments)


async def test_it_opens_at_the_failing_line(offered):
    state = await reader(offered)
    assert state.rows["l4999"].tone == "cause"
    assert len(state.rows) < 60
    assert state.jump.endswith("third 4999")


async def test_a_link_to_a_line_opens_there(offered):
    state = await reader(offered, line=2_500)
    assert state.rows["l2500"].picked


async def test_the_same_log_again_sends_nothing(offered):
    state = await reader(offered)
    state._clean()
    await state._offer(offered)
    assert not {name for name in state.dirty_vars if not name.startswith("_")}


async def test_a_picked_line_stays_picked_when_something_else_changes(offered):
    state = await reader(offered)
    await send(state, "pick", 4999)
    await state._offer(offered)
    assert state.rows["l4999"].picked


async def test_picking_it_again_takes_the_mark_away(offered):
    state = await reader(offered)
    await send(state, "pick", 4999)
    await send(state, "pick", 4999)
    assert not state.rows["l4999"].picked


async def test_a_search_counts_all_lines_and_goes_from_one_to_the_next(offered):
    state = await reader(offered)
    await send(state, "search", "LINE 49", 0)
    assert state.found == "1 of 110"  # 49, 490 to 499, 4900 to 4998
    await send(state, "next_hit")
    await send(state, "next_hit")
    assert (state.found, state.rows["l491"].spans[0].style) == ("3 of 110", "hit now")
    await send(state, "previous_hit")
    assert state.found == "2 of 110"


async def test_a_text_that_is_everywhere_is_found_and_marked_around_the_reader(offered):
    state = await reader(offered)
    await send(state, "search", "e", 0)
    assert state.found == "1 of 5,000"
    assert {row.spans[0].style for row in state.rows.values() if row.kind == "line" and row.number == 4999} == {""}
    await send(state, "previous_hit")
    assert (state.found, state.rows["l5000"].spans[-1].style) == ("5,000 of 5,000", "hit now")
    assert sum(path.count("M") for path in state.map.values()) < 2_500


async def test_a_search_without_a_hit_says_none(offered):
    state = await reader(offered)
    await send(state, "search", "nowhere", 0)
    assert state.found == "none"
    await send(state, "clear_search")
    assert (state.found, state.q) == ("", "")


async def test_a_search_in_the_address_is_done_at_once(offered):
    state = await reader(offered, q="line 777")
    assert (state.q, state.found) == ("line 777", "1 of 1")
    assert state.rows["l777"].spans[0].style == "hit now"


async def test_another_search_in_the_address_is_done_in_a_log_that_is_open(offered):
    state = await reader(offered)
    await state._offer(replace(offered, asked=AskedRun(q="line 777")))
    assert (state.q, state.found) == ("line 777", "1 of 1")


async def test_n_and_p_go_around(offered):
    state = await reader(offered)
    await send(state, "next_error", 0)
    assert state.rows["l4999"].picked
    await send(state, "next_error", 0)
    assert state.rows["l4999"].picked


async def test_the_rows_follow_the_reader(offered):
    state = await reader(offered)
    gap = next(row for row in state.rows.values() if row.kind == "gap")
    await send(state, "fill_gap", gap.first, gap.last, True)
    await send(state, "need", 40_000)
    assert "l2000" in state.rows
    assert "l4999" not in state.rows


async def test_where_lines_wrap_others_are_asked_for_by_hand(offered):
    state = await reader(offered, line=2_500)
    gap = next(row for row in state.rows.values() if row.kind == "gap")
    await send(state, "fill_gap", gap.first, gap.last, True)
    await send(state, "toggle_wrap", 40_000)
    assert state.window.earlier == "1,700 rows before"
    await send(state, "shift", -300)
    assert state.window.earlier == "1,400 rows before"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("need", ("9",)),
        ("need", (-1,)),
        ("need", (float("nan"),)),
        ("need", (10**30,)),
        ("pick", (0,)),
        ("pick", (10**30,)),
        ("pick", (None,)),
        ("toggle_fold", ([],)),
        ("fill_gap", (5, 1, True)),
        ("fill_gap", ("a", {}, True)),
        ("fill_gap", (1.5, 40.5, True)),
        ("fill_gap", (1, 10**7, True)),
        ("toggle_fold", (1.5,)),
        ("pick", (1.5,)),
        ("shift", (1.5,)),
        ("need", (1.5,)),
        ("jump_to", (7,)),
        ("jump_to", ("x",)),
        ("shift", (10**9,)),
        ("search", (None, None)),
        ("search", ("x" * 100_000, -4)),
        ("search", ("\x00", 0)),
        ("next_error", ({},)),
        ("toggle_wrap", ("x",)),
    ],
)
async def test_nonsense_from_a_browser_changes_nothing_that_matters(offered, name, arguments):
    state = await reader(offered)
    await send(state, name, *arguments)
    assert len(state.rows) < 700
    assert len(state.q) <= 200


@pytest.mark.parametrize("name", ["fetch", "fetch_green"])
async def test_a_visitor_fetches_nothing(database, monkeypatch: pytest.MonkeyPatch, name):
    monkeypatch.setenv("PUBLIC_READ", "true")
    settings.get.cache_clear()
    with rows() as made:
        source = made.source(token="sealed", base_url="https://api.example", origin="user")
        run = made.run(made.pipeline("ci", made.repo(source)), outcome="failure", created_at=NOW - timedelta(days=1))
        job = made.job(run, "test", outcome="failure")
    state = LogState(parent_state=State())
    state._of = state._green = (run.id, job.id)
    assert await send(state, name) is None
    assert read_again(run.id).logs == {}


async def test_a_log_that_cannot_be_read_says_so_and_appears_when_it_can(
    offered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LOG_STORE_URL", f"file://{tmp_path}/logs")
    settings.get.cache_clear()
    assert flow.move_logs(NOW + timedelta(minutes=2)) == 1
    (tmp_path / "logs").rename(tmp_path / "away")
    log_reading._cache.clear()
    state = await reader(offered, q="refund")
    assert (state.head.state, state.head.words, state.rows) == ("away", "This log cannot be read", {})
    assert "is not there: mount it" in state.head.hint
    (tmp_path / "away").rename(tmp_path / "logs")
    await state._offer(offered)
    assert state.head.state == "kept"
    assert state.rows["l4999"].tone == "cause"
