"""The log of one job, as one viewer reads it: the rows around what is visible, what is open, what is searched for."""

from __future__ import annotations

import asyncio
import json
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import reflex as rx

from cicd_health import flow
from cicd_health.flow import log_reading
from cicd_health.log_store import LogStoreError
from cicd_health.model.logs import Log
from cicd_health.model.runs import Outcome
from cicd_health.ui import format as text
from cicd_health.ui import guard, routes, zone
from cicd_health.ui.routes import AskedRun
from cicd_health.ui.run_view import log as reading
from cicd_health.ui.run_view import plan as planning
from cicd_health.ui.run_view.lines import LogRow, Look
from cicd_health.ui.run_view.log import LogHead, Opened, Window
from cicd_health.ui.states.following import assign

Ids = tuple[int, int]  # of a run and a job; the job is 0 for the run's own log
SCREEN_PX = 1_400  # what is taken for visible below the top
TALLEST_PX = 18_000_000  # what a browser's box can be asked to scroll to


@dataclass(frozen=True, slots=True)
class Offered:
    """What there is to show. `log` None: it is not here. `new`: only these lines, `like` says what the others are."""

    head: LogHead
    asked: AskedRun
    log: Log | None = None
    outcome: Outcome | None = None
    new: frozenset[int] | None = None
    like: str = ""
    of: Ids = (0, 0)
    green: Ids = (0, 0)


class LogState(rx.State):
    """`jump` is where the box scrolls to: a counter that makes it new, a height, and where on the screen that goes."""

    head: rx.Field[LogHead] = rx.field(default_factory=LogHead)
    rows: rx.Field[dict[str, LogRow]] = rx.field(default_factory=dict)
    window: rx.Field[Window] = rx.field(default_factory=Window)
    jump: rx.Field[str] = rx.field("")
    map: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    q: rx.Field[str] = rx.field("")
    found: rx.Field[str] = rx.field("")
    times: rx.Field[bool] = rx.field(False)
    wrap: rx.Field[bool] = rx.field(False)
    _opened: tuple[Opened, ...] = ()  # at most one; a tuple, because Reflex would wrap a dataclass
    _hits: Sequence[int] = ()  # perhaps hundreds of thousands
    _current: int = 0  # the hit, or the failing line, the reader is at
    _picked: int = 0  # the line of the address
    _pixel: int = 0  # the top of the visible part, as last heard
    _jumps: int = 0
    _like: str = ""  # what a gap hides, in a comparison
    _asked: AskedRun = AskedRun()  # as the address was when the page was opened; what is chosen since is above
    _of: Ids = (0, 0)
    _green: Ids = (0, 0)  # the log that is compared with

    def _log_seen(self) -> Opened | None:
        return self._opened[0] if self._opened else None

    async def _offer(self, offered: Offered) -> None:
        """Show this log: a new one from its failing lines, the same one with what it has more now."""
        was, asked = self._log_seen(), offered.asked
        self._like, self._of, self._green = offered.like, offered.of, offered.green
        assign(self, head=offered.head)
        if offered.log is None:
            self._opened, self._hits = (), ()
            assign(self, rows={}, window=Window(), map={}, found="")
            return
        picked_anew, searched_anew = asked.line != self._asked.line, asked.q not in (self._asked.q, self.q)
        self._asked = asked
        asked_anew = picked_anew or searched_anew
        if was is not None and not asked_anew and (was.log, was.new) == (offered.log, offered.new):
            return
        seen = reading.opened(offered.log, offered.outcome, offered.new, was)
        another = was is None or was.log.id != seen.log.id or (was.new is None) != (seen.new is None)
        self._opened = (seen,)
        if another or picked_anew:
            self._picked = asked.line
        if another or searched_anew:
            await self._open(seen, asked)
        elif picked_anew and asked.line:
            await self._go(asked.line)
        else:
            await self._draw()
        await self._draw_map()

    async def _open(self, seen: Opened, asked: AskedRun) -> None:
        self._hits, self._current, self._pixel = (), 0, 0
        assign(self, q=asked.q, found="")
        if asked.q:
            await self._look_for(asked.q)
        first_hit = next(iter(self._hits), 0)
        line = asked.line or first_hit or seen.first_line
        self._current = 0 if asked.line else first_hit
        if not line and not seen.log.complete:
            self._jump(seen.plan.height, "end", seen.log.lines)
            await self._draw(seen.plan.height)
        elif line:
            self._say_found()
            await self._go(line)
        else:
            self._say_found()
            self._jump(0, "top", 1)
            await self._draw(0)

    async def _go(self, line: int) -> None:
        """Have this line in sight, in the upper third; open what hides it."""
        seen = self._log_seen()
        if seen is None:
            return
        line = max(1, min(line, seen.log.lines))
        if seen.plan.top_of(line) is None:
            wanted = planning.revealed(seen.wanted, seen.log.folds, line)
            seen = replace(seen, wanted=wanted, plan=reading.planned(seen.log, wanted))
            self._opened = (seen,)
            await self._draw_map()
        pixel = seen.plan.nearest_top(line)
        self._jump(pixel, "third", line)
        await self._draw(pixel)

    def _has_line(self, number: object) -> bool:
        """Whether what a browser sent is the number of a line of the log that is open."""
        seen = self._log_seen()
        return seen is not None and isinstance(number, int) and 1 <= number <= seen.log.lines

    def _jump(self, pixel: int, where: str, line: int) -> None:
        """Where lines wrap the line says where it is; a pixel says nothing there."""
        self._jumps += 1
        self._pixel = pixel
        self.jump = f"{self._jumps} {pixel} {where} {line}"

    def _hear(self, pixel: object) -> None:
        """How far down the reader is. Where lines wrap it says nothing."""
        if isinstance(pixel, int) and _within(pixel, 0, TALLEST_PX) and not self.wrap:
            self._pixel = pixel

    async def _draw(self, pixel: int | None = None) -> None:
        seen = self._log_seen()
        if seen is None:
            return
        self._pixel = self._pixel if pixel is None else pixel
        look = Look(
            zone.of_viewer(self.router.headers.cookie),
            times=self.times,
            q=self.q if self._hits else "",
            hits=self._hits,
            current=self._current,
            picked=self._picked,
            like=self._like,
        )
        try:
            rows, window = await asyncio.to_thread(reading.rows_around, seen, self._pixel, look, wrap=self.wrap)
            assign(self, rows=rows, window=window)
        except LogStoreError as error:
            self._say_unreadable(error)

    def _say_unreadable(self, error: LogStoreError) -> None:
        """In the place of the lines. The next look at the page, or the next change of anything, tries again."""
        self._opened, self._hits = (), ()
        assign(self, head=reading.unreadable(self.head, error), rows={}, window=Window(), map={}, found="")

    async def _draw_map(self) -> None:
        seen = self._log_seen()
        if seen is not None:
            assign(self, map=await asyncio.to_thread(reading.map_tops, seen, self._hits))

    async def _change(self, change: Callable[[Opened], planning.Wanted]) -> None:
        """Another choice of what is in sight; the reader stays where he is."""
        seen = self._log_seen()
        if seen is None:
            return
        wanted = change(seen)
        self._opened = (replace(seen, wanted=wanted, plan=reading.planned(seen.log, wanted)),)
        await self._draw()
        await self._draw_map()

    @rx.event
    async def arrive(self):
        """The box has just appeared: after a reload it begins where the address says."""
        if self._picked:
            await self._go(self._picked)

    @rx.event
    async def need(self, pixel: int):
        """The reader has come near the end of the rows that are there."""
        if _within(pixel, 0, TALLEST_PX):
            await self._draw(int(pixel))

    @rx.event
    async def shift(self, rows: int):
        """Where lines wrap: earlier or later rows, asked for by hand."""
        seen = self._log_seen()
        if seen is None or not isinstance(rows, int) or not _within(rows, -reading.ROWS_WRAPPED, reading.ROWS_WRAPPED):
            return
        plan = seen.plan
        at = max(0, min(plan.row_at(self._pixel) + rows, plan.rows - 1))
        place = next(plan.places(at, at), None)
        if place is not None:
            await self._draw(place.top)

    @rx.event
    async def toggle_fold(self, first: int):
        if self._has_line(first):
            await self._change(lambda seen: replace(seen.wanted, opened=seen.wanted.opened ^ {first}))

    @rx.event
    async def fill_gap(self, first: int, last: int, whole: bool):
        if self._has_line(first) and self._has_line(last) and first <= last:
            await self._change(
                lambda seen: planning.filled(seen.wanted, (first, last), seen.plan, all_of_it=bool(whole))
            )

    @rx.event
    async def toggle_times(self):
        self.times = not self.times
        await self._draw()

    @rx.event
    async def toggle_wrap(self, pixel: int):
        seen = self._log_seen()
        self._hear(pixel)
        self.wrap = not self.wrap
        if seen is not None:
            self._jump(self._pixel, "top", _line_at(seen, self._pixel))
            await self._draw()

    @rx.event
    async def pick(self, line: int):
        """The line goes into the address, and its mark into the log; picking it again takes both away."""
        if not self._has_line(line):
            return None
        self._picked = 0 if line == self._picked else line
        await self._draw()
        return self._to_address()

    @rx.event
    async def next_error(self, pixel: int):
        self._hear(pixel)
        return await self._step(1)

    @rx.event
    async def previous_error(self, pixel: int):
        self._hear(pixel)
        return await self._step(-1)

    async def _step(self, by: int):
        """To the next place that failed, after the one the reader is at; around at the ends."""
        seen = self._log_seen()
        stops = seen.toned.stops() if seen is not None else []
        if seen is None or not stops:
            return None
        picked_at = seen.plan.top_of(self._picked) if self._picked else None
        in_sight = picked_at is not None and self._pixel <= picked_at + planning.LINE_PX <= self._pixel + SCREEN_PX
        at = self._picked if in_sight else _line_at(seen, self._pixel)
        index = bisect_right(stops, at) if by > 0 else bisect_left(stops, at) - 1
        self._picked = stops[index % len(stops)]
        await self._go(self._picked)
        return self._to_address()

    @rx.event
    async def search(self, q: str, pixel: int):
        """Look for this text, go to the first line with it after the top of what is visible."""
        self._hear(pixel)
        q = str(q).replace("\x00", "")[: routes.LONGEST_SEARCH]
        seen = self._log_seen()
        if seen is None or q == self.q:
            return None
        self.q = q
        await self._look_for(q)
        if self._hits:
            index = bisect_left(self._hits, _line_at(seen, self._pixel))
            self._current = self._hits[index % len(self._hits)]
            await self._go(self._current)
        else:
            await self._draw()
        self._say_found()
        await self._draw_map()
        return self._to_address()

    async def _look_for(self, q: str) -> None:
        seen = self._log_seen()
        self._hits, self._current = (), 0
        if q and seen is not None:
            try:
                self._hits = await asyncio.to_thread(_search, seen.log, q)
            except LogStoreError as error:
                self._say_unreadable(error)

    def _say_found(self) -> None:
        if not self.q:
            said = ""
        elif self._hits:
            place = bisect_left(self._hits, self._current) + 1 if self._current else 1
            said = f"{text.count(place)} of {text.count(len(self._hits))}"
        else:
            said = "none"
        assign(self, found=said)

    @rx.event
    async def next_hit(self):
        await self._to_hit(1)

    @rx.event
    async def previous_hit(self):
        await self._to_hit(-1)

    async def _to_hit(self, by: int) -> None:
        if not self._hits:
            return
        index = bisect_left(self._hits, self._current) + by
        self._current = self._hits[index % len(self._hits)]
        self._say_found()
        await self._go(self._current)

    @rx.event
    async def clear_search(self):
        self._hits, self._current = (), 0
        assign(self, q="", found="")
        await self._draw()
        await self._draw_map()
        return self._to_address()

    @rx.event
    async def jump_to(self, part: float):
        """A click on the map at the right edge: 0 is its top, 1 its bottom."""
        seen = self._log_seen()
        if seen is not None and _within(part, 0, 1):
            pixel = int(part * seen.plan.height)
            self._jump(pixel, "third", _line_at(seen, pixel))
            await self._draw(pixel)

    @rx.event
    @guard.needs("operator")
    async def fetch(self):
        """Ask for the log that is not here; it appears by itself."""
        run_id, job_id = self._of
        if run_id:
            await asyncio.to_thread(_fetch, run_id, job_id)

    @rx.event
    @guard.needs("operator")
    async def fetch_green(self):
        """Ask for the log that this one is compared with."""
        run_id, job_id = self._green
        if run_id:
            await asyncio.to_thread(_fetch, run_id, job_id)

    def _to_address(self) -> Any:
        """What is chosen, into the address bar: the page stays as it is."""
        url = self.router.url
        asked = replace(routes.asked_run(url.query_parameters), line=self._picked, q=self.q)
        address = routes.run(routes.run_of(url.path), asked)
        return rx.call_script(f"history.replaceState(history.state,'',{json.dumps(address)})")


def _within(value: object, least: float, most: float) -> bool:
    """Whether what a browser sent is a number in these bounds."""
    return isinstance(value, int | float) and least <= value <= most


def _line_at(seen: Opened, pixel: int) -> int:
    row = seen.plan.row_at(pixel)
    place = next(seen.plan.places(row, row), None)
    return place.line if place is not None else 0


def _search(log: Log, q: str) -> Sequence[int]:
    return array("Q", log_reading.search(log.id, q))


def _fetch(run_id: int, job_id: int) -> None:
    flow.want_log(run_id, job_id or None, datetime.now(UTC))
