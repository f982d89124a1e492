"""What is wrong with this installation just now: many ask, one looks, and nobody waits for a database that hangs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from sqlalchemy.exc import SQLAlchemyError

from cicd_health import settings
from cicd_health.model.processes import WORKING
from cicd_health.model.troubles import Answered, Look, Trouble, troubles
from cicd_health.store import condition, engine, fullness, migrations
from cicd_health.store.shared_reading import SharedReading

FRESH_S = 1.0
WITHIN_S = 2.0


class Lookout:
    """`works` says what is wrong with the background jobs of this process, or None."""

    def __init__(self, works: Callable[[], str | None]) -> None:
        self._works = works
        self._reading: SharedReading[Answered | None] = SharedReading(_ask, FRESH_S)
        self._silent_since: datetime | None = None
        self._idle_since: datetime | None = None

    async def troubles(self, now: datetime) -> list[Trouble]:
        """All that is wrong, the worst first; within about two seconds, whatever hangs."""
        try:
            answered = await self._reading.newest(WITHIN_S)
        except TimeoutError:
            answered = None
        return self._judged(answered, now)

    def _judged(self, answered: Answered | None, now: datetime) -> list[Trouble]:
        self._silent_since = (self._silent_since or now) if answered is None else None
        works = self._works()
        self._idle_since = (self._idle_since or now) if answered is not None and works else None
        bind = engine.engine()
        look = Look(
            at=now,
            answered=answered,
            silent_since=self._silent_since,
            full_since=fullness.since(bind),
            idle_since=self._idle_since,
            room=condition.room(bind.url.render_as_string(hide_password=False)),
        )
        return troubles(look, _head(), works, should_work=settings.get().role in WORKING)


def _ask() -> Answered | None:
    try:
        return condition.ask(engine.engine().url.render_as_string(hide_password=False), datetime.now(UTC))
    except SQLAlchemyError:
        return None


@cache
def _head() -> str | None:
    return migrations.head()
