"""The real server, its channel, somebody who looks at its page, and what is in its database."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
import sqlalchemy as sa

from cicd_health import flow, settings
from cicd_health.store import engine, recount
from tests import loopback, running
from tests.chaos import lengths
from tests.chaos.ledger import Line
from tests.chaos.sender import SECRET, Sender, chunks, until
from tests.page_socket import connected

PROBLEM = re.compile(r'"problem_rx_state_":\s*"([^"]+)"')
NOTICES = re.compile(r'"notices_rx_state_":\s*\[(.*?)\]')
NOTICE = re.compile(r'"text":\s*"([^"]+)"')
GENEROUS_S = 120.0  # a machine may be busy


class World:
    def __init__(
        self, database: str, url: str, folder: Path, slack: loopback.Slack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.database, self.database_url, self.folder, self.slack = database, url, folder, slack
        self.port = loopback.free_port()
        self.processes: dict[str, running.Server] = {}
        self.settings: dict[str, str] = {}
        self.viewer: Viewer | None = None
        monkeypatch.setenv("DATABASE_URL", url)
        settings.get.cache_clear()

    def start(self, what: str = "serve", **more: str) -> running.Server:
        """`serve` or `worker`, with these settings and those of the start before."""
        self.settings |= more
        usual = {
            "DATABASE_URL": self.database_url,
            "GITHUB_WEBHOOK_SECRET": SECRET,
            "PUBLIC_READ": "true",
            "SLACK_WEBHOOK_URL": self.slack.url,
            "ANONYMOUS_RATE_LIMIT": "10000000",
            "LOG_RETENTION_DAYS": "3650",
        }
        started = running.start(self.folder / "data", what, self.port, **usual, **self.settings)
        self.processes[what] = started
        return started

    def close(self) -> None:
        if self.viewer is not None:
            self.viewer.stop()
        for process in self.processes.values():
            process.stop(signal.SIGKILL)
        engine.engine_for(self.database_url).dispose()
        engine.engine_for.cache_clear()
        settings.get.cache_clear()

    @property
    def server(self) -> running.Server:
        return self.processes["serve"]

    def kill(self, what: str = "serve") -> None:
        self.processes[what].stop(signal.SIGKILL)

    def sender(self, **how) -> Sender:
        return Sender(self.port, **how)

    def watch(self) -> Viewer:
        """Somebody who is signed in opens the page and stays."""
        self.viewer = Viewer(self.server)
        return self.viewer

    def line(self, case: str) -> Line:
        return Line(case, {"sqlite": "SQLite", "postgres": "PostgreSQL"}[self.database])

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=30)

    def ready(self) -> bool:
        try:
            return self.get("/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def rss_mb(self) -> float:
        return psutil.Process(self.server.process.pid).memory_info().rss / 2**20

    def cpu_s(self) -> float:
        used = psutil.Process(self.server.process.pid).cpu_times()
        return used.user + used.system

    # What is in the database

    def scalar(self, query: str) -> int:
        with engine.engine().execution_options(reads_only=True).connect() as connection:
            return connection.execute(sa.text(query)).scalar_one()

    def found(self, sender: Sender) -> int:
        """How many of the accepted deliveries are there, exactly once."""
        there: Counter[str] = Counter()
        with engine.engine().execution_options(reads_only=True).connect() as connection:
            query = sa.text("SELECT external_id FROM deliveries WHERE external_id IN :ids")
            query = query.bindparams(sa.bindparam("ids", expanding=True))
            for ids in chunks(sorted(sender.accepted)):
                there.update(connection.execute(query, {"ids": ids}).scalars())
        return sum(1 for times in there.values() if times == 1)

    def applied(self) -> bool:
        """Whether nothing that is kept waits."""
        return self.scalar("SELECT count(*) FROM deliveries WHERE state = 'kept' AND error IS NULL") == 0

    def settle(self, sender: Sender, line: Line) -> None:
        """Wait until all that was accepted is applied and told, then hold the books against what was sent."""
        if not lengths.LONG:  # what the clock would do within half a minute
            flow.recover(datetime.now(UTC) + timedelta(minutes=1))
        until(self.applied, GENEROUS_S, lambda: "deliveries wait that nobody applies")
        expected = {name for id, name in sender.broken.items() if id in sender.accepted}
        until(
            lambda: expected <= self.told().keys(), GENEROUS_S, lambda: f"not told of {expected - self.told().keys()}"
        )
        until(self._quiet, GENEROUS_S, lambda: "messages wait that nobody sends")
        told = self.told()
        line.sent, line.accepted, line.found = sender.sent, len(sender.accepted), self.found(sender)
        line.expected, line.messages = len(expected), len(expected & told.keys())
        line.doubled = sum(1 for times in told.values() if times > 1)
        line.refused = ", ".join(
            f"{n:,} × {status or 'cut'}" for status, n in sorted(sender.statuses.items()) if status not in (200, 202)
        )
        assert line.found == line.accepted
        assert self.scalar("SELECT count(*) FROM runs") == self.scalar("SELECT count(*) FROM deliveries")
        with engine.reading() as session:
            assert recount.check(session) == [], "the sums are not those of the runs"

    def told(self) -> Counter[str]:
        """In how many messages each broken pipeline is named."""
        return Counter(name for text in list(self.slack.texts) for name in set(re.findall(r"breaks-\d{6}", text)))

    def _quiet(self) -> bool:
        return self.scalar("SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')") == 0


class Viewer:
    """A page that is open: what it was told, with the problems that it showed. Comes back when its socket is lost."""

    def __init__(self, server: running.Server) -> None:
        self.url = server.url
        self.cookie = _signed_in(server, self.url)
        self.said: list[str] = []
        self.pushes: list[float] = []
        self.lost = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, name="viewer", daemon=True)
        self._thread.start()
        until(lambda: self.pushes, 30, lambda: "the page does not open")

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)

    def live_again(self, since: float, within_s: float = 60) -> float:
        """Wait for something new to be shown after that moment of time.perf_counter; the seconds that took."""
        until(lambda: self.pushes and self.pushes[-1] > since, within_s, lambda: f"no push; it said {self.said[-3:]}")
        return next(at for at in self.pushes if at > since) - since

    def problems(self) -> str:
        """What it said was wrong, each once; what a browser says of itself when there is no server."""
        lost = ["Connection lost, trying again"] if self.lost else []
        return " / ".join([*dict.fromkeys(self.said), *lost]) or "nothing"

    def _look(self) -> None:
        while not self._stopping.is_set():
            try:
                with connected(self.url, cookie=self.cookie) as socket:
                    socket.open_page()
                    while not self._stopping.is_set():
                        self._hear(socket)
            except Exception:  # whatever it is, a browser tries again
                self.lost += 1
                self._stopping.wait(0.5)

    def _hear(self, socket) -> None:
        message = socket._socket.receive(timeout=0.5)
        if message == "2":
            socket._socket.send("3")
        elif message is not None:
            notices = [text for found in NOTICES.findall(str(message)) for text in NOTICE.findall(found)]
            self.said += [*notices, *PROBLEM.findall(str(message))]
            if '"shown_rx_state_"' in str(message):
                self.pushes.append(time.perf_counter())


def _signed_in(server: running.Server, url: str) -> str:
    """The cookie of a browser that followed the printed link."""
    link = urlsplit(server.printed_link)
    answer = httpx.get(f"{url}{link.path}?{link.query}")
    if answer.status_code == 200 and "<form" in answer.text:
        answer = httpx.post(f"{url}/login/link", data={"token": link.query.partition("=")[2]}, headers={"Origin": url})
    return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
