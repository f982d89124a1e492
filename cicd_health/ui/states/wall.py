"""The wall: what the overview reads, shown large, and its pages by turns. The clock moves with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import reflex as rx
import structlog

from cicd_health.live import hub
from cicd_health.ui import format as text
from cicd_health.ui import guard, routes, zone
from cicd_health.ui.routes import Asked
from cicd_health.ui.states import overview
from cicd_health.ui.states.following import assign, changes
from cicd_health.ui.wall_view import page
from cicd_health.ui.wall_view.page import Screen, Wall

log = structlog.get_logger(__name__)


class WallState(rx.State):
    """`phase` is loading, first (no run has ever arrived) or live; `problem` says why what is shown is old."""

    phase: rx.Field[str] = rx.field("loading")
    problem: rx.Field[str] = rx.field("")
    shown: rx.Field[Wall] = rx.field(default_factory=Wall)
    screen: rx.Field[Screen] = rx.field(default_factory=Screen)
    paging: rx.Field[str] = rx.field("")
    date: rx.Field[str] = rx.field("")
    clock: rx.Field[str] = rx.field("")
    _read_at: str = ""  # when what is shown was read

    @rx.event(background=True)
    async def follow(self):
        asked = replace(routes.asked(self.router.url.query_parameters), show="all")
        viewer = zone.of_viewer(self.router.headers.cookie)
        async for person in changes(self, again_s=lambda: page.until_turn(datetime.now(UTC))):
            if person is None:
                yield guard.to_sign_in()
                return
            try:
                wall = await _wall(asked, viewer)
            except Exception:  # whatever it was, the wall keeps what it shows and says so
                log.exception("wall cannot be read")
                async with self:
                    self._fail(datetime.now(UTC), viewer)
            else:
                async with self:
                    self._show(wall, datetime.now(UTC), viewer)

    def _fail(self, now: datetime, viewer: ZoneInfo) -> None:
        of = f"This is of {self._read_at}. " if self._read_at else ""
        assign(self, problem=f"The numbers cannot be read at the moment. {of}Trying again.")
        self._tell_time(now, viewer)

    def _show(self, wall: Wall, now: datetime, viewer: ZoneInfo) -> None:
        screens = wall.screens
        number = page.turn(now, len(screens))
        assign(
            self,
            phase="first" if wall.empty else "live",
            problem="",
            shown=replace(wall, screens=()),
            screen=screens[number],
            paging=f"Page {number + 1} of {len(screens)}" if len(screens) > 1 else "",
        )
        self._read_at = text.clock(now, viewer)
        self._tell_time(now, viewer)

    def _tell_time(self, now: datetime, viewer: ZoneInfo) -> None:
        local = now.astimezone(viewer)
        assign(self, clock=text.clock(now, viewer), date=f"{local:%a} {local.day} {local:%b}")


async def _wall(asked: Asked, viewer: ZoneInfo) -> Wall:
    """The overview of the same address is read once for both."""
    found, _ = await hub.snapshot(("overview", asked, viewer.key), partial(overview.load, asked, viewer))
    return await hub.snapshot(("wall", asked, viewer.key), partial(page.wall, found, asked, viewer))
