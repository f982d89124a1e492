"""The database: reached, recent enough, at the right schema, with the same clock; and what is stuck in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from cicd_health import queue
from cicd_health.cli.doctor.finding import Finding, error, ok, warning
from cicd_health.model.troubles import TOO_LITTLE, Room
from cicd_health.settings import Settings, masked
from cicd_health.store import condition, deliveries, engine, migrations
from cicd_health.store.standing import Standing, standing

SUBJECT = "database"
SKEW = timedelta(seconds=5)
MANY_JOBS = 1000
COUNTED = 1000
OLDEST_POSTGRES = 13


def look(chosen: Settings) -> Iterator[Finding]:
    """Only when all of it is ok can what is in the database be looked at."""
    url = sa.make_url(chosen.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        yield error(SUBJECT, f"{url.database} is not there yet.", "`serve` or `migrate` makes it.")
        return
    try:
        here = standing(engine.engine())
    except SQLAlchemyError as failure:
        reason = str(getattr(failure, "orig", failure)).strip().partition("\n")[0]
        text = f"{masked(chosen.database_url)} does not answer: {reason}"
        yield error(SUBJECT, text, "Start it, or correct DATABASE_URL.")
        return
    yield from judge(here, datetime.now(UTC), migrations.head())
    yield from judge_disk(condition.room(chosen.database_url))


def judge(here: Standing, now: datetime, head: str | None) -> Iterator[Finding]:
    """What is to be said of a database that answers."""
    text = f"{here.kind} {here.version}, {here.size / 1e6:,.1f} MB."
    if here.kind == "PostgreSQL" and int(here.version.split(".")[0]) < OLDEST_POSTGRES:
        yield warning(SUBJECT, text, f"PostgreSQL {OLDEST_POSTGRES} or newer is what this is made for.")
    elif here.journal not in (None, "wal"):
        advice = "Put the file on a local disk: its journal cannot be shared here."
        yield warning(SUBJECT, f"{text} Its journal is {here.journal}, not wal.", advice)
    else:
        yield ok(SUBJECT, text)
    if here.revision != head:
        text = f"It stands at {here.revision or 'nothing'}, this program needs {head}."
        yield error(
            "migrations", text, "`migrate` brings it there, or `serve` at its start; a newer one needs a newer program."
        )
    else:
        yield ok("migrations", f"It stands at {head}, the newest.")
    if here.now is not None and abs(here.now - now) > SKEW:
        text = f"The database's clock and ours are {abs(here.now - now).total_seconds():,.0f} s apart."
        yield error("clock", text, "Let both machines set their clocks by NTP.")


def judge_disk(room: Room | None) -> Iterator[Finding]:
    """Of the disk under an SQLite file; a server's own disk cannot be seen from here."""
    if room is None:
        return
    text = f"{room.free / 1e9:,.1f} GB of {room.size / 1e9:,.1f} GB are free under the database."
    if room.free < TOO_LITTLE:
        yield error("disk", text, "Make room now: what arrives cannot be kept for much longer.")
    elif room.scarce:
        yield warning("disk", text, "Make room, or keep things for a shorter time: …_RETENTION_DAYS and `prune`.")
    else:
        yield ok("disk", text)


def jobs(_: Settings) -> Iterator[Finding]:
    """How much waits for the job engine."""
    waiting = queue.depth()
    if waiting >= MANY_JOBS:
        yield warning("jobs", f"{waiting:,} or more wait.", "Start the server, or a `worker` beside it.")
    else:
        yield ok("jobs", f"{waiting:,} wait or run.")


def inbox(_: Settings) -> Iterator[Finding]:
    """Deliveries that were kept and not understood."""
    with engine.reading() as session:
        stuck = sum(deliveries.not_applied(session, COUNTED).values())
    if stuck:
        text = f"{stuck:,} were kept and not understood, or failed here."
        yield warning("deliveries", text, "See the page Deliveries; `replay --failed` applies them again.")
    else:
        yield ok("deliveries", "All that is kept was understood.")
