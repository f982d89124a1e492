"""1,000 viewers at once, and all of them again after a restart; webhooks go on meanwhile."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.chaos import ledger
from tests.chaos.sender import until
from tests.running import ROOT

VIEWERS = 1000
WITHIN_S = 90.0


@pytest.fixture(autouse=True)
def many_files() -> None:
    """Each viewer is an open file of the crowd; the server asks for itself."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Crowd:
    """`shown` is how many have their page just now."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.shown, self._process = 0, process
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.shown = int(line)


@contextmanager
def crowd(port: int, cookie: str) -> Iterator[Crowd]:
    """In a process of its own, so that nothing else here waits for it."""
    command = [sys.executable, "-m", "tests.chaos.crowd", str(port), str(VIEWERS), cookie]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield Crowd(process)
    finally:
        process.kill()
        process.wait()


def test_a_thousand_viewers_connect_at_once_and_again_after_a_restart(build):
    world = build("sqlite", API_RATE_LIMIT="10000000")
    page = world.watch()
    before = world.rss_mb()
    with world.sender(per_s=20, connections=8, breaks_every=500) as sender:
        sender.wait_for(20)
        came, accepted = time.perf_counter(), len(sender.accepted)
        with crowd(world.port, page.cookie) as viewers:
            until(lambda: viewers.shown == VIEWERS, WITHIN_S, lambda: f"{viewers.shown} have their page")
            all_shown_s, meanwhile = time.perf_counter() - came, len(sender.accepted) - accepted
            with_all, accepted, cpu_s = world.rss_mb(), len(sender.accepted), world.cpu_s()
            time.sleep(10)  # they look, and webhooks go on
            beside, cpu_s = len(sender.accepted) - accepted, world.cpu_s() - cpu_s
            world.server.stop(signal.SIGTERM)
            until(lambda: viewers.shown == 0, WITHIN_S)
            world.start()
            restarted = time.perf_counter()
            until(lambda: viewers.shown == VIEWERS, WITHIN_S, lambda: f"{viewers.shown} came back")
            back_s = time.perf_counter() - restarted
            again = world.rss_mb()
        sender.wait_for(len(sender.accepted) + 20)
    line = world.line(f"{VIEWERS:,} viewers at once, and after a restart")
    world.settle(sender, line)
    line.healed_s, line.said = back_s, page.problems()
    line.notes = [
        f"all had their page after {all_shown_s:.1f} s",
        f"all were back {back_s:.1f} s after the restart",
        f"RSS {before:.0f} → {with_all:.0f} MB, {again:.0f} MB after the restart",
        f"webhooks while they came {meanwhile / all_shown_s:.0f}/s, then {beside / 10:.0f}/s (20/s sent), "
        f"p99 {sender.p99():.1f} s",
        f"{cpu_s / 10:.0%} of a core with all",
    ]
    ledger.write(line)
    assert (line.messages, line.doubled) == (line.expected, 0)
