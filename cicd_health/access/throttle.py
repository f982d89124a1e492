"""How often a password may be tried. Counted in Redis when there is one, else in this process.

Three counts, each in windows of growing length, so that whoever goes on waits longer:

- of one address for one user, every attempt; a right password clears it;
- of one address for all users, the wrong attempts: somebody who tries one password on many;
- of one user from all addresses, the wrong attempts: many machines that try many passwords on one.

The last two do not stop an address from which this user has signed in before. So nobody can lock out others: who
tries from elsewhere does not spend the attempts of the address where they sit.
"""

from __future__ import annotations

import math
import time
from functools import lru_cache

import limits
import structlog
from limits.storage import Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from cicd_health import settings
from cicd_health.access.addresses import network_of

log = structlog.get_logger(__name__)

OF_BOTH = limits.parse_many("5/minute;20/hour")
OF_ADDRESS = limits.parse_many("20/minute;60/hour;200/day")
OF_USER = limits.parse_many("30/hour;100/day")
TELL = limits.parse("1/hour")  # how often it is written down of an address that it has to wait
Count = tuple[limits.RateLimitItem, tuple[str, ...]]
IN_MEMORY = "memory://"
REDIS_WITHIN_S = 0.25  # whoever signs in does not wait for one that hangs
REDIS_AGAIN_S = 10.0
_away_until: list[float] = []  # when Redis is asked again, of the monotonic clock; empty while it is there


class TooManyAttempts(Exception):
    """Too many attempts; `retry_after_s` says when there may be another, `first` whether it is news of this address."""

    def __init__(self, retry_after_s: int, *, first: bool = False) -> None:
        super().__init__(f"too many attempts; the next in {retry_after_s} s")
        self.retry_after_s = retry_after_s
        self.first = first


@lru_cache(maxsize=4)
def _limiter(url: str) -> MovingWindowRateLimiter:
    waits = {"socket_timeout": REDIS_WITHIN_S, "socket_connect_timeout": REDIS_WITHIN_S}
    storage = storage_from_string(url, **({} if url == IN_MEMORY else waits))
    assert isinstance(storage, Storage)
    return MovingWindowRateLimiter(storage)


def _limiters() -> list[MovingWindowRateLimiter]:
    """The shared one if there is one, then that of this process, for when Redis is away."""
    away = _away_until and time.monotonic() < _away_until[0]
    shared = None if away else settings.get().redis_url
    return [_limiter(url) for url in (shared, IN_MEMORY) if url]


def _lost(error: Exception) -> None:
    log.warning("limits not reached", error=str(error))
    _away_until[:] = [time.monotonic() + REDIS_AGAIN_S]


def forget_attempts() -> None:
    """Let everybody try again at once."""
    _away_until.clear()
    for limiter in _limiters():
        limiter.storage.reset()


def attempt(address: str, email: str, *, known: bool) -> None:
    """Count an attempt of this address for this user; `known`: they have come from there. Raises TooManyAttempts."""
    both, of_address, of_user = _counts(address, email)
    overall = () if known else (*of_address, *of_user)
    wait_s = max((_wait_s(count) for count in (*both, *overall)), default=0)
    if wait_s:
        raise TooManyAttempts(wait_s, first=_hit((TELL, ("refused", network_of(address)))))
    for count in both:
        _hit(count)


def failed(address: str, email: str) -> None:
    """The attempt was a wrong one."""
    _, of_address, of_user = _counts(address, email)
    for count in (*of_address, *of_user):
        _hit(count)


def succeeded(address: str, email: str) -> None:
    """The attempt was the right one."""
    for item, names in _counts(address, email)[0]:
        for limiter in _limiters():
            try:
                limiter.clear(item, *names)
            except limiter.storage.base_exceptions as error:
                _lost(error)


def _counts(address: str, email: str) -> tuple[list[Count], list[Count], list[Count]]:
    """Of both, of the address, of the user."""
    network, user = network_of(address), email.strip().lower()[:200]
    return (
        [(item, ("sign-in", "both", network, user)) for item in OF_BOTH],
        [(item, ("sign-in", "address", network)) for item in OF_ADDRESS],
        [(item, ("sign-in", "user", user)) for item in OF_USER],
    )


def _hit(count: Count) -> bool:
    item, names = count
    for limiter in _limiters():
        try:
            return limiter.hit(item, *names)
        except limiter.storage.base_exceptions as error:
            _lost(error)
    return True


def _wait_s(count: Count) -> int:
    """Seconds until there is room in this window; 0 when there is now."""
    item, names = count
    for limiter in _limiters():
        try:
            if limiter.test(item, *names):
                return 0
            return max(1, math.ceil(limiter.get_window_stats(item, *names).reset_time - time.time()))
        except limiter.storage.base_exceptions as error:
            _lost(error)
    return 0
