"""Latest runs: nothing moves under the pointer."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from cicd_health.ui.routes import Asked
from cicd_health.ui.rows import RunNow
from cicd_health.ui.states.latest import LatestState
from cicd_health.ui.view import Latest, view
from tests.ui import samples


def shown() -> tuple[Latest, dict[str, RunNow]]:
    page = view(samples.overview(), Asked(), ZoneInfo("UTC"))
    return page.latest, page.latest_now


ROWS, NOW = shown()


def keys(state: LatestState) -> list[str]:
    return [row.key for row in state.rows]


def with_a_new_run() -> tuple[Latest, dict[str, RunNow]]:
    return Latest([replace(ROWS.rows[0], key="new"), *ROWS.rows[:-1]], ROWS.total), {**NOW, "new": RunNow()}


async def test_new_runs_join_at_once_when_nobody_points():
    state = LatestState()
    state._take(ROWS, NOW)
    state._take(*with_a_new_run())
    assert keys(state)[0] == "new"
    assert state.waiting == ""


async def test_new_runs_wait_while_the_pointer_is_over_the_rows():
    state = LatestState()
    state._take(ROWS, NOW)
    await LatestState.hold.fn(state)
    state._take(*with_a_new_run())
    assert "new" not in keys(state)
    assert state.waiting == "1 new run"
    await LatestState.release.fn(state)
    assert keys(state)[0] == "new"
    assert state.waiting == ""


async def test_a_row_that_is_there_still_changes_under_the_pointer():
    state = LatestState()
    state._take(ROWS, NOW)
    await LatestState.hold.fn(state)
    first = ROWS.rows[0].key
    state._take(ROWS, {**NOW, first: replace(NOW[first], ended="just now")})
    assert state.now[first].ended == "just now"
    assert state.waiting == ""


async def test_they_join_when_asked_for():
    state = LatestState()
    state._take(ROWS, NOW)
    await LatestState.hold.fn(state)
    state._take(*with_a_new_run())
    await LatestState.join.fn(state)
    assert keys(state)[0] == "new"


async def test_equal_rows_send_nothing():
    state = LatestState()
    state._take(ROWS, NOW)
    state._clean()
    state._take(*shown())
    assert not state.dirty_vars - {"_newest"}


async def test_what_a_screen_has_no_room_for_is_not_sent_to_it():
    state = LatestState()
    state._take(ROWS.first(2), NOW)
    assert keys(state) == list(state.now) == [row.key for row in ROWS.rows[:2]]
