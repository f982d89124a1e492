"""How much each caller may ask: so many requests a minute, so many open connections at once.

Minutes are those of the clock. With REDIS_URL all processes count together; while Redis is away each counts for itself,
and nobody waits for it. Deliveries with a right signature are not counted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import structlog
from limits.storage import storage_from_string
from starlette.exceptions import HTTPException

from cicd_health import access, settings

log = structlog.get_logger(__name__)

MINUTE_S = 60
FAILURES = 60  # wrong keys, cookies and signatures of one address in a minute
MOST_COUNTED = 100_000  # callers of one minute
REDIS_WITHIN_S = 0.25
REDIS_AGAIN_S = 10.0
MOST_OF_ONE = 1000  # open sockets and streams of one caller
MOST_OF_ALL = 5000


class Counts:
    """How often each key was counted in the present minute, in this process."""

    def __init__(self) -> None:
        self._minute = 0
        self._counts: dict[str, int] = {}

    def hit(self, key: str, minute: int) -> int:
        if minute != self._minute or len(self._counts) >= MOST_COUNTED:
            self._minute, self._counts = minute, {}
        count = self._counts[key] = self._counts.get(key, 0) + 1
        return count

    def clear(self) -> None:
        self._counts.clear()


class SharedCounts:
    """The same in Redis."""

    def __init__(self, url: str) -> None:
        waits = {"socket_timeout": REDIS_WITHIN_S, "socket_connect_timeout": REDIS_WITHIN_S}
        self._storage: Any = storage_from_string(f"async+{url}", implementation="redispy", **waits)
        self._away_until = 0.0

    async def hit(self, key: str, minute: int) -> int | None:
        """None while Redis is away: it is asked again after some seconds."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return await self._storage.incr(f"cicd-health-limit/{minute}/{key}", 2 * MINUTE_S)
        except Exception as error:  # whatever it is, requests are answered
            log.warning("redis is away, each process counts for itself", error=type(error).__name__)
            self._away_until = time.monotonic() + REDIS_AGAIN_S
            return None


_counts = Counts()


def forget_counts() -> None:
    """Begin to count anew in this process."""
    _counts.clear()


@lru_cache(maxsize=2)
def _shared(url: str, _loop: asyncio.AbstractEventLoop) -> SharedCounts:
    """One for each loop: its connections belong to it."""
    return SharedCounts(url)


async def spend(key: str, limit: int) -> None:
    """Count one request of this caller. 429 when it is over its limit; 0 is no limit."""
    if limit == 0:
        return
    now = time.time()
    minute = int(now // MINUTE_S)
    url = settings.get().redis_url
    count = await _shared(url, asyncio.get_running_loop()).hit(key, minute) if url else None
    if count is None:
        count = _counts.hit(key, minute)
    if count > limit:
        raise too_many(limit, MINUTE_S - int(now % MINUTE_S))


def too_many(limit: int, wait_s: int) -> HTTPException:
    """Source: draft-ietf-httpapi-ratelimit-headers"""
    headers = {
        "Retry-After": str(wait_s),
        "RateLimit-Policy": f'"minute";q={limit};w={MINUTE_S}',
        "RateLimit": f'"minute";r=0;t={wait_s}',
    }
    return HTTPException(429, f"More than {limit:,} requests in a minute. Try again in {wait_s} s.", headers)


async def caller_asks(key: str) -> None:
    """Count a request of a key or a person."""
    await spend(key, settings.get().api_rate_limit)


async def stranger_asks(address: str) -> None:
    """Count a request without key and session."""
    await spend(f"address {access.network_of(address)}", settings.get().anonymous_rate_limit)


async def opens_socket(whose: str) -> None:
    """Count a socket as the request that it begins as, of a "key …", "user …" or "address …": each costs memory."""
    chosen = settings.get()
    await spend(whose, chosen.anonymous_rate_limit if whose.startswith("address ") else chosen.api_rate_limit)


async def failed(address: str) -> None:
    """Count a wrong key, session or signature. Who comes with a right one is not held up by it."""
    await spend(f"failed {access.network_of(address)}", FAILURES)


class Places:
    """Sockets and streams that are open, in this process."""

    def __init__(self, of_one: int = MOST_OF_ONE, of_all: int = MOST_OF_ALL) -> None:
        self._of_one, self._of_all = of_one, of_all
        self._taken: dict[str, int] = {}
        self._all = 0

    @contextmanager
    def place(self, who: str) -> Iterator[bool]:
        """A place while the block lasts; False when there is none left for this caller, or for anybody."""
        if self._all >= self._of_all or self._taken.get(who, 0) >= self._of_one:
            yield False
            return
        self._all += 1
        self._taken[who] = self._taken.get(who, 0) + 1
        try:
            yield True
        finally:
            self._all -= 1
            self._taken[who] -= 1
            if not self._taken[who]:
                del self._taken[who]
