"""The page's websocket, spoken by hand: what a program that is no browser may do with it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import simple_websocket

HYDRATE = "reflex___state____state.hydrate_and_load"
AT_START = {"pathname": "/", "asPath": "/", "query": {}}


class PageSocket:
    """One open socket; each message that came is kept in `heard`."""

    def __init__(self, socket: simple_websocket.Client) -> None:
        self._socket = socket
        self.heard: list[str] = []

    def open_page(self, path: str = "/") -> None:
        """What a browser sends first: who reads on gets the whole state of the page."""
        event = {
            "name": HYDRATE,
            "payload": {"hashes": []},
            "router_data": {**AT_START, "pathname": path, "asPath": path},
        }
        self._socket.send("40/_event," + json.dumps({"event": event}))

    def leave_page(self) -> None:
        """Leave the page's namespace; the connection stays."""
        self._socket.send("41/_event,")

    def send(self, event: Any, name: str = "event") -> None:
        self.send_text(json.dumps([name, event]))

    def send_text(self, packet: str) -> None:
        self._socket.send(f"42/_event,{packet}")

    def call(self, handler: str, **payload: Any) -> None:
        self.send({"name": handler, "payload": payload, "router_data": AT_START})

    def messages(self, wait_s: float) -> Iterator[str]:
        """As they come, until none came for so long or the socket is closed."""
        try:
            while (message := self._socket.receive(timeout=wait_s)) is not None:
                if message == "2":
                    self._socket.send("3")
                    continue
                self.heard.append(str(message))
                yield str(message)
        except simple_websocket.ConnectionClosed:
            return

    def until(self, words: str, wait_s: float = 10) -> str:
        """The first message with these words in it."""
        for message in self.messages(wait_s):
            if words in message:
                return message
        raise AssertionError(f"{words} did not come, but {self.heard[-5:]}")

    def is_closed(self, wait_s: float = 10) -> bool:
        """Whether it is closed from the other side within this time."""
        try:
            while self._socket.receive(timeout=wait_s) is not None:
                pass
        except simple_websocket.ConnectionClosed:
            return True
        return False


@contextmanager
def connected(url: str, cookie: str = "", origin: str | None = None, tab: str = "") -> Generator[PageSocket]:
    """Raises simple_websocket.ConnectionError when the server does not open it."""
    headers = {"Cookie": cookie} if cookie else {}
    headers |= {"Origin": url if origin is None else origin}
    address = f"{url.replace('http', 'ws', 1)}/_event/?token={tab or uuid.uuid4()}&EIO=4&transport=websocket"
    socket = simple_websocket.Client.connect(address, headers=headers, subprotocols=["0.10.1"])
    try:
        yield PageSocket(socket)
    finally:
        with suppress(simple_websocket.ConnectionClosed):
            socket.close()
