"""What a walk finds, remembered as the store would: for tests of asking a provider, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cicd_health.model.runs import Attempt, Job, Status
from cicd_health.model.watches import KnownRun
from cicd_health.providers.provider import BadPayload, Provider
from cicd_health.providers.remote import Batch


class Memory:
    """Known runs, and everything that batches told. `refused` are documents that made no sense."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.attempts: dict[tuple[str, int], Attempt] = {}
        self.jobs: dict[str, Job] = {}
        self.jobs_known: dict[str, int] = {}
        self.refused: list[str] = []
        self.batches: list[Batch] = []

    def take(self, batches: Iterable[Batch]) -> list[Batch]:
        """Save a walk batch by batch, as it comes."""
        taken = []
        for batch in batches:
            taken.append(batch)
            self.save(batch)
        self.batches += taken
        return taken

    def save(self, batch: Batch) -> None:
        for document in batch.documents:
            try:
                events = self.provider.parse(document.headers, document.payload)
            except BadPayload as error:
                self.refused.append(f"{document.external_id}: {error}")
                continue
            for event in events:
                self._keep(event)
                run_id = event.external_id if isinstance(event, Attempt) else event.run_external_id
                self.jobs_known[run_id] = max(self.jobs_known.get(run_id, 0), document.jobs_known)

    def _keep(self, event: Attempt | Job) -> None:
        if isinstance(event, Job):
            self.jobs[event.external_id] = event
            return
        key = event.external_id, event.attempt
        before = self.attempts.get(key)
        if before is None or _order(event) >= _order(before):
            self.attempts[key] = event

    def last(self, run_id: str) -> Attempt:
        return max((one for (id, _), one in self.attempts.items() if id == run_id), key=lambda one: one.attempt)

    def ids(self) -> list[str]:
        """Run ids, the newest first."""
        known = {id for id, _ in self.attempts}
        return sorted(known, key=lambda id: (self.last(id).created_at, id), reverse=True)

    def runs(self, external_ids: Sequence[str]) -> dict[str, KnownRun]:
        known = {id for id, _ in self.attempts}
        return {id: self._known(id) for id in external_ids if id in known}

    def _known(self, id: str) -> KnownRun:
        last = self.last(id)
        return KnownRun(
            attempt=last.attempt,
            completed=last.status is Status.COMPLETED,
            updated_at=last.updated_at,
            created_at=last.created_at,
            jobs_known=self.jobs_known.get(id, 0),
            pipeline=last.pipeline.name,
            pipeline_id=last.pipeline.external_id,
        )

    def unfinished(self, limit: int) -> list[str]:
        return [id for id in reversed(self.ids()) if not self._known(id).completed][:limit]

    def without_jobs(self, limit: int) -> list[str]:
        known = {id: self._known(id) for id in self.ids()}
        return [id for id, one in known.items() if one.completed and one.jobs_known < one.attempt][:limit]


def _order(event: Attempt) -> tuple[int, datetime]:
    return event.rank, event.updated_at or event.created_at
