"""Latest runs: nothing moves under the pointer."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from cicd_health.ui.states.latest import LatestState
from cicd_health.ui.view import Latest, latest
from tests.ui import samples

ROWS = latest(samples.overview(), ZoneInfo("UTC"))


def keys(state: LatestState) -> list[str]:
    return [row.key for row in state.shown.rows]


def with_a_new_run(rows: Latest) -> Latest:
    return Latest([replace(rows.rows[0], key="new"), *rows.rows[:-1]], rows.total)


async def test_new_runs_join_at_once_when_nobody_points():
    state = LatestState()
    state._offer(ROWS)
    state._offer(with_a_new_run(ROWS))
    assert keys(state)[0] == "new"
    assert state.waiting == ""


async def test_new_runs_wait_while_the_pointer_is_over_the_rows():
    state = LatestState()
    state._offer(ROWS)
    await LatestState.hold.fn(state)
    state._offer(with_a_new_run(ROWS))
    assert "new" not in keys(state)
    assert state.waiting == "1 new run"
    await LatestState.release.fn(state)
    assert keys(state)[0] == "new"
    assert state.waiting == ""


async def test_a_row_that_is_there_still_changes_under_the_pointer():
    state = LatestState()
    state._offer(ROWS)
    await LatestState.hold.fn(state)
    ended = replace(ROWS.rows[0], ended="just now")
    state._offer(Latest([ended, *ROWS.rows[1:]], ROWS.total))
    assert state.shown.rows[0].ended == "just now"
    assert state.waiting == ""


async def test_they_join_when_asked_for():
    state = LatestState()
    state._offer(ROWS)
    await LatestState.hold.fn(state)
    state._offer(with_a_new_run(ROWS))
    await LatestState.join.fn(state)
    assert keys(state)[0] == "new"


async def test_equal_rows_send_nothing():
    state = LatestState()
    state._offer(ROWS)
    state._clean()
    state._offer(latest(samples.overview(), ZoneInfo("UTC")))
    assert not state.dirty_vars - {"_newest"}
