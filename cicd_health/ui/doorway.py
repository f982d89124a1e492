"""The page's socket: who may open it, what may come in, and closing it once its session ends."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import reflex as rx
import structlog
from reflex.app import EventNamespace
from reflex.constants import SocketEvent
from reflex.state import StateUpdate
from reflex_base.event import Event, EventSpec
from reflex_base.registry import RegistrationContext

from cicd_health import access
from cicd_health.live import rights
from cicd_health.ui import guard, incoming, outgoing
from cicd_health.ui.incoming import Refused

log = structlog.get_logger(__name__)
FROM_CLIENTS = {"event": 2, "client_error": 2, "ping": 1}  # how many things are read of each, the socket first
LONGEST_NAME = 120  # characters of a handler's name in the log
MOST_A_SECOND = 100  # packets of one connection: nobody clicks that fast
PACE = "cicd_health.pace"  # of a connection, among what the server keeps of it
HANGS_UP_WITHIN_S = 5.0
CHECK_S = 60.0  # how often it is asked whether sessions still hold when nobody says that they do not


@dataclass(frozen=True, slots=True)
class Guest:
    """Who opened a socket."""

    cookie: str
    role: str


@dataclass(slots=True)
class Pace:
    """How many packets came over one connection in the present second, whatever is in them."""

    second: int = 0
    packets: int = 0

    def count(self) -> int:
        second = int(time.monotonic())
        self.second, self.packets = second, self.packets + 1 if self.second == second else 1
        return self.packets


class Doorway(EventNamespace):
    """Reflex's namespace, and a check in front of everything that a client may send."""

    def __init__(self, namespace: str, app: rx.App) -> None:
        super().__init__(namespace, app)
        self._sio: Any = app.sio
        self._guests: dict[str, Guest] = {}
        self._handlers = RegistrationContext.get().event_handlers

    async def trigger_event(self, event: str, *arguments: Any) -> Any:
        """A client may name any event, also those of which only the server tells, and send any number of things."""
        if event in FROM_CLIENTS:
            return await super().trigger_event(event, *arguments[: FROM_CLIENTS[event]])
        if event in ("connect", "disconnect") and self._is_from_server(event, *arguments):
            return await super().trigger_event(event, *arguments)
        return None

    def _is_from_server(self, event: str, sid: str, *arguments: Any) -> bool:
        """The server gives the very request that a socket was opened with; of an end it tells when it has happened."""
        if event == "connect":
            return bool(arguments) and arguments[0] is self._sio.get_environ(sid, self.namespace)
        return not self._sio.manager.is_connected(sid, self.namespace)

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> bool | None:
        """The state of a tab belongs to the session it was made in: who signs in next in that tab gets a new one."""
        cookie = dict(environ["asgi.scope"]["headers"]).get(b"cookie", b"").decode("latin-1")
        person = await access.admit(cookie, datetime.now(UTC))
        if person is None:
            return False
        self._guests[sid] = Guest(cookie, person.role)
        tab = parse_qs(environ.get("QUERY_STRING", "")).get("token", [""])[0]
        query = urlencode({"token": owned(tab, access.session_token(cookie) or "")})
        return await super().on_connect(sid, {**environ, "QUERY_STRING": query}, auth)

    def on_disconnect(self, sid: str) -> asyncio.Task[Any] | None:
        self._guests.pop(sid, None)
        return super().on_disconnect(sid)

    async def on_event(self, sid: str, data: Any = None) -> None:
        try:
            if sid not in self._guests:
                raise Refused("not connected")
            event = incoming.checked(data, self._handlers)
        except Refused as refused:
            name = str(data.get("name"))[:LONGEST_NAME] if isinstance(data, dict) else ""
            log.warning("event refused", why=str(refused), handler=name)
            return
        await super().on_event(sid, event)

    async def close_ended(self, now: datetime) -> None:
        """Close the sockets of sessions that have ended, or whose person may do other things than when they opened."""
        closing = []
        for sid, guest in list(self._guests.items()):
            person = await access.admit(guest.cookie, now)
            if person is None:
                closing.append(self._close(sid, guard.to_sign_in()))
            elif person.role != guest.role:
                closing.append(self._close(sid, rx.call_script("window.location.reload()")))
        await asyncio.gather(*closing)

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """While this is open, a socket outlives its session by no more than a moment."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            seen = rights.version
            try:
                await self.close_ended(datetime.now(UTC))
            except Exception as error:  # the database may be away: go on when it is back
                log.warning("sessions cannot be checked", error=type(error).__name__)
            await rights.wait(seen, timeout=CHECK_S)

    async def _close(self, sid: str, last: EventSpec) -> None:
        """Say where to go, and hang up; whoever does not listen is not waited for."""
        self._guests.pop(sid, None)
        connection = self._sio.manager.eio_sid_from_sid(sid, self.namespace)
        socket = self._sio.eio.sockets.get(connection)
        if socket is None:  # it was gone already; without an id, Engine.IO would hang up on everybody
            return
        with contextlib.suppress(TimeoutError, KeyError):  # KeyError: it went meanwhile
            async with asyncio.timeout(HANGS_UP_WITHIN_S):
                await self.emit(str(SocketEvent.EVENT), StateUpdate(events=Event.from_event_type(last)), to=sid)
                await self._sio.disconnect(sid, namespace=self.namespace)
                await self._sio.eio.disconnect(connection)
                await socket.queue.put(None)  # Engine.IO itself would wait for the other side to hang up


def owned(tab: str, session: str) -> str:
    """What a tab's state is kept under: nobody finds it without the session that it was made in."""
    return hashlib.sha256(f"{tab} {session}".encode()).hexdigest()[:36]


def install(app: rx.App) -> Doorway:
    """Put it in place of Reflex's own namespace. Its sockets open from pages that the gate knows, and from no other."""
    sio: Any = app.sio
    assert app.event_namespace is not None
    doorway = Doorway(app.event_namespace.namespace, app)
    app._event_namespace = doorway  # Reflex offers no way to choose it
    sio.register_namespace(doorway)
    # The gate knows every address under which the page is asked for; Socket.IO would know the configured ones only.
    sio.eio.cors_allowed_origins = []
    sio.packet_class.json = outgoing.codec(sio.packet_class.json)
    sio.eio.on("message", _tolerant(sio, sio.eio.handlers["message"]))
    return doorway


def _tolerant(sio: Any, handle: Callable[[str, Any], Awaitable[None]]) -> Callable[[str, Any], Awaitable[None]]:
    """What is no packet at all is one line in the log, not a stack. What comes too fast is not read, and is one, too.

    It is counted for the connection: over one, a client may open and leave the page's namespace as often as it likes.
    """

    async def message(connection: str, packet: Any) -> None:
        known = sio.environ.get(connection)
        packets = known.setdefault(PACE, Pace()).count() if known is not None else 0
        if packets > MOST_A_SECOND:
            if packets == MOST_A_SECOND + 1:
                log.warning("packets refused", why="too many in a second")
            return
        try:
            await handle(connection, packet)
        except Exception as error:
            log.warning("packet refused", error=type(error).__name__)

    return message
