"""What is new on a Jenkins since the last look, and what became of the builds that had not ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from cicd_health.providers.http import TooLarge, TooSlow
from cicd_health.providers.jenkins import listing, polled
from cicd_health.providers.jenkins.listing import ListedJob
from cicd_health.providers.jenkins.places import addresses, build_id
from cicd_health.providers.jenkins.polled import Project
from cicd_health.providers.jenkins.reading import BRIEF, OF_ONE, Portion, Reader, is_known
from cicd_health.providers.jenkins.server import Server, open_server
from cicd_health.providers.json_reader import count, moment_from_ms
from cicd_health.providers.remote import Asked, Batch, Connection, Known, RemoteError

NEWEST = (25, 5, 1)  # builds of each job that are read with the list of jobs
PAGE = 100
OVERLAP = timedelta(hours=1)  # looked at again: a build may appear some time after it was made
UNFINISHED = 200  # builds asked for by number in one poll
WITHOUT_JOBS = 100
SUSPECT = 3  # jobs that cannot be read before the server is asked whether it is ill itself
MOST_TROUBLES = 30  # in all: some of them take a minute to find out


def poll(connection: Connection, asked: Asked, known: Known, now: datetime) -> Iterator[Batch]:
    """New builds of every job, unfinished ones again by number, and builds whose stages are missing.

    A job that cannot be read does not stop the others; the poll then ends with its error. Raises RemoteError.
    """
    with open_server(connection) as server:
        walk = _Poll(server, asked, known, now)
        try:
            yield from walk.batches()
        except RemoteError:
            yield walk.portion.take()  # what was read is read
            raise


class _Poll:
    def __init__(self, server: Server, asked: Asked, known: Known, now: datetime) -> None:
        self.server, self.asked, self.known = server, asked, known
        self.reader, self.portion = Reader(server, now), Portion(server)
        self.after, self.newest = asked.since, NEWEST[0]
        self.jobs: dict[str, ListedJob] = {}
        self.read: set[str] = set()  # ids of builds that were read in this poll
        self.troubles: list[tuple[str, RemoteError]] = []

    def batches(self) -> Iterator[Batch]:
        self.jobs = {job.path: job for job in self._listed()}
        self.after = self.asked.since - OVERLAP - self.server.behind
        for job in self.jobs.values():
            yield from self._guarded(job.path, self._new(job))
        for external_id in self.known.unfinished(UNFINISHED):
            yield from self._guarded(external_id, self._again(external_id))
        for external_id in self.known.without_jobs(WITHOUT_JOBS) if self.asked.jobs else ():
            yield from self._guarded(external_id, self._again(external_id))
        yield self.portion.take()
        if self.troubles:
            (where, error), more = self.troubles[0], len(self.troubles) - 1
            others = f" and {more} more" if more else ""
            sentence = f"{where}{others} could not be read, all else was: {error.sentence}"
            raise RemoteError(error.trouble, sentence, retry_at=error.retry_at, partly=True)

    def _listed(self) -> list[ListedJob]:
        """All jobs, each with its newest builds: fewer of them where the server cannot bear more."""
        for self.newest in NEWEST:
            try:
                fields = f"{listing.SCM},builds[{BRIEF}]{{0,{self.newest}}}"
                return listing.jobs(self.server, self.asked.name, fields)
            except (TooLarge, TooSlow):
                if self.newest == NEWEST[-1]:
                    raise
        raise AssertionError("the last try returns or raises")

    def _guarded(self, where: str, work: Iterator[Batch]) -> Iterator[Batch]:
        try:
            yield from work
        except RemoteError as error:
            of_one = error.trouble in OF_ONE or isinstance(error, TooSlow | TooLarge)
            if not of_one or len(self.troubles) >= MOST_TROUBLES:
                raise
            self.troubles.append((where, error))
            if len(self.troubles) % SUSPECT == 0:
                self.server.document("", "mode")  # raises when it is not those jobs, but the server

    def _new(self, job: ListedJob) -> Iterator[Batch]:
        rows = dict(self._fresh(job))
        here = self.known.runs([f"{job.path}#{number}" for number in rows]) if rows else {}
        wanted = {
            number: place
            for number, (place, row) in rows.items()
            if not is_known(here.get(f"{job.path}#{number}"), row)
        }
        for build in self.reader.in_full(job, wanted):
            yield from self._add(f"{job.path}#{count(build.get('number'))}", job.project, job.place, build)

    def _fresh(self, job: ListedJob) -> Iterator[tuple[int, tuple[int, dict[str, Any]]]]:
        """The builds of a job that are new enough or still running, by number, and where they stand in its list.

        The list goes on past what came with the list of jobs until it is older than what is known to be complete.
        """
        listed = job.fields.get("builds")
        rows = listed if isinstance(listed, list) else []
        more = not isinstance(listed, list) or len(rows) >= self.newest
        begin, seen = 0, set[int]()
        while True:
            for place, row in enumerate(rows, begin):
                if not isinstance(row, dict) or count(row.get("number")) is None:
                    self.portion.add(polled.document(self.server.connection, job.project, row, {}))
                elif row["number"] not in seen and self._is_fresh(row):
                    yield int(row["number"]), (place, row)
            if not more or (rows and not self._goes_on(rows[-1], seen)):
                return
            seen |= {row["number"] for row in rows if isinstance(row, dict) and count(row.get("number"))}
            begin += len(rows)
            found = self.reader.slice(job, BRIEF, begin, PAGE)
            if found is None:
                return
            rows, size = found
            more = len(rows) == size

    def _is_fresh(self, row: dict[str, Any]) -> bool:
        made_at = moment_from_ms(row.get("timestamp"))
        return made_at is None or made_at >= self.after or row.get("building") is True

    def _goes_on(self, last: Any, seen: set[int]) -> bool:
        """Whether older builds are of interest too. A server that ignores what slice was asked for has no end."""
        if not isinstance(last, dict) or last.get("number") in seen:
            return False
        made_at = moment_from_ms(last.get("timestamp"))
        return made_at is not None and made_at >= self.after

    def _again(self, external_id: str) -> Iterator[Batch]:
        """One build by its number. One that is not there any more has ended; its history stays."""
        known_id = build_id(external_id)
        if known_id is None or external_id in self.read:
            return
        job = self.jobs.get(known_id.path)
        project = job.project if job else Project(known_id.path, self._branch_of_multibranch(known_id.path))
        for place in [] if known_id.earlier else [job.place] if job else addresses(known_id.path):
            build = self.reader.one(place, known_id.number)
            if build is not None:
                yield from self._add(external_id, project, place, build)
                return
        here = self.known.runs([external_id]).get(external_id)
        self.read.add(external_id)
        if here is not None:
            self.portion.add(polled.gone(self.server.connection, project, external_id, known_id, here))

    def _branch_of_multibranch(self, path: str) -> bool | None:
        """Of a job that is not listed any more, from those beside it."""
        parent = path.rpartition("/")[0]
        beside = (job.multibranch for job in self.jobs.values() if job.path.rpartition("/")[0] == parent)
        return next((multibranch for multibranch in beside if multibranch is not None), None)

    def _add(self, external_id: str, project: Project, place: str, build: Any) -> Iterator[Batch]:
        self.read.add(external_id)
        self.portion.add(self.reader.document(project, place, build))
        if self.portion.full:
            yield self.portion.take()
