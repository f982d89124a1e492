"""The backfill: back into the past, and to be taken up again wherever it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cicd_health.providers.github.api import open_api
from cicd_health.providers.github.documents import Desk
from cicd_health.providers.github.listing import Place, portions, span
from cicd_health.providers.github.walking import BATCH, Walk
from cicd_health.providers.remote import Asked, Batch, Connection, Known


def backfill(connection: Connection, asked: Asked, known: Known, now: datetime) -> Iterator[Batch]:
    """First all runs, a hundred with one request, so that the numbers are soon whole; then their jobs, newest first.

    Raises RemoteError LIMITED when nine tenths of the hourly limit are used up: polls go on with the rest.
    """
    with open_api(connection, asked.name, now) as api:
        api.keep_reserve = True
        walk = Walk(api, Desk(api, connection.host), known)
        walk.desk.meet()
        place = Place.read(asked.cursor) or Place((span(asked.since, asked.until),))
        for portion in portions(api, place):
            seen = walk.read(portion.runs)
            stand = {"cursor": portion.after.text(), "total": portion.total, "reach": portion.reach}
            yield walk.batch(seen.documents, listed=len(portion.runs), done=seen.whole, **stand)
        while tasks := walk.missing(2 * BATCH):
            yield from walk.fill(tasks)
