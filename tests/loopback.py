"""Real servers on this machine that stand at the edges: a Slack-like webhook and a mail server."""

from __future__ import annotations

import contextlib
import email
import email.message
import email.policy
import json
import socket
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

WEBHOOK = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@dataclass
class Slack:
    """What a webhook received. `status` is its answer; while `open` is cleared it holds every answer back.

    `location` is where it sends whoever asks on, as a sign-in in front of it does; a GET is always answered with 200.
    """

    url: str
    status: int = 200
    answer: bytes = b"ok"
    location: str | None = None
    paths: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def texts(self) -> list[str]:
        return [body["text"] for body in self.bodies]

    def wait_for(self, count: int, timeout_s: float = 45.0) -> bool:
        """True as soon as so many messages have arrived."""
        with self.arrived:
            return self.arrived.wait_for(lambda: len(self.bodies) >= count, timeout_s)


@contextlib.contextmanager
def slack(port: int = 0, path: str = WEBHOOK) -> Generator[Slack]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with received.arrived:
                received.paths.append(self.path)
                received.bodies.append(body)
                received.arrived.notify_all()
            received.open.wait(30)
            with contextlib.suppress(OSError):
                self.send_response(received.status)
                if received.location:
                    self.send_header("Location", received.location)
                self.end_headers()
                self.wfile.write(received.answer)

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    received = Slack(f"http://127.0.0.1:{server.server_port}{path}")
    received.open.set()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        received.open.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class Mailbox:
    """What a mail server accepted. It refuses the recipients in `unknown`, and everybody while `broken`."""

    host: str
    port: int
    mails: list[email.message.EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    broken: bool = False
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int, timeout_s: float = 45.0) -> bool:
        """True as soon as so many mails have arrived."""
        with self.arrived:
            return self.arrived.wait_for(lambda: len(self.mails) >= count, timeout_s)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.broken:
            return "451 try again later"
        if address in self.unknown:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, email.message.EmailMessage)
        with self.arrived:
            self.mails.append(parsed)
            self.recipients.append(list(envelope.rcpt_tos))
            self.arrived.notify_all()
        return "250 OK"


@contextlib.contextmanager
def mail_server(port: int = 0) -> Generator[Mailbox]:
    mailbox = Mailbox("127.0.0.1", port or free_port())
    controller = Controller(mailbox, hostname=mailbox.host, port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def text_of(mail: email.message.EmailMessage, kind: str = "plain") -> str:
    """The plain (or html) part of a mail, decoded."""
    part = mail.get_body((kind,))
    assert part is not None
    return part.get_content()
