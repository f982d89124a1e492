"""PostgreSQL that takes connections and does not answer, and one that cuts them all, again and again."""

from __future__ import annotations

import threading
import time

import pytest

from tests.chaos import ledger
from tests.chaos.sender import until

QUICK_S = 10.0  # GitHub waits no longer for an answer
pytestmark = pytest.mark.parametrize("database", ["postgres"])


def test_the_database_takes_connections_and_does_not_answer(build, own_postgres, database):
    world = build(database)
    page = world.watch()
    with world.sender(breaks_every=40, per_s=100) as sender:
        sender.wait_for(100)
        own_postgres.freeze()
        frozen = time.perf_counter()
        until(lambda: sender.statuses[503] >= 20, 60, lambda: f"nothing is refused: {sender.statuses}")
        alive = [world.get("/health").elapsed.total_seconds() for _ in range(5)]
        time.sleep(max(0.0, 40 - (time.perf_counter() - frozen)))
        own_postgres.thaw()
        thawed = time.perf_counter()
        sender.wait_for(len(sender.accepted) + 100)
        page.live_again(since=thawed)
        until(world.ready, 60)
        healed_s = time.perf_counter() - thawed
    line = world.line("PostgreSQL frozen for 40 s")
    world.settle(sender, line)
    line.healed_s, line.said = healed_s, page.problems()
    line.notes = [f"503 within {sender.slowest(503):.1f} s", f"GET /health within {max(alive):.2f} s"]
    ledger.write(line)
    assert sender.slowest(503) < QUICK_S
    assert "The database does not answer" in line.said
    assert (line.messages, line.doubled) == (line.expected, 0)


def test_all_connections_are_cut_again_and_again(build, own_postgres, database):
    world = build(database)
    page = world.watch()
    stop, cuts = threading.Event(), []

    def cut() -> None:
        while not stop.wait(0.5):
            cuts.append(own_postgres.cut())

    cutter = threading.Thread(target=cut)
    with world.sender(breaks_every=100) as sender:
        sender.wait_for(100)
        cutter.start()
        time.sleep(20)  # the trouble itself
        stop.set()
        cutter.join()
        ended = time.perf_counter()
        sender.wait_for(len(sender.accepted) + 100)
        page.live_again(since=ended)
        until(world.ready, 60)
        healed_s = time.perf_counter() - ended
    line = world.line(f"all connections cut {len(cuts)} times in 20 s")
    world.settle(sender, line)
    line.healed_s, line.said = healed_s, page.problems()
    line.notes = [f"{sum(cuts)} connections cut"]
    ledger.write(line)
    assert set(sender.statuses) <= {200, 202, 503}
    assert (line.messages, line.doubled) == (line.expected, 0)
