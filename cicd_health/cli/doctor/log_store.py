"""Where the lines of logs are kept: whether it does what is asked of it, and what waits to be moved there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from cicd_health.cli.doctor.finding import Finding, error, ok, warning
from cicd_health.log_store import LogStoreError, place_at, probe
from cicd_health.settings import Settings
from cicd_health.store import engine, logs

SUBJECT = "log store"
MANY = 1000
ADVICE = "Correct LOG_STORE_URL or its key. New logs stay in the database until then; moved ones cannot be read."


def look(chosen: Settings) -> Iterator[Finding]:
    """A small object is written there, read and deleted."""
    now = datetime.now(UTC)
    with engine.reading() as session:
        standing = logs.standing(session, chosen.log_store_url, now)
    if chosen.log_store_url is None:
        yield ok(SUBJECT, "Logs are kept in the database.")
    else:
        yield _tried(chosen.log_store_url, chosen, standing.waiting)
    for address, (why, _) in standing.failing.items():
        if address != chosen.log_store_url:
            yield warning(SUBJECT, f"An earlier one: {why}", "Logs that are kept there cannot be read or deleted.")


def _tried(address: str, chosen: Settings, waiting: int) -> Finding:
    try:
        probe(place_at(address, chosen.log_store_key_id, chosen.log_store_secret))
    except LogStoreError as trouble:
        return error(SUBJECT, str(trouble), ADVICE)
    if waiting >= MANY:
        return warning(SUBJECT, f"It works, and {waiting:,} logs wait to be moved.", "Is a `worker` running?")
    return ok(SUBJECT, f"An object was written, read and deleted. {waiting:,} logs wait to be moved.")
