"""What stands where on the wall, and what takes turns."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.model.health import HealthState
from cicd_health.ui.routes import Asked
from cicd_health.ui.wall_view import page
from tests.ui import samples
from tests.ui.samples import DAY, MINUTE, NOW

BERLIN = ZoneInfo("Europe/Berlin")
ALL = Asked()
STATES = [HealthState.BROKEN, HealthState.FLAKY, HealthState.HEALTHY]


def shown(pipelines=None, asked=ALL, **changes):
    overview = samples.overview()
    if pipelines is not None:
        overview = replace(overview, pipelines=tuple(pipelines))
    return page.wall(replace(overview, **changes), asked, BERLIN)


def some(state, number, *, since=NOW - MINUTE, first=1):
    return [
        samples.pipeline(pipeline_id=first + i, name=f"p{first + i}", state=state, since=since - i * MINUTE)
        for i in range(number)
    ]


def test_the_mock_up_one_broken_four_to_look_at_seven_quiet():
    wall = shown()
    assert (wall.broken, wall.look, wall.quiet) == ("1 broken", "4 need a look", "7 quiet")
    assert (wall.hero.name, wall.hero.number, wall.hero.unit) == ("checkout-api", "47", "minutes")
    (screen,) = wall.screens
    assert [tile.word for tile in screen.tiles] == ["Unstable", "Queue", "Flaky", "Slower"]
    assert len(screen.lines) == 7
    assert not wall.dense


def test_the_numbers_say_n_of_m_and_the_window():
    rate, p95, restore = shown().numbers
    assert (rate.value, rate.said) == ("94.2 %", "success rate, 630 of 669, 7 days")
    assert (p95.value, p95.said) == ("20m 12s", "duration p95")
    assert (restore.value, restore.said) == ("1h 51m", "median to restore, 19 closed")


def test_what_has_been_broken_for_longest_is_the_large_tile():
    wall = shown(some(HealthState.BROKEN, 3))
    assert wall.hero.key == "3"
    assert [tile.key for tile in wall.beside] == ["2", "1"]


def test_where_several_are_broken_the_numbers_give_their_place_and_the_rate_stands_on_top():
    wall = shown(some(HealthState.BROKEN, 2))
    assert (wall.numbers, wall.rate) == ([], "94.2 %, 630 of 669 in 7 days")


def test_what_is_chronic_is_counted_as_broken_and_stands_among_the_tiles():
    wall = shown(some(HealthState.BROKEN, 1, since=NOW - 30 * DAY) + some(HealthState.HEALTHY, 1, first=2))
    assert (wall.broken, wall.hero.key, wall.calm) == ("1 broken", "", "Nothing newly broken")
    assert [tile.look for tile in wall.screens[0].tiles] == ["outlined"]


@pytest.mark.parametrize(
    ("pipelines", "said"),
    [
        (some(HealthState.HEALTHY, 1), "The one pipeline is healthy"),
        (some(HealthState.HEALTHY, 12), "All 12 pipelines healthy"),
        (some(HealthState.HEALTHY, 2) + some(HealthState.FLAKY, 1, first=3), "Nothing is broken"),
        ([], "No pipelines here"),
    ],
)
def test_where_nothing_is_broken_the_wall_says_so(pipelines, said):
    assert shown(pipelines).calm == said


def test_forty_pipelines_have_room_on_one_page_and_more_take_turns():
    assert len(shown(some(HealthState.BROKEN, 1) + some(HealthState.HEALTHY, 39, first=2)).screens) == 1
    more = shown(some(HealthState.BROKEN, 1) + some(HealthState.HEALTHY, 60, first=2))
    assert [len(screen.lines) for screen in more.screens] == [40, 20]


def test_many_broken_ones_stay_in_sight_on_every_page():
    wall = shown(some(HealthState.BROKEN, 8) + some(HealthState.FLAKY, 9, first=20))
    assert [tile.key for tile in wall.beside] == ["7", "6", "5"]
    for screen in wall.screens:
        assert [tile.key for tile in screen.tiles][:4] == ["4", "3", "2", "1"]
    assert len(wall.screens) == 3


@given(st.lists(st.sampled_from(STATES), max_size=120))
def test_every_pipeline_has_its_place_once_and_what_is_pinned_on_each_page(states):
    pipelines = [
        samples.pipeline(pipeline_id=i, state=state, since=NOW - i * MINUTE) for i, state in enumerate(states, 1)
    ]
    wall = shown(pipelines)
    pinned = {tile.key for tile in wall.screens[0].tiles if all(tile in one.tiles for one in wall.screens)}
    keys = [wall.hero.key] if wall.hero.key else []
    keys += [tile.key for tile in wall.beside]
    keys += [line.key for screen in wall.screens for line in screen.lines]
    turning = [tile.key for screen in wall.screens for tile in screen.tiles]
    keys += [key for key in turning if key not in pinned] + list(pinned)
    assert sorted(keys) == sorted(str(one.pipeline_id) for one in pipelines)


@pytest.mark.parametrize(
    ("room", "first", "tile", "line"),
    [
        (page.ROOMY[True], 448, 216, 84),
        (page.ROOMY[False], 200, 216, 84),
        (page.DENSE[True], 300, 148, 64),
        (page.DENSE[False], 200, 148, 64),
    ],
)
def test_a_page_holds_what_the_screen_has_room_for_and_not_a_row_more(room, first, tile, line):
    left = 872 - first  # of 1080, under the first row: without the margins, the top and the foot
    for tile_rows, lines in enumerate(room.lines):
        used = tile_rows * (20 + tile) + 20 + lines // room.across * line
        assert used <= left < used + line


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        (Asked(), "All pipelines"),
        (Asked(provider="jenkins"), "Jenkins pipelines"),
        (Asked(repo="kestrel/infra", branch="main"), "infra on main"),
    ],
)
def test_the_title_says_what_is_shown(asked, title):
    assert shown(asked=asked).title == title


def test_the_title_leads_back_to_the_same_overview():
    assert shown(asked=Asked(window="24h", repo="kestrel/infra")).home == "/?window=24h&repo=kestrel%2Finfra"


def test_pages_turn_every_twenty_seconds_and_the_minute_is_a_turn():
    at = datetime(2026, 11, 20, 10, 42, tzinfo=UTC)
    assert [page.turn(at + timedelta(seconds=s), 3) for s in (0, 19, 20, 40, 60)] == [
        (page.turn(at, 3) + n) % 3 for n in (0, 0, 1, 2, 3)
    ]
    assert page.turn(at, 1) == 0
    assert page.until_turn(at + timedelta(seconds=45)) == 15
