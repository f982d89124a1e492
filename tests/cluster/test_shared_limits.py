"""Processes with one Redis share their limits; one that is away or hangs locks nobody out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from cicd_health import settings
from cicd_health.access import throttle
from cicd_health.access.throttle import TooManyAttempts
from cicd_health.api import limits
from cicd_health.api.limits import SharedCounts
from tests.cluster import redis_server
from tests.cluster.redis_server import Redis

pytestmark = pytest.mark.skipif(redis_server.PROGRAM is None, reason=redis_server.HELP)
MINUTE = 29_000_000
ADDRESS, EMAIL = "192.0.2.7", "wren@kestrel.example"


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    monkeypatch.setattr(limits, "REDIS_AGAIN_S", 0.05)
    monkeypatch.setattr(throttle, "REDIS_AGAIN_S", 0.05)
    with redis_server.running() as started:
        monkeypatch.setenv("REDIS_URL", started.url)
        settings.get.cache_clear()
        throttle.forget_attempts()
        yield started
    monkeypatch.delenv("REDIS_URL")
    settings.get.cache_clear()
    throttle.forget_attempts()


async def test_two_processes_count_together_and_each_for_itself_while_redis_is_away(redis: Redis):
    one, other = SharedCounts(redis.url), SharedCounts(redis.url)
    assert [await counts.hit("key 1", MINUTE) for counts in (one, other, one)] == [1, 2, 3]
    redis.stop()
    assert [await counts.hit("key 1", MINUTE) for counts in (one, other)] == [None, None]
    redis.start()
    await asyncio.sleep(limits.REDIS_AGAIN_S)
    assert [await counts.hit("key 1", MINUTE) for counts in (one, other)] == [1, 2]


async def test_a_redis_that_hangs_holds_nobody_up_for_long(redis: Redis):
    counts = SharedCounts(redis.url)
    assert await counts.hit("key 1", MINUTE) == 1
    redis.hang()
    async with asyncio.timeout(10):
        assert await counts.hit("key 1", MINUTE) is None


def try_often(times: int) -> int:
    """How many attempts to sign in with a wrong password were let through."""
    for done in range(times):
        try:
            throttle.attempt(ADDRESS, EMAIL, known=False)
        except TooManyAttempts:
            return done
        throttle.failed(ADDRESS, EMAIL)
    return times


def test_attempts_to_sign_in_count_together_and_go_on_while_redis_is_away_or_hangs(redis: Redis):
    assert try_often(9) == 5
    throttle._limiter.cache_clear()  # what another process has: the same Redis, and nothing of its own
    assert try_often(9) == 0
    redis.hang()
    began = time.monotonic()
    assert try_often(9) == 5
    assert time.monotonic() - began < 30
    redis.stop()
    redis.start()
    time.sleep(throttle.REDIS_AGAIN_S)
    assert try_often(9) == 5, "a Redis that comes back empty counts anew"
