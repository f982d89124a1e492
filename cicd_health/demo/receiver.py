"""Where the messages of the demo go: a server on this machine that takes each of them and forgets it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # the name that the library asks for
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the delivery log has it."""


@contextmanager
def taking_messages() -> Iterator[str]:
    """The beginning of the addresses that it takes messages at, while the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Taking)
    threading.Thread(target=server.serve_forever, name="demo receiver", daemon=True).start()
    try:
        yield f"json://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
