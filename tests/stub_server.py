"""A real HTTP server on this machine that plays a provider, well or badly: what the stubs have in common."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

LONGEST_S = 60.0  # no answer is held back for longer, whatever a test asks for
HTML = b"<!doctype html><html><head><title>Sign in</title></head><body>Please sign in</body></html>"


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked. `path` is as sent, without the query; header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Answer:
    """What to answer. `chunks` go out one by one after the body; a broken answer ends without saying so."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Iterator[bytes] | None = None
    close: bool = False  # hang up without an answer


def as_json(value: Any, status: int = 200, **headers: str) -> Answer:
    """Header names are given with underscores: `Retry_After="5"`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    raw = json.dumps(value, separators=(",", ":")).encode()
    return Answer(status, raw, {"Content-Type": "application/json; charset=utf-8", **named})


@dataclass(slots=True)
class Accident:
    """Happens instead of the true answer, `left` times, to requests whose path matches."""

    happen: Callable[[Request], Answer]
    left: int
    path: re.Pattern[str]


class StubServer:
    """A server while the block lasts. `requests` are all it was asked, in order; `url` has no slash at its end."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.url = ""
        self._accidents: list[Accident] = []
        self._lock = threading.RLock()
        self._release = threading.Event()
        self._open: set[socket.socket] = set()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def answer(self, request: Request) -> Answer:
        """The true answer; called with the lock held."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, port: int = 0) -> Self:
        """Also again on the same port after `stop`: an outage."""
        server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        server.daemon_threads = True
        self._release.clear()
        self._server = server
        self.url = f"http://{self.host}:{server.server_port}"
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> int:
        """Nobody listens any more; the port it was."""
        assert self._server is not None
        assert self._thread is not None
        self._release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        for connection in list(self._open):  # those that are kept alive
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        return self._server.server_port

    def asked(self, path: str = "", method: str = "") -> list[Request]:
        """The requests so far whose path matches the pattern."""
        with self._lock:
            seen = list(self.requests)
        return [one for one in seen if re.search(path, one.path) and method in ("", one.method)]

    def forget(self) -> None:
        """Count requests from here."""
        with self._lock:
            self.requests.clear()

    # Knobs: what goes wrong, how often (`n`), and for which paths.

    def instead(self, happen: Callable[[Request], Answer], n: int = 1, path: str = "") -> None:
        with self._lock:
            self._accidents.append(Accident(happen, n, re.compile(path)))

    def all_well(self) -> None:
        """From now on every answer is the true one."""
        with self._lock:
            self._accidents.clear()

    def fail_next(self, n: int = 1, status: int = 500, path: str = "", **headers: str) -> None:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        self.instead(lambda _: Answer(status, b"oops", {"Content-Type": "text/plain", **named}), n, path)

    def garbage(self, n: int = 1, path: str = "", body: bytes = b'{"total_count": 3, "workflow_ru') -> None:
        self.instead(lambda _: Answer(200, body, {"Content-Type": "application/json"}), n, path)

    def html(self, n: int = 1, path: str = "", status: int = 200) -> None:
        self.instead(lambda _: Answer(status, HTML, {"Content-Type": "text/html; charset=utf-8"}), n, path)

    def hang_up(self, n: int = 1, path: str = "") -> None:
        self.instead(lambda _: Answer(close=True), n, path)

    def redirect(self, to: str, n: int = 1, path: str = "", status: int = 302) -> None:
        self.instead(lambda _: Answer(status, b"", {"Location": to}), n, path)

    def slow(self, seconds: float, n: int = 1, path: str = "") -> None:
        """The true answer, late. The end of the block lets it go at once."""

        def late(request: Request) -> Answer:
            self._release.wait(min(seconds, LONGEST_S))
            with self._lock:
                return self.answer(request)

        self.instead(late, n, path)

    def drip(self, seconds: float, n: int = 1, path: str = "") -> None:
        """An answer that begins at once and never gets anywhere: a blank now and then."""

        def blanks() -> Iterator[bytes]:
            for _ in range(int(min(seconds, LONGEST_S) / 0.2)):
                if self._release.wait(0.2):
                    return
                yield b" "

        self.instead(lambda _: Answer(200, b"", {"Content-Type": "application/json"}, blanks()), n, path)

    def huge(self, megabytes: int, n: int = 1, path: str = "") -> None:
        """JSON that does not end for so long."""

        def numbers() -> Iterator[bytes]:
            block = b"1234567," * (131_072)
            return (block for _ in range(megabytes))

        self.instead(lambda _: Answer(200, b"[", {"Content-Type": "application/json"}, numbers()), n, path)

    def respond(self, request: Request) -> Answer:
        """What this request gets: an accident that is due, else the true answer."""
        with self._lock:
            self.requests.append(request)
            due = next((one for one in self._accidents if one.left > 0 and one.path.search(request.path)), None)
            if due is None:
                return self.answer(request)
            due.left -= 1
        return due.happen(request)


class Storage(StubServer):
    """Where logs really are: another host, that must never see the token. `files` by path."""

    host = "localhost"

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self.leaked: list[Request] = []

    def answer(self, request: Request) -> Answer:
        if "authorization" in request.headers or "cookie" in request.headers:
            self.leaked.append(request)
        if request.path not in self.files:
            return Answer(404, b"<Error><Code>BlobNotFound</Code></Error>", {"Content-Type": "application/xml"})
        return Answer(200, self.files[request.path], {"Content-Type": "text/plain"})


def _handler(stub: StubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # head and body in one packet
        timeout = LONGEST_S

        def setup(self) -> None:
            super().setup()
            stub._open.add(self.connection)

        def finish(self) -> None:
            stub._open.discard(self.connection)
            with contextlib.suppress(OSError):
                super().finish()

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            request = Request(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
            answer = stub.respond(request)
            if answer.close:
                self.close_connection = True
                return
            with contextlib.suppress(OSError):  # whoever asked has gone
                self._send(answer)

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.chunks is None:
                if answer.status not in (204, 304):
                    self.send_header("Content-Length", str(len(answer.body)))
            else:
                self.close_connection = True
                self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)
            for chunk in answer.chunks or ():
                self.wfile.write(chunk)
                self.wfile.flush()

        do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_PATCH = _serve

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
