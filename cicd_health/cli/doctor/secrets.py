"""Stored secrets that nobody can open any more."""

from __future__ import annotations

from collections.abc import Iterator

from cicd_health import flow
from cicd_health.cli.doctor.finding import Finding, error, ok
from cicd_health.settings import Settings


def look(_: Settings) -> Iterator[Finding]:
    """One line for each that was sealed with a SECRET_KEY that is not set."""
    lost = flow.unreadable_secrets()
    for words in lost:
        advice = "Put the old key behind the present one in SECRET_KEY, or enter the secret again."
        yield error("secrets", f"SECRET_KEY cannot open {words}.", advice)
    if not lost:
        yield ok("secrets", "SECRET_KEY opens all that are stored.")
