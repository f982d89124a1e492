"""What the overview's state reads."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from reflex.state import State

from cicd_health import access
from cicd_health.ui.routes import Asked
from cicd_health.ui.states import overview
from cicd_health.ui.states.overview import ConnectState, HeadingState, OverviewState
from cicd_health.ui.view import view
from tests.ui import samples

BERLIN = ZoneInfo("Europe/Berlin")
ADMIN = access.Person(1, "admin@localhost", "admin")
VIEWER = access.Person(2, "viewer@localhost", "viewer")


def test_a_new_database_is_empty_and_says_what_to_connect(database):
    read, shown = overview.load(Asked(window="24h"), BERLIN)
    assert shown.empty
    assert read.query.window.end.second == 0
    assert read.query.window.end > datetime.now(UTC)


async def show(person: access.Person, **changes: object) -> OverviewState:
    """The state of a page after one showing."""
    state = OverviewState(parent_state=State())
    told = samples.overview(**changes)
    await state._show(told, view(told, Asked(), BERLIN), person)
    return state


async def test_secrets_are_shown_to_an_administrator_while_nothing_has_arrived(database):
    state = await show(ADMIN, empty=True)
    assert (await state.get_state(HeadingState)).phase == "first"
    assert (await state.get_state(ConnectState)).shown.secret


async def test_secrets_are_not_shown_to_a_viewer(database):
    state = await show(VIEWER, empty=True)
    assert (await state.get_state(ConnectState)).shown.secret == ""


async def test_secrets_leave_the_page_with_the_first_event(database):
    state = await show(ADMIN, empty=True)
    told = samples.overview()
    await state._show(told, view(told, Asked(), BERLIN), ADMIN)
    assert (await state.get_state(HeadingState)).phase == "live"
    assert (await state.get_state(ConnectState)).shown.secret == ""


async def test_numbers_that_cannot_be_read_leave_the_old_ones_with_their_time(database):
    state = await show(ADMIN)
    await state._fail()
    heading = await state.get_state(HeadingState)
    assert "Those below are of 10:42" in heading.problem
    assert heading.shown.sentence
