"""Processes that serve and work on one database, what is sent to them, and what is found in the end."""

from __future__ import annotations

import itertools
import json
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
import sqlalchemy as sa

from cicd_health import settings
from cicd_health.store import engine, recount
from tests import loopback, running
from tests.bodies import github_run, signed

SECRET = "cluster-secret-of-no-value"
KEY = "cluster-key-of-no-value"
MOST_BROKEN = 20  # pipelines; so many that the messages of all of them go out one by one or together


class Installation:
    """`slack` is where its alerts go."""

    def __init__(self, url: str, folder: Path, slack: loopback.Slack, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database_url, self.folder, self.slack = url, folder, slack
        self.members: list[running.Server] = []
        monkeypatch.setenv("DATABASE_URL", url)
        settings.get.cache_clear()

    def start(self, *what: str, port: int | None = None, **more: str) -> list[running.Server]:
        """Start them together and wait until all are ready: `serve --role web`, `worker`."""
        given = {
            "DATABASE_URL": self.database_url,
            "GITHUB_WEBHOOK_SECRET": SECRET,
            "API_KEY": KEY,
            "SLACK_WEBHOOK_URL": self.slack.url,
            "ANONYMOUS_RATE_LIMIT": "10000000",
            "API_RATE_LIMIT": "10000000",
            **more,
        }
        started = []
        for one in what:
            own = port or loopback.free_port()
            env = running.environment(self.folder, own, **given)
            started.append(running.launch(one, env, f"http://localhost:{own}", self.folder))
        self.members += started
        for member in started:
            running.wait_until_ready(member)
        return started

    def close(self) -> None:
        for member in self.members:
            member.stop(signal.SIGKILL)
        engine.engine_for(self.database_url).dispose()
        engine.engine_for.cache_clear()
        settings.get.cache_clear()

    def rows(self, query: str) -> list[Any]:
        with engine.engine().execution_options(reads_only=True).connect() as connection:
            return list(connection.execute(sa.text(query)))

    def number(self, query: str) -> int:
        return self.rows(query)[0][0]

    def cut_listeners(self) -> int:
        """Cut the connections by which processes hear of what others write; how many there were."""
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        return len(self.rows(f"{query} AND datname = current_database()"))

    def told(self) -> Counter[str]:
        """How often each broken pipeline was named, in all messages."""
        return Counter(name for text in list(self.slack.texts) for name in set(re.findall(r"breaks-\d+", text)))

    def holds(self, sender: Sender) -> None:
        """Wait until all that was accepted is there and told; it is there once, and told once."""
        until(lambda: self.number("SELECT count(*) FROM deliveries WHERE state = 'kept'") == 0)
        until(lambda: sender.broken <= self.told().keys())
        until(lambda: self.number("SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')") == 0)
        there = Counter(row[0] for row in self.rows("SELECT external_id FROM deliveries"))
        assert there == dict.fromkeys(sender.accepted, 1)
        assert self.number("SELECT count(*) FROM runs") == len(sender.accepted)
        assert self.told() == dict.fromkeys(sender.broken, 1)
        with engine.reading() as session:
            assert recount.check(session) == []


class Sender:
    """Sends signed deliveries at a pace while the block lasts, each of a run of its own; some pipelines break."""

    def __init__(self, url: str, per_s: float, breaks_every: int = 0) -> None:
        self.url, self.per_s, self._breaks_every = url, per_s, breaks_every
        self.accepted: set[str] = set()
        self.broken: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self.slowest_s = 0.0
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(8)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    def _send(self) -> None:
        with httpx.Client(timeout=30) as client:
            while not self._stopping.is_set():
                with self._lock:
                    number = next(self._numbers)
                if self._stopping.wait(max(0.0, self._began + number / self.per_s - time.monotonic())):
                    return
                self._post(client, number)

    def _post(self, client: httpx.Client, number: int) -> None:
        breaks = bool(self._breaks_every) and number % self._breaks_every == 0 and len(self.broken) < MOST_BROKEN
        name = f"breaks-{number}" if breaks else "ci"
        began = time.monotonic()
        try:
            status = post(self.url, run(number, name, "failure" if breaks else "success"), f"sent-{number}", client)
        except httpx.HTTPError:
            status = 0
        with self._lock:
            self.statuses[status] += 1
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            if 200 <= status < 300:
                self.accepted.add(f"sent-{number}")
                self.broken |= {name} if breaks else set()


def run(number: int, pipeline: str = "ci", conclusion: str = "success") -> dict[str, Any]:
    """A run that just ended, of a pipeline with this name."""
    body = github_run(number, created=datetime.now(UTC), seconds=1, conclusion=conclusion, workflow=pipeline)
    if pipeline != "ci":
        body["workflow_run"]["workflow_id"] = body["workflow"]["id"] = 500_000 + number
        body["workflow"]["path"] = f".github/workflows/{pipeline}.yml"
    return body


def post(url: str, body: dict[str, Any], id: str, client: httpx.Client | None = None) -> int:
    """Send a delivery; the status of the answer."""
    raw = json.dumps(body).encode()
    return (client or httpx).post(f"{url}/webhooks/github", content=raw, headers=headers_of(raw, id)).status_code


def headers_of(raw: bytes, id: str) -> dict[str, str]:
    return signed(raw, SECRET) | {"X-GitHub-Event": "workflow_run", "X-GitHub-Delivery": id}


def until(true: Callable[[], object], within_s: float = 90.0) -> float:
    """Wait until it is true; the seconds that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s, "it did not come true"
        time.sleep(0.05)
    return time.monotonic() - began
