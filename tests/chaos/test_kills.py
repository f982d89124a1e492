"""`kill -9` at any moment: what was answered 2xx is there once, and every alert is told once."""

from __future__ import annotations

import time

import pytest

from tests.chaos import ledger, lengths

DATABASES = ["sqlite", "postgres"] if lengths.LONG else ["sqlite"]


@pytest.mark.parametrize("database", DATABASES)
def test_the_server_is_killed_under_load_and_started_again(build, database):
    world = build(database)
    page = world.watch()
    with world.sender(breaks_every=40) as sender:
        for _ in range(int(lengths.of(1, 3))):
            sender.wait_for(len(sender.accepted) + 200)
            world.kill()
            killed = time.perf_counter()
            world.start()
            sender.wait_for(len(sender.accepted) + 20)
            healed_s = time.perf_counter() - killed
        page.live_again(since=killed)
    line = world.line("kill -9 of the server under load")
    line.healed_s, line.said = healed_s, page.problems()
    world.settle(sender, line)
    assert page.lost
    ledger.write(line)
    assert line.expected == line.messages
    assert line.doubled <= 1, "only what was being sent when it died may come twice"
