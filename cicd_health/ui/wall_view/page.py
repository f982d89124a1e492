"""The wall: what is broken stays in sight, the rest takes turns where there is no room for all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from cicd_health.model.health import HealthState, Overview, PipelineHealth
from cicd_health.ui import format as text
from cicd_health.ui import routes, rows
from cicd_health.ui.format import Delta
from cicd_health.ui.routes import Asked
from cicd_health.ui.rows import SourceRow
from cicd_health.ui.wall_view.tiles import Hero, Line, Tile, hero, is_chronic, line, tile

BESIDE = 3  # red tiles beside the large one
PINNED = 4  # more of them, in the first row of tiles of each page
TURN_S = 20  # a page of several


@dataclass(frozen=True, slots=True)
class Room:
    """What fits on a screen: `lines` by how many rows of tiles there are. Heights are on the page."""

    across: int
    lines: tuple[int, ...]

    def tile_rows(self, tiles: int) -> int:
        return min(-(-tiles // 4), len(self.lines) - 1)

    def holds(self, tiles: int, lines: int) -> bool:
        return tiles <= 4 * (len(self.lines) - 1) and lines <= self.lines[self.tile_rows(tiles)]


# Four columns with large type, else five with small; with something broken on top, or without.
ROOMY = {True: Room(4, (16, 8)), False: Room(4, (28, 16, 8))}
DENSE = {True: Room(5, (40, 30, 15)), False: Room(5, (50, 35, 20))}


@dataclass(frozen=True, slots=True)
class Number:
    value: str
    said: str
    delta: Delta = field(default_factory=Delta)


@dataclass(frozen=True, slots=True)
class Screen:
    """One page of the wall, under what is broken."""

    tiles: list[Tile] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wall:
    """`hero` without a key: nothing is broken, and `calm` says so. `rate` stands on top where the numbers do not."""

    empty: bool = False
    title: str = ""
    home: str = ""
    broken: str = ""
    look: str = ""
    quiet: str = ""
    rate: str = ""
    calm: str = ""
    calm_below: str = ""
    hero: Hero = field(default_factory=Hero)
    beside: list[Tile] = field(default_factory=list)
    numbers: list[Number] = field(default_factory=list)
    dense: bool = False
    screens: tuple[Screen, ...] = (Screen(),)
    sources: list[SourceRow] = field(default_factory=list)


def wall(overview: Overview, asked: Asked, zone: tzinfo) -> Wall:
    now = overview.now
    broken = [one for one in overview.pipelines if one.state is HealthState.BROKEN]
    red = sorted((one for one in broken if not is_chronic(one, now)), key=lambda one: one.since or now)
    tiles = [tile(one, now, asked.window) for one in (*red[1:], *_lookers(overview, now))]
    quiet = [line(one, now, asked.window) for one in overview.pipelines if one.state not in rows.UNHEALTHY]
    look = sum(one.state in rows.UNHEALTHY for one in overview.pipelines) - len(broken)
    beside, rest = tiles[: min(BESIDE, max(0, len(red) - 1))], tiles[min(BESIDE, max(0, len(red) - 1)) :]
    pinned = max(0, min(PINNED, len(red) - 1 - BESIDE))
    room, dense = _room(bool(red), len(rest), len(quiet))
    tight = dense or len(beside) == BESIDE
    return Wall(
        empty=overview.empty,
        title=_title(asked),
        home=routes.overview(asked),
        broken=f"{text.count(len(broken))} broken" if broken else "",
        look=f"{text.count(look)} {'needs' if look == 1 else 'need'} a look" if look else "",
        quiet=f"{text.count(len(quiet))} quiet" if quiet else "",
        rate=_rate_line(overview) if beside else "",
        calm="" if red else _calm(overview),
        calm_below="" if red else f"last checked {text.clock(now, zone)}",
        hero=hero(red[0], now, zone, asked.window) if red else Hero(),
        beside=[replace(one, why=[]) for one in beside] if tight else beside,
        numbers=[] if beside else numbers(overview),
        dense=dense,
        screens=screens(rest, quiet, room, pinned),
        sources=rows.source_rows(overview, zone),
    )


def _lookers(overview: Overview, now: datetime) -> list[PipelineHealth]:
    """What is broken for long, then what needs a look, in the order of the overview."""
    return [
        one
        for one in overview.pipelines
        if one.state in rows.UNHEALTHY and (one.state is not HealthState.BROKEN or is_chronic(one, now))
    ]


def _room(red: bool, tiles: int, lines: int) -> tuple[Room, bool]:
    """Large type where everything then fits, else small."""
    roomy = ROOMY[red].holds(tiles, lines)
    return (ROOMY if roomy else DENSE)[red], not roomy


def screens(tiles: Sequence[Tile], lines: Sequence[Line], room: Room, pinned: int) -> tuple[Screen, ...]:
    """As many pages as it takes, at least one; the first `pinned` tiles are on all of them."""
    stay, turn = list(tiles[:pinned]), tiles[pinned:]
    tiles_each = max(1, 4 * (len(room.lines) - 1) - pinned)
    lines_each = room.lines[room.tile_rows(len(stay) + min(len(turn), tiles_each))]
    number = max(1, -(-len(turn) // tiles_each), -(-len(lines) // lines_each))
    return tuple(
        Screen(
            [*stay, *turn[n * tiles_each : (n + 1) * tiles_each]],
            list(lines[n * lines_each : (n + 1) * lines_each]),
        )
        for n in range(number)
    )


def _title(asked: Asked) -> str:
    provider = f"{rows.provider_label(asked.provider)} pipelines" if asked.provider else ""
    of = asked.repo.rpartition("/")[2] or provider or "All pipelines"
    return f"{of} on {asked.branch}" if asked.branch else of


def _calm(overview: Overview) -> str:
    """`All 12 pipelines healthy`, `Nothing is broken`."""
    number = len(overview.pipelines)
    healthy = sum(one.state is HealthState.HEALTHY for one in overview.pipelines)
    if not number:
        return "No runs yet" if overview.empty else "No pipelines here"
    if healthy == number:
        return "The one pipeline is healthy" if number == 1 else f"All {text.count(number)} pipelines healthy"
    chronic = any(one.state is HealthState.BROKEN for one in overview.pipelines)
    return "Nothing newly broken" if chronic else "Nothing is broken"


def numbers(overview: Overview) -> list[Number]:
    now, before, window = overview.summary, overview.previous, text.length(overview.query.window.slug)
    p95 = text.duration_delta(text.p95(now.duration), text.p95(before.duration), least=0.15)
    return [
        Number(
            text.rate(now.success_rate),
            f"success rate, {_n_of_m(now.successes, now.verdicts)}, {window.removeprefix('the last ')}",
        ),
        Number(text.duration(text.p95(now.duration)), "duration p95", p95),
        Number(
            text.duration(now.restore.median),
            f"median to restore, {text.count(now.restore.n)} closed" if now.restore.n else "median to restore",
        ),
    ]


def _n_of_m(successes: int, verdicts: int) -> str:
    return f"{text.count(successes)} of {text.count(verdicts)}" if verdicts else "no verdicts"


def _rate_line(overview: Overview) -> str:
    """`94.2 %, 630 of 669 in 7 days`."""
    now = overview.summary
    window = text.length(overview.query.window.slug).removeprefix("the last ")
    return f"{text.rate(now.success_rate)}, {_n_of_m(now.successes, now.verdicts)} in {window}"


def turn(at: datetime, number: int) -> int:
    """Which of so many pages is shown now. All walls of an installation turn together."""
    return int(at.timestamp()) // TURN_S % max(1, number)


def until_turn(at: datetime) -> float:
    """Seconds until the next turn; each third is the minute that the clock shows."""
    return TURN_S - at.timestamp() % TURN_S
