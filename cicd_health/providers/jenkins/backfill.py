"""The way back through the builds of every job, in slices: first the builds, so that the numbers are whole soon,
then the stages of pipelines, which take a request each.

A walk is job after job, by name; the cursor says at which job and which build it goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from cicd_health.providers.jenkins import listing, polled
from cicd_health.providers.jenkins.build import FIELDS
from cicd_health.providers.jenkins.listing import ListedJob
from cicd_health.providers.jenkins.reading import Portion, Reader, is_known, is_other
from cicd_health.providers.jenkins.server import open_server
from cicd_health.providers.json_reader import NAME_LENGTH, count, integer, mapping, moment_from_ms
from cicd_health.providers.remote import Asked, Batch, Connection, Document, Known

BUILDS, STAGES = "builds", "stages"
SLICE = {BUILDS: 100, STAGES: 25}
ENDS = f"{listing.SCM},firstBuild[number],lastBuild[number]"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a walk is: the job, and how many of its newest builds are done. `listed` counts all builds so far."""

    phase: str = BUILDS
    job: str = ""
    at: int = 0
    listed: int = 0

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """The beginning, where there is none or it makes no sense."""
        try:
            kept = json.loads(text or "{}")
            cursor = cls(str(kept["phase"]), str(kept["job"]), int(kept["at"]), int(kept["listed"]))
        except (ValueError, KeyError, TypeError):
            return cls()
        return cursor if cursor.phase in SLICE and cursor.at >= 0 and len(cursor.job) <= NAME_LENGTH else cls()

    def text(self) -> str:
        return json.dumps(asdict(self))


def backfill(connection: Connection, asked: Asked, known: Known, now: datetime) -> Iterator[Batch]:
    """Every build from `until` back to `since`, newest first in each job. Raises RemoteError.

    `total` is an estimate: what was listed, and for the jobs to come the span of their build numbers.
    """
    with open_server(connection) as server:
        walk = _Backfill(Reader(server, now), asked, known)
        yield from walk.batches()


class _Backfill:
    def __init__(self, reader: Reader, asked: Asked, known: Known) -> None:
        self.reader, self.asked, self.known = reader, asked, known
        self.portion = Portion(reader.server)
        self.cursor = Cursor.read(asked.cursor)
        self.jobs: Sequence[ListedJob] = ()

    def batches(self) -> Iterator[Batch]:
        self.jobs = listing.jobs(self.reader.server, self.asked.name, ENDS)
        if self.cursor.phase == BUILDS:
            yield from self._phase(self.jobs)
            self.cursor = Cursor(STAGES, listed=self.cursor.listed)
            yield self._take(reach=self.asked.since)
        yield from self._phase([job for job in self.jobs if job.may_have_stages])

    def _phase(self, jobs: Sequence[ListedJob]) -> Iterator[Batch]:
        for job in jobs:
            if job.path < self.cursor.job or _has_no_builds(job):
                continue
            if job.path != self.cursor.job:
                self.cursor = replace(self.cursor, job=job.path, at=0)
            yield from self._job(job)

    def _job(self, job: ListedJob) -> Iterator[Batch]:
        seen: set[int] = set()
        while True:
            asked_for = SLICE[self.cursor.phase]
            found = self.reader.slice(job, FIELDS, self.cursor.at, asked_for)
            rows, size = found or ([], 1)
            fresh = [row for row in rows if count(mapping(row).get("number")) not in seen]
            seen = {number for row in rows if (number := count(mapping(row).get("number"))) is not None}
            wanted = [row for row in fresh if self._is_wanted(row)]
            done = self._read(job, wanted)
            last = len(rows) < size or not fresh or self._is_past(rows[-1])
            listed = len(wanted) if self.cursor.phase == BUILDS else 0
            self.cursor = replace(self.cursor, at=self.cursor.at + len(rows), listed=self.cursor.listed + listed)
            reach = moment_from_ms(mapping(rows[-1]).get("timestamp")) if rows and len(self.jobs) == 1 else None
            if rows or self.portion.full:
                yield self._take(
                    reach=max(reach, self.asked.since) if reach and self.cursor.phase == BUILDS else None,
                    listed=listed,
                    done=done,
                    total=None if last else self._total(job),
                )
            if last:
                return

    def _take(self, **more: Any) -> Batch:
        more.setdefault("total", None)
        if more["total"] is None:
            more["total"] = self._total(None)
        return self.portion.take(cursor=self.cursor.text(), **more)

    def _read(self, job: ListedJob, rows: Sequence[Any]) -> int:
        """Put the builds into the portion; how many are then here with their jobs."""
        ids = [f"{job.path}#{row['number']}" for row in rows if count(mapping(row).get("number"))]
        here = self.known.runs(ids) if ids else {}
        done = 0
        for row in rows:
            known = here.get(f"{job.path}#{mapping(row).get('number')}")
            if self.cursor.phase == STAGES:
                done += 1
                if known is None or not is_known(known, row):
                    self.portion.add(self.reader.document(job.project, job.place, row))
            else:
                done += 0 if job.may_have_stages else 1
                ended = known is not None and known.completed and not is_other(known, row)
                if known is None or not (is_known(known, row) or (ended and job.may_have_stages)):
                    self.portion.add(self._document(job, row))
        return done

    def _document(self, job: ListedJob, row: Any) -> Document:
        """Without its stages; those of a pipeline come later."""
        return polled.document(self.reader.server.connection, job.project, row, None)

    def _is_wanted(self, row: Any) -> bool:
        """Builds made after `until` are the poll's; one without a time is looked at, and kept with the error."""
        made_at = moment_from_ms(mapping(row).get("timestamp"))
        return made_at is None or self.asked.since <= made_at < self.asked.until

    def _is_past(self, row: Any) -> bool:
        made_at = moment_from_ms(mapping(row).get("timestamp"))
        return made_at is not None and made_at < self.asked.since

    def _total(self, job: ListedJob | None) -> int:
        """What was listed, and what may be left: of this job, and of those after it."""
        if self.cursor.phase == STAGES:
            return self.cursor.listed
        left = max(0, _span(job) - self.cursor.at) if job else 0
        return self.cursor.listed + left + sum(_span(one) for one in self.jobs if one.path > self.cursor.job)


def _span(job: ListedJob) -> int:
    """At most so many builds: some between the first and the last may have been deleted."""
    last = integer(mapping(job.fields.get("lastBuild")).get("number"))
    first = integer(mapping(job.fields.get("firstBuild")).get("number"))
    return max(0, last - (first or 1) + 1) if last is not None else 0


def _has_no_builds(job: ListedJob) -> bool:
    return "lastBuild" in job.fields and job.fields["lastBuild"] is None
