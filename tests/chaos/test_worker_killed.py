"""`kill -9` of the process that sends messages, in the middle of it."""

from __future__ import annotations

import time

import pytest

from tests.chaos import ledger
from tests.chaos.sender import until


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_the_worker_is_killed_in_the_middle_of_sending(build, database):
    world = build(database)
    world.slack.open.clear()  # it takes messages and does not answer
    with world.sender(breaks_every=20, most_breaks=5, per_s=50) as sender:
        assert world.slack.wait_for(1)
        world.kill()
        killed = time.perf_counter()
        in_hand = set(world.told())
        world.slack.open.set()
        world.start()
        until(lambda: len(sender.broken) == 5, 30)
    line = world.line("kill -9 of the worker while it sends")
    world.settle(sender, line)
    line.healed_s = time.perf_counter() - killed
    twice = {name for name, times in world.told().items() if times > 1}
    line.notes.append("a message that the channel has and did not confirm is sent again")
    ledger.write(line)
    assert line.expected == line.messages
    assert twice <= in_hand
