"""Windows of time: half-open [start, end), exact to the second, each with the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# The windows people can choose, by their slug in the address and the API.
WINDOWS = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) in aware UTC. `slug` is "24h", "7d", … or "custom"."""

    slug: str
    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def previous(self) -> Window:
        """The window of equal length that ends where this one starts."""
        return Window(self.slug, self.start - self.length, self.start)


def window_ending(slug: str, now: datetime) -> Window:
    """The named window that ends now. Raises KeyError for an unknown name."""
    end = now.replace(microsecond=0) + timedelta(seconds=1)
    return Window(slug, end - WINDOWS[slug], end)
