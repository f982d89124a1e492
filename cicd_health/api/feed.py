"""What changed, as it happens, for programs: `WS /ws` and `GET /api/v1/stream` tell the same.

One question to the database per change, and one encoding, however many listen. Each message says the moment from which
on a listener that comes back has to be told again; nothing is kept for those who went, the database knows what changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pydantic import BaseModel

from cicd_health.api import alert_shapes, auth, shapes
from cicd_health.api.numbers_shapes import Numbers
from cicd_health.live import Changing, Hub
from cicd_health.metrics import report
from cicd_health.model.health import Query
from cicd_health.model.windows import window_ending
from cicd_health.store import alert_lists, engine, lists
from cicd_health.store.alert_lists import IncidentFilter

log = structlog.get_logger(__name__)
UNREAD = 2000  # messages a listener may leave unread before it is dropped
AT_ONCE = 500  # runs that are told after one change
MOST_MISSED = 1000  # runs that are told to one who comes back; else the lists are quicker
OVERLAP = timedelta(seconds=10)  # a transaction that began earlier may commit later
STATES = ("state", "failures", "last_failed_at", "resolved_at", "muted_until")


@dataclass(frozen=True, slots=True)
class Message:
    """One event, `data` in JSON. Who comes back and has heard it has missed nothing that changed before `until`."""

    event: str
    data: str
    until: datetime

    @property
    def text(self) -> str:
        """As `WS /ws` sends it."""
        return f'{{"event":"{self.event}","data":{self.data}}}'


class Missed(BaseModel):
    """More changed since then than is told one by one: read the lists."""

    since: datetime


def message(event: str, shape: BaseModel, until: datetime) -> Message:
    data = json.dumps(shape.model_dump(mode="json", by_alias=True), separators=(",", ":"))
    return Message(event, data, until)


def read_summary(now: datetime) -> Message:
    """The summary message: the numbers of the last 7 days."""
    with engine.reading() as session:
        numbers = Numbers.of(report.summary(session, Query(window_ending("7d", now)), now))
    return message("summary", numbers, now)


def read_missed(since: datetime, now: datetime) -> list[Message]:
    """What somebody has to be told who heard all that changed before a moment. What is close to it may come again."""
    with engine.reading() as session:
        runs = lists.runs_changed_since(session, since - OVERLAP, limit=MOST_MISSED + 1)
        if len(runs) > MOST_MISSED:
            return [message("missed", Missed(since=since), now)]
        changed = alert_lists.changed_since(session, since - OVERLAP)
        alerts = alert_shapes.read_alerts(session, changed)
    told = [message("build_ingested", shapes.Run.of(row), since) for row in runs]
    return [*told, *(message("alert", alert, since) for alert in alerts)]


class Changes:
    """What is new since it was asked last. The first answer is what to compare with, and is not told."""

    def __init__(self, now: datetime) -> None:
        self._since = now
        self._runs: dict[int, datetime] | None = None
        self._alerts: dict[int, tuple[Any, ...]] | None = None

    def read(self, now: datetime) -> list[Message]:
        """Messages on runs and alerts that are new or changed, oldest first."""
        since = self._since
        with engine.reading() as session:
            runs = lists.runs_changed_since(session, since - OVERLAP, limit=AT_ONCE)
            latest = alert_lists.incidents(session, IncidentFilter(), limit=100)
            unresolved = alert_lists.incidents(session, IncidentFilter(alert_lists.UNRESOLVED), limit=500)
            touched = alert_lists.changed_since(session, since - OVERLAP)
            alerts = {row["id"]: row for row in (*touched, *unresolved, *latest)}
            changed = [alerts[id] for id in sorted(self._changed_alerts(alerts))]
            told = [message("alert", alert, since) for alert in alert_shapes.read_alerts(session, changed)]
        fresh = self._changed_runs(runs, now)
        told = [*(message("build_ingested", shapes.Run.of(row), since) for row in fresh), *told]
        return [message("missed", Missed(since=since), since), *told] if _is_cut(runs, fresh) else told

    def _changed_runs(self, rows: lists.Rows, now: datetime) -> list[lists.Row]:
        known, since = self._runs, self._since
        self._runs, self._since = {row["id"]: row["updated_at"] for row in rows}, now
        if known is None:
            return [row for row in rows if row["updated_at"] > since]
        return [row for row in rows if known.get(row["id"]) != row["updated_at"]]

    def _changed_alerts(self, alerts: dict[int, lists.Row]) -> list[int]:
        known = self._alerts
        self._alerts = {id: tuple(row[column] for column in STATES) for id, row in alerts.items()}
        return [] if known is None else [id for id, state in self._alerts.items() if known.get(id) != state]


def _is_cut(runs: lists.Rows, fresh: Sequence[lists.Row]) -> bool:
    """Whether even the oldest of as many as are read is news: there may be more before it."""
    return len(runs) == AT_ONCE and bool(fresh) and fresh[0]["id"] == runs[0]["id"]


class Listener:
    """What one of them has not heard yet. `behind`: it did not keep up, missed something, and has to come back."""

    def __init__(self) -> None:
        self.behind = False
        self._unheard: asyncio.Queue[Message | None] = asyncio.Queue(UNREAD)

    def tell(self, one: Message) -> None:
        self.behind = self.behind or self._unheard.full()
        if not self.behind:
            self._unheard.put_nowait(one)

    def wake(self) -> None:
        """Let it hear at once, if only nothing: whether it still may is asked then."""
        if not self._unheard.full():
            self._unheard.put_nowait(None)

    async def hear(self) -> list[Message]:
        """Everything that is there; waits for something. Once behind, what was told before that."""
        first = await self._unheard.get()
        told = [first, *(self._unheard.get_nowait() for _ in range(self._unheard.qsize()))]
        return [one for one in told if one is not None]


class Feed:
    """Everybody who listens, and the tasks that tell them while there is anybody."""

    def __init__(self, hub: Hub, rights: Changing) -> None:
        self._hub = hub
        self._rights = rights
        self._listeners: set[Listener] = set()
        self._tasks: list[asyncio.Task[None]] = []

    @contextlib.contextmanager
    def listening(self) -> Generator[Listener]:
        """Somebody who is told everything while the block lasts. The gate bounds how many there are."""
        listener = Listener()
        self._listeners.add(listener)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._look())]
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                for task in self._tasks:
                    task.cancel()
                self._tasks = []  # they end a moment later: whoever comes meanwhile needs others

    async def summary(self) -> Message:
        return await self._hub.snapshot("feed summary", lambda: read_summary(datetime.now(UTC)))

    async def _follow(self) -> None:
        changes = Changes(datetime.now(UTC))
        seen = -1
        while True:
            await self._hub.wait(seen, timeout=60)
            seen = self._hub.version
            try:
                messages = await asyncio.to_thread(changes.read, datetime.now(UTC))
                self._tell([*messages, await self.summary()])
            except Exception as error:  # the database may be away: go on when it is back
                log.warning("live feed", error=str(error))

    async def _look(self) -> None:
        """Wake everybody when somebody's rights changed."""
        seen = self._rights.version
        while True:
            await self._rights.wait(seen, timeout=60)
            seen = self._rights.version
            for listener in self._listeners:
                listener.wake()

    def _tell(self, messages: list[Message]) -> None:
        for listener in self._listeners:
            for one in messages:
                listener.tell(one)


def may_listen(headers: Mapping[str, str], token: str | None, now: datetime) -> bool:
    """Whether who sent these headers, or this key, may read."""
    key = auth.bearer(headers) or token
    return "read" in auth.scopes_of(key, headers.get("cookie"), now)
