"""Reading builds of a job: which there are, each in full, and its stages."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from cicd_health.model.watches import KnownRun
from cicd_health.providers.http import TooLarge, TooSlow
from cicd_health.providers.jenkins import polled
from cicd_health.providers.jenkins.build import FIELDS, is_pipeline
from cicd_health.providers.jenkins.listing import ListedJob
from cicd_health.providers.jenkins.server import Server
from cicd_health.providers.json_reader import count, mapping, moment_from_ms
from cicd_health.providers.remote import Batch, Document, RemoteError, Trouble

BRIEF = "number,timestamp,building"  # what tells whether a build is known
SPAN = 50  # builds read in full in one request
MARGIN = 2  # builds that may have begun between two requests
IN_BUILDS = 100  # as many, the newest, has `builds`; `allBuilds` has all and is slow
GIVEN_UP = timedelta(days=1)  # stages that cannot be read so long after their build are done without
CLOCK = timedelta(seconds=60)  # what clocks may differ by
PORTION, PORTION_S = 25, 30.0
# Troubles that may be those of one job or build only.
OF_ONE = (Trouble.SERVER, Trouble.GARBLED, Trouble.FORBIDDEN)


class Portion:
    """Documents on their way into a batch."""

    def __init__(self, server: Server) -> None:
        self._server, self._requests = server, server.requests
        self._documents: list[Document] = []
        self._begun = time.monotonic()

    def add(self, document: Document) -> None:
        self._documents.append(document)

    @property
    def full(self) -> bool:
        return len(self._documents) >= PORTION or time.monotonic() - self._begun > PORTION_S

    def take(self, **more: Any) -> Batch:
        batch = Batch(tuple(self._documents), requests=self._server.requests - self._requests, **more)
        self._documents, self._requests, self._begun = [], self._server.requests, time.monotonic()
        return batch


class Reader:
    """Reads builds of one server during one walk. It remembers which jobs have no stages."""

    def __init__(self, server: Server, now: datetime) -> None:
        self.server, self.now = server, now
        self._described: Counter[str] = Counter()
        self._undescribed: Counter[str] = Counter()
        self._bearable: dict[str, int] = {}  # builds in one slice of a job that proved slow

    def slice(self, job: ListedJob, fields: str, begin: int, size: int) -> tuple[list[Any], int] | None:
        """Builds of a job from the `begin`-th newest on, and how many of them were asked for at last.

        A slice that is too slow or too large is halved until it is one build. None when the job is not there.
        """
        size = min(size, self._bearable.get(job.path, size))
        while True:
            key = "builds" if begin + size <= IN_BUILDS else "allBuilds"
            try:
                answer = self.server.document(job.place, f"{key}[{fields}]{{{begin},{begin + size}}}")
            except (TooSlow, TooLarge):
                if size == 1:
                    raise
                size = self._bearable[job.path] = size // 2
                continue
            if answer is None:
                return None
            rows = answer.get(key, answer.get("allBuilds", answer.get("builds")))
            return (rows if isinstance(rows, list) else [], size)

    def in_full(self, job: ListedJob, places: Mapping[int, int]) -> Iterator[dict[str, Any]]:
        """These builds of a job, by number; `places` say where each stood in the list. What vanished is left out."""
        left = sorted(places, key=lambda number: places[number])
        while left:
            first = places[left[0]]
            near = [number for number in left if places[number] < first + SPAN]
            left = left[len(near) :]
            found: dict[int | None, Any] = {}
            if len(near) > 1:
                read = self.slice(job, FIELDS, first, places[near[-1]] - first + 1 + MARGIN)
                found = {count(row.get("number")): row for row in read[0] if isinstance(row, dict)} if read else {}
            for number in near:
                build = found.get(number) or self.one(job.place, number)
                if build is not None:
                    yield build

    def one(self, place: str, number: int) -> dict[str, Any] | None:
        return self.server.document(f"{place}{number}/", FIELDS)

    def document(self, project: polled.Project, place: str, build: Any) -> Document:
        """A build with its stages, where it can have any."""
        return polled.document(self.server.connection, project, build, self._stages(project.path, place, build))

    def _stages(self, path: str, place: str, build: Any) -> dict[str, Any] | None:
        """What the Pipeline REST API says: {} where there is nothing to come, None where it may answer another time."""
        number = count(mapping(build).get("number"))
        if not is_pipeline(build) or number is None:
            return {}
        if self._undescribed[path] > 1 and not self._described[path]:
            return {}
        try:
            found = self.server.get(f"{place}{number}/wfapi/describe", {})
        except RemoteError as error:
            if error.trouble not in OF_ONE and not isinstance(error, TooSlow):
                raise
            made_at = moment_from_ms(mapping(build).get("timestamp"))
            return None if made_at is not None and self.now - made_at < GIVEN_UP else {}
        (self._undescribed if found is None else self._described)[path] += 1
        return found or {}


def is_known(here: KnownRun | None, row: Mapping[str, Any]) -> bool:
    """Whether all of a build is here: its end, its jobs; and whether it is this one, as numbers may begin anew."""
    return here is not None and here.completed and here.jobs_known > 0 and not is_other(here, row)


def is_other(here: KnownRun, row: Mapping[str, Any]) -> bool:
    """True when this build was made after the one of this number that is here had ended."""
    made_at = moment_from_ms(row.get("timestamp"))
    ended_at = here.updated_at if here.completed else None
    return made_at is not None and ended_at is not None and made_at > ended_at + CLOCK
