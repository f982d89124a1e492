"""Random tokens, of which only the SHA-256 is kept, and what was looked up a moment ago."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Generic, TypeVar

REMEMBER = timedelta(seconds=5)
T = TypeVar("T")


class Recent(Generic[T]):
    """What was looked up a moment ago, by key."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._kept: dict[str, tuple[datetime, T]] = {}
        self.forgotten = 0  # grows with each `forget` and `clear`

    def get(self, key: str, now: datetime) -> T | None:
        at, value = self._kept.get(key, (None, None))
        return value if at is not None and abs(now - at) <= REMEMBER else None

    def put(self, key: str, value: T, now: datetime, forgotten: int | None = None) -> None:
        """`forgotten`, as it was before the look-up: what was revoked meanwhile is not remembered after all."""
        if forgotten is not None and forgotten != self.forgotten:
            return
        if len(self._kept) >= self._size:
            self._kept.clear()
        self._kept[key] = (now, value)

    def forget(self, key: str) -> None:
        self.forgotten += 1
        self._kept.pop(key, None)

    def clear(self) -> None:
        self.forgotten += 1
        self._kept.clear()


def fingerprint(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def several(secret: str | None) -> tuple[str, ...]:
    """The values of a secret that may be a comma list: while one is being replaced, both hold."""
    return tuple(part.strip() for part in (secret or "").split(",") if part.strip())
