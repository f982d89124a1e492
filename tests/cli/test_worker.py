"""Background jobs beside a server, and a way back that somebody watches."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cicd_health import flow, queue, settings
from cicd_health.jobs import JOBS
from tests import loopback, watching
from tests.cli.calling import facts
from tests.delivering import channel, incident, messages, seconds, tell
from tests.github_stub import GitHubStub
from tests.running import ROOT

REPO = "kestrel/checkout-api"


@contextmanager
def working() -> Iterator[subprocess.Popen[str]]:
    """A worker that has said that it works."""
    command = [sys.executable, "-m", "cicd_health", "worker"]
    worker = subprocess.Popen(command, cwd=ROOT, env=os.environ, stderr=subprocess.PIPE, text=True)
    try:
        assert worker.stderr is not None
        assert any("Working on the background jobs" in line for line in worker.stderr)
        yield worker
    finally:
        worker.kill()
        worker.communicate()


async def test_a_worker_beside_the_server_sends_each_message_once_and_stops_cleanly(database: sa.Engine):
    with loopback.slack() as slack:
        for n in range(4):
            channel(slack.url, f"Channel {n}")
        broken = [incident() for _ in range(3)]
        with working() as worker:
            async with queue.running(JOBS):
                for n, id in enumerate(broken):
                    tell(id, now=seconds(60 * n))
                assert slack.wait_for(12)
                worker.send_signal(signal.SIGTERM)
                assert worker.wait(20) == 0
            assert worker.stderr is not None
            rest = worker.stderr.read()
    assert "Stopping" in rest  # a busy machine may cut what follows short: it ends within 5 s all the same
    assert Counter(int(text.split()[2]) for text in slack.texts) == dict.fromkeys(broken, 4)
    assert {(row.state, row.attempts) for row in messages()} == {("sent", 1)}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_history_is_read_to_its_end_and_again_only_when_it_is_named(
    database: sa.Engine, monkeypatch: pytest.MonkeyPatch
):
    with GitHubStub(REPO) as github:
        for place in range(30):
            github.repo(REPO).play(watching.now() - timedelta(days=2, hours=place), "success")
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        settings.get.cache_clear()
        flow.start(watching.now())
        [walked] = facts("backfill", REPO)["watches"]
        assert (walked["name"], walked["state"], walked["done"]) == (REPO, "done", 30)
        asked = len(github.requests)
        assert facts("backfill", "all") == {"watches": []}
        assert len(github.requests) == asked
