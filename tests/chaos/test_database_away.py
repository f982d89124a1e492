"""PostgreSQL stopped, frozen, or cutting its connections: said at once, never a 2xx for what is not kept, healed."""

from __future__ import annotations

import time

import pytest

from tests.chaos import ledger, lengths
from tests.chaos.sender import until

QUICK_S = 10.0  # GitHub waits no longer for an answer
pytestmark = pytest.mark.parametrize("database", ["postgres"])


def test_the_database_is_stopped_and_started_again(build, own_postgres, database):
    world = build(database)
    page = world.watch()
    with world.sender(breaks_every=40, per_s=200) as sender:
        sender.wait_for(100)
        cpu_s, printed = world.cpu_s(), len(world.server.output)
        own_postgres.stop()
        stopped = time.perf_counter()
        until(lambda: page.said, 60, lambda: "the page says nothing")
        said_after_s = time.perf_counter() - stopped
        until(lambda: not world.ready(), 30)
        time.sleep(max(0.0, lengths.of(2, 60) - (time.perf_counter() - stopped)))  # the outage itself
        away_s = time.perf_counter() - stopped
        cpu_s, printed = world.cpu_s() - cpu_s, len(world.server.output) - printed
        own_postgres.start()
        started = time.perf_counter()
        sender.wait_for(len(sender.accepted) + 100)
        page.live_again(since=started)
        until(world.ready, 60)
        healed_s = time.perf_counter() - started
    line = world.line(f"PostgreSQL stopped for {away_s:.0f} s")
    world.settle(sender, line)
    line.healed_s, line.said = healed_s, page.problems()
    line.notes = [
        f"503 within {sender.slowest(503):.2f} s",
        f"said after {said_after_s:.1f} s",
        f"{cpu_s / away_s:.0%} of a core meanwhile",
        f"{printed} lines of log",
    ]
    ledger.write(line)
    assert sender.statuses[503]
    assert sender.slowest(503) < QUICK_S
    assert set(sender.retry_after) == {"5"}
    assert set(sender.statuses) <= {202, 503}
    assert (line.messages, line.doubled) == (line.expected, 0)
