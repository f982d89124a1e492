"""The poll: what is new, what is under way, what is missing."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from cicd_health.providers.github.api import open_api
from cicd_health.providers.github.documents import Desk
from cicd_health.providers.github.filling import Task
from cicd_health.providers.github.listing import Place, portions, read_tags, recent, span
from cicd_health.providers.github.walking import BATCH, Seen, Walk
from cicd_health.providers.remote import Asked, Batch, Connection, Known

DAY = timedelta(days=1)
RERUN_DAYS = timedelta(days=31)  # a run can be run again for 30 days
MOST_UNFINISHED = 1000
MOST_LISTED = 200  # runs under way that this poll's list told of: one request each
MOST_OLDER = 100  # others, by chance if there are more: two requests each
MOST_MISSING = 300  # requests of one poll for jobs of runs that have ended


def poll(connection: Connection, asked: Asked, known: Known, now: datetime) -> Iterator[Batch]:
    """Runs created of late, then those under way with their jobs, then jobs that are missing.

    The list begins at a midnight before `since`: the same address all day, so that its entity tags hold. A run that
    is run again keeps its place in the past; so on the first poll of a day the runs of a month are compared too.
    """
    with open_api(connection, asked.name, now) as api:
        walk = Walk(api, Desk(api, connection.host), known)
        midnight = asked.since.replace(hour=0, minute=0, second=0, microsecond=0) - DAY
        first_ever, first_of_day = asked.etag is None, asked.since.date() < now.date()
        if first_ever or first_of_day:
            walk.desk.meet()
        under_way, tags = Seen(), dict[str, str]()
        for runs in recent(api, midnight, read_tags(asked.etag), tags):
            yield _listed(walk, runs, under_way)
        month = now - RERUN_DAYS
        if first_of_day and not first_ever and month < midnight:
            for portion in portions(api, Place((span(month, midnight),))):
                yield _listed(walk, portion.runs, under_way)
        yield from walk.fill(_tasks(walk, under_way))
        if asked.jobs:
            yield from _missing_jobs(walk)
        yield walk.batch(etag=json.dumps(tags))


def _listed(walk: Walk, runs: list[Any], under_way: Seen) -> Batch:
    seen = walk.read(runs)
    under_way.changed |= seen.changed
    under_way.refill += seen.refill
    under_way.unfinished |= seen.unfinished
    return walk.batch(seen.documents, listed=len(runs), done=seen.whole)


def _tasks(walk: Walk, seen: Seen) -> list[Task]:
    """Runs that had not ended when they were last heard of, and those that changed after their end."""
    unfinished = walk.known.unfinished(MOST_UNFINISHED)
    listed = [id for id in unfinished if id in seen.unfinished][-MOST_LISTED:]
    older = [id for id in unfinished if id not in seen.unfinished]
    if len(older) > MOST_OLDER:
        older = random.sample(older, MOST_OLDER)
    here = walk.known.runs([*older, *listed, *seen.refill])
    tasks = [Task(id, here[id], look=True, fresh=False) for id in older if id in here]
    tasks += [Task(id, here[id], run=seen.unfinished[id], fresh=id in seen.changed) for id in listed if id in here]
    return tasks + [Task(id, here[id]) for id in seen.refill if id in here]


def _missing_jobs(walk: Walk) -> Iterator[Batch]:
    """A part of them, when there are many: the rest comes with the next polls."""
    spent = 0
    while spent < MOST_MISSING and not walk.api.low and (tasks := walk.missing(BATCH)):
        for batch in walk.fill(tasks):
            spent += batch.requests
            yield batch
