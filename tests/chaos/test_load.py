"""Ten times the usual load, more than there can be, and memory over a long time of it."""

from __future__ import annotations

import time

import pytest

from tests.chaos import ledger, lengths
from tests.chaos.sender import until

USUAL_PER_S = 50
SIZE = 22_000  # bytes of a body as GitHub sends it
TEN_TIMES_S = lengths.asked("CHAOS_LOAD_S", 60)  # 300 for the five minutes
MEMORY_S = 60 * lengths.asked("CHAOS_MEMORY_MIN", 3)  # 60 for the hour
MB = 2**20


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_ten_times_the_usual_load(build, database):
    world = build(database)
    page = world.watch()
    before, cpu_s, began = world.rss_mb(), world.cpu_s(), time.perf_counter()
    answers = []
    with world.sender(per_s=10 * USUAL_PER_S, connections=100, breaks_every=2000, size=SIZE) as sender:
        while time.perf_counter() - began < TEN_TIMES_S:
            answers.append(world.get("/").elapsed.total_seconds())
            time.sleep(1)  # somebody opens the page now and then
        took_s, used = time.perf_counter() - began, world.cpu_s() - cpu_s
    ended = time.perf_counter()
    page.live_again(since=ended - 20)
    line = world.line(f"{10 * USUAL_PER_S}/s for {TEN_TIMES_S:.0f} s")
    world.settle(sender, line)
    line.healed_s, line.said = time.perf_counter() - ended, page.problems()
    line.notes = [
        f"{len(sender.accepted) / took_s:.0f}/s taken",
        f"p99 {sender.p99():.2f} s",
        f"{used / took_s:.0%} of a core",
        f"RSS {before:.0f} → {world.rss_mb():.0f} MB",
        f"GET / within {max(answers):.2f} s",
        f"{len(page.pushes)} pushes",
    ]
    ledger.write(line)
    assert set(sender.statuses) <= {202, 503, 429}
    assert (line.messages, line.doubled) == (line.expected, 0)
    assert world.rss_mb() - before < 500


def test_more_than_can_be_taken_is_refused_and_nothing_falls_over(build):
    world = build("sqlite")
    page = world.watch()
    before = world.rss_mb()
    with world.sender(connections=600, size=100_000) as sender:
        time.sleep(20)  # as much as the sender can
    ended = time.perf_counter()
    until(world.ready, 30)
    line = world.line("600 connections at once, 100 kB each, no pause, 20 s")
    world.settle(sender, line)
    page.live_again(since=ended - 20)
    line.healed_s, line.said = time.perf_counter() - ended, page.problems()
    line.notes = [
        f"{line.accepted / 20:.0f}/s taken",
        f"p99 {sender.p99():.2f} s",
        f"RSS {before:.0f} → {world.rss_mb():.0f} MB",
    ]
    ledger.write(line)
    assert set(sender.statuses) <= {202, 503, 429}
    assert world.rss_mb() - before < 1000


def test_memory_over_a_long_time(build):
    world = build("sqlite")
    world.watch()
    warm_s = min(60.0, MEMORY_S / 3)
    samples: list[tuple[float, float]] = []
    began = time.perf_counter()
    with world.sender(per_s=100, connections=16, size=SIZE) as sender:
        while (at := time.perf_counter() - began) < MEMORY_S:
            if at > warm_s:
                samples.append((at, world.rss_mb()))
            time.sleep(2)  # how often it is measured
    line = world.line(f"memory over {MEMORY_S / 60:.0f} min of 100/s")
    world.settle(sender, line)
    growth = _slope(samples) * 3600
    line.notes = [f"RSS {samples[0][1]:.0f} → {samples[-1][1]:.0f} MB", f"{growth:+.0f} MB an hour by the slope"]
    ledger.write(line)
    assert samples[-1][1] < 600


def _slope(samples: list[tuple[float, float]]) -> float:
    """MB a second, by least squares."""
    n = len(samples)
    x, y = sum(at for at, _ in samples) / n, sum(mb for _, mb in samples) / n
    return sum((at - x) * (mb - y) for at, mb in samples) / sum((at - x) ** 2 for at, _ in samples)
