"""What was heard of a Jenkins, in memory: merged as the store merges, and `Known` to the next walk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cicd_health.model.run_state import RunState, Values, apply_attempt, apply_job, finish
from cicd_health.model.runs import Attempt
from cicd_health.model.watches import KnownRun
from cicd_health.providers import PROVIDERS
from cicd_health.providers.provider import BadPayload
from cicd_health.providers.remote import Batch

JENKINS = PROVIDERS["jenkins"]


@dataclass
class Memory:
    """`states` by run id; `bad` are documents that made no sense; `batches` all there were."""

    states: dict[str, RunState] = field(default_factory=dict)
    jobs_known: dict[str, int] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)

    def hear(self, payload: object, received_at: datetime, jobs_known: int = 0) -> None:
        try:
            events = JENKINS.parse({"x-received-at": received_at.isoformat()}, payload)
        except BadPayload as error:
            self.bad.append(str(error))
            return
        for event in events:
            run_id = event.external_id if isinstance(event, Attempt) else event.run_external_id
            state = self.states.setdefault(run_id, RunState(repo_id=1))
            if isinstance(event, Attempt):
                apply_attempt(state, event, pipeline_id=1, default_branch=None, quiet=False)
                self.jobs_known[run_id] = max(jobs_known, self.jobs_known.get(run_id, 0))
            else:
                apply_job(state, event)
            finish(state)

    def take(self, walk: Iterable[Batch], now: datetime) -> Memory:
        """Everything a walk brings, batch by batch."""
        for batch in walk:
            self.batches.append(batch)
            for document in batch.documents:
                self.hear(document.payload, now, document.jobs_known)
        return self

    def run(self, run_id: str) -> Values:
        run = self.states[run_id].run
        assert run is not None
        return run

    def jobs(self, run_id: str) -> list[Values]:
        return list(self.states[run_id].jobs.values())

    # What a walk asks.

    def runs(self, external_ids: Sequence[str]) -> Mapping[str, KnownRun]:
        return {run_id: self._known(run_id) for run_id in external_ids if run_id in self.states}

    def unfinished(self, limit: int) -> list[str]:
        return list(self._ids(lambda run: run["status"] != "completed"))[:limit]

    def without_jobs(self, limit: int) -> list[str]:
        return [
            run_id for run_id in self._ids(lambda run: run["status"] == "completed") if not self.jobs_known[run_id]
        ][:limit]

    def _ids(self, chosen: Any) -> Iterator[str]:
        return (run_id for run_id, state in self.states.items() if chosen(state.run))

    def _known(self, run_id: str) -> KnownRun:
        run, state = self.run(run_id), self.states[run_id]
        updated_at = state.attempts[1]["updated_at"]
        return KnownRun(1, run["status"] == "completed", updated_at, run["created_at"], self.jobs_known[run_id])
