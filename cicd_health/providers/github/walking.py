"""What the poll and the backfill share: which runs of a page have news, and filling runs batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cicd_health.model.watches import KnownRun
from cicd_health.providers.github.api import Api
from cicd_health.providers.github.documents import Desk, attempt_of
from cicd_health.providers.github.filling import Task, fill_all
from cicd_health.providers.json_reader import identifier, mapping, moment
from cicd_health.providers.remote import Batch, Document, Known

BATCH = 25  # runs that are filled in one transaction


@dataclass
class Seen:
    """What lists of runs said, beyond the documents made of it."""

    documents: list[Document] = field(default_factory=list)
    whole: int = 0  # runs that were here already with their jobs
    changed: set[str] = field(default_factory=set)
    refill: list[str] = field(default_factory=list)  # changed after all their jobs had been read
    unfinished: dict[str, dict[str, Any]] = field(default_factory=dict)  # with GitHub's word on them


@dataclass
class Walk:
    """One walk over the runs of a repository. `stuck`: runs that stayed without jobs although they were asked for."""

    api: Api
    desk: Desk
    known: Known
    stuck: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)

    def batch(self, documents: Sequence[Document] = (), **more: Any) -> Batch:
        new_name, self.api.new_name = self.api.new_name, None
        spent, left = self.api.take_requests(), self.api.rate_limit
        return Batch(tuple(documents), name=new_name, requests=spent, rate_limit=left, **more)

    def read(self, runs: Sequence[Any]) -> Seen:
        """One page of a list, compared with what is here."""
        seen = Seen()
        here = self.known.runs([id for run in runs if (id := identifier(mapping(run).get("id")))])
        for run in runs:
            id = identifier(mapping(run).get("id"))
            if id is None:
                seen.documents.append(self.desk.run(run))  # to be refused, with a reason
            else:
                self._compare(id, run, here.get(id), seen)
        return seen

    def _compare(self, id: str, run: dict[str, Any], here: KnownRun | None, seen: Seen) -> None:
        attempt, ended = attempt_of(run), run.get("status") == "completed"
        changed = _changed(run, here)
        has_all_jobs = here is not None and here.jobs_known >= attempt
        if not ended:
            seen.unfinished[id] = run
        if changed:
            seen.changed.add(id)
            if ended and has_all_jobs:
                seen.refill.append(id)
        if changed or not ended or here is None or not here.completed:
            never_started = ended and attempt == 1 and run.get("conclusion") == "startup_failure"
            seen.documents.append(self.desk.run(run, jobs_known=1 if never_started else 0))
            seen.whole += never_started
        elif has_all_jobs:
            seen.whole += 1

    def fill(self, tasks: Sequence[Task]) -> Iterator[Batch]:
        """Batch by batch. What was read before an error is handed out before it is raised."""
        for start in range(0, len(tasks), BATCH):
            filled, error = fill_all(self.desk, tasks[start : start + BATCH])
            documents = [document for one in filled for document in one.documents]
            if documents or error is None:
                yield self.batch(documents, done=sum(one.complete for one in filled))
            if error is not None:
                raise error

    def missing(self, limit: int) -> list[Task]:
        """Runs that have ended and lack jobs, newest first; those that did not get them on this walk are left."""
        while True:
            wanted = limit + len(self.stuck)
            ids = self.known.without_jobs(wanted)
            self.stuck.update(id for id in ids if id in self.tried)
            chosen = [id for id in ids if id not in self.stuck][:limit]
            if chosen or len(ids) < wanted:
                break
        self.tried = set(chosen)
        here = self.known.runs(chosen)
        return [Task(id, here[id]) for id in chosen if id in here]


def _changed(run: dict[str, Any], here: KnownRun | None) -> bool:
    """Whether GitHub's word on a run is newer than what is here."""
    attempt = attempt_of(run)
    if here is None or attempt > here.attempt:
        return True
    updated_at = moment(run.get("updated_at"))
    if attempt < here.attempt or updated_at is None:
        return False
    return here.updated_at is None or updated_at > here.updated_at
