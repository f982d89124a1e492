"""What tests make: a test names only what it is about, everything else is a usual value."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session

from cicd_health.model import runs as model
from cicd_health.model.runs import OUTCOME_OF_STATUS, UNFINISHED, Outcome, Status
from cicd_health.model.tally import Contribution
from cicd_health.store.tables import (
    AttemptRow,
    IncidentRow,
    JobRow,
    PipelineRow,
    RepositoryRow,
    RuleRow,
    RunRow,
    SourceRow,
)

NOW = datetime(2026, 3, 12, 10, 42, tzinfo=UTC)  # a Thursday

_numbers = itertools.count(1)


def at(text: str) -> datetime:
    """A moment in UTC: "2026-03-12 10:42", seconds if wanted."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _status_of(outcome: Outcome) -> Status:
    return next((status for status, word in OUTCOME_OF_STATUS.items() if word is outcome), Status.COMPLETED)


def attempt(**changes: Any) -> model.Attempt:
    """A finished, successful attempt of a run on main, as one event tells it."""
    number = next(_numbers)
    outcome = Outcome(changes.pop("outcome", Outcome.SUCCESS))
    status = changes.pop("status", _status_of(outcome))
    created_at = changes.pop("created_at", NOW)
    values: dict[str, Any] = {
        "provider": "github",
        "host": "github.com",
        "repo": model.Repo("acme/shop", "1", "main", "https://github.com/acme/shop"),
        "pipeline": model.Pipeline("ci", "1", ".github/workflows/ci.yml"),
        "external_id": str(number),
        "attempt": 1,
        "status": status,
        "outcome": outcome,
        "created_at": created_at,
        "number": number,
        "branch": "main",
        "sha": f"{number:040x}",
        "event": "push",
        "actor": "wren",
        "started_at": created_at + timedelta(seconds=5),
        "completed_at": created_at + timedelta(minutes=5) if status is Status.COMPLETED else None,
        "updated_at": created_at + timedelta(minutes=5),
        "rank": 2 if status is Status.COMPLETED else 1,
    }
    return model.Attempt(**(values | changes))


def job(**changes: Any) -> model.Job:
    """A finished, successful job, as one event tells it."""
    number = next(_numbers)
    outcome = Outcome(changes.pop("outcome", Outcome.SUCCESS))
    status = changes.pop("status", _status_of(outcome))
    created_at = changes.pop("created_at", NOW)
    values: dict[str, Any] = {
        "provider": "github",
        "host": "github.com",
        "repo": model.Repo("acme/shop", "1", "main", "https://github.com/acme/shop"),
        "run_external_id": str(number),
        "external_id": f"j{number}",
        "name": "unit-tests",
        "attempt": 1,
        "status": status,
        "outcome": outcome,
        "runner": "runner-1",
        "created_at": created_at,
        "started_at": created_at + timedelta(seconds=5) if status is not Status.QUEUED else None,
        "completed_at": created_at + timedelta(minutes=5) if status is Status.COMPLETED else None,
        "updated_at": created_at + timedelta(minutes=5),
        "rank": 2 if status is Status.COMPLETED else 1,
    }
    return model.Job(**(values | changes))


def contribution(**changes: Any) -> Contribution:
    """One successful run of pipeline 1 in repository 1."""
    outcome = Outcome(changes.pop("outcome", Outcome.SUCCESS))
    values: dict[str, Any] = {
        "pipeline_id": 1,
        "repo_id": 1,
        "subject": "run",
        "at": NOW,
        "outcome": outcome,
        "first_outcome": None if outcome in UNFINISHED else outcome,
        "rescued": False,
        "duration_s": 300.0,
        "queue_s": 5.0,
    }
    return Contribution(**(values | changes))


class Rows:
    """Writes rows directly, without the flow: `rows.run(pipeline, outcome="failure")`."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def _add(self, row: Any) -> Any:
        self.session.add(row)
        self.session.flush()
        return row

    def source(self, provider: str = "github", **values: Any) -> SourceRow:
        usual: dict[str, Any] = {"host": f"{provider}.example", "name": provider.title(), "created_at": NOW}
        return self._add(SourceRow(provider=provider, **(usual | values)))

    def repo(self, source: Any, name: str = "acme/shop", **values: Any) -> RepositoryRow:
        usual: dict[str, Any] = {"key": f"name:{name}", "default_branch": "main", "created_at": NOW}
        return self._add(RepositoryRow(source_id=source.id, name=name, **(usual | values)))

    def pipeline(
        self, name: str = "ci", repo: Any = "acme/shop", provider: str = "github", **values: Any
    ) -> PipelineRow:
        """A pipeline; given a repository's name, its source and repository are made with it."""
        if isinstance(repo, str):
            repo = self.repo(self.source(provider, host=f"{provider}-{next(_numbers)}.example"), repo)
        usual: dict[str, Any] = {"key": f"name:{name}", "created_at": NOW}
        return self._add(PipelineRow(repo_id=repo.id, name=name, **(usual | values)))

    def run(self, pipeline: PipelineRow, **values: Any) -> RunRow:
        """A finished, successful run on main that took 5 minutes, at NOW less a bit."""
        number = next(_numbers)
        outcome = Outcome(values.pop("outcome", Outcome.SUCCESS))
        created_at = values.pop("created_at", NOW - timedelta(hours=1))
        attempts = values.get("attempt", 1)
        status = _status_of(outcome)
        ended = status is Status.COMPLETED
        duration_s = values.pop("duration_s", 300.0 if ended else None)
        branch = values.get("branch", "main")
        usual: dict[str, Any] = {
            "repo_id": pipeline.repo_id,
            "pipeline_id": pipeline.id,
            "provider": "github",
            "external_id": str(number),
            "number": number,
            "attempt": attempts,
            "attempts": attempts,
            "status": status.value,
            "outcome": outcome.value,
            "first_outcome": outcome.value if ended and attempts == 1 else None,
            "branch": branch,
            "default_branch": branch in ("main", None),
            "sha": f"{number:040x}",
            "created_at": created_at,
            "started_at": created_at + timedelta(seconds=5) if outcome is not Outcome.QUEUED else None,
            "completed_at": created_at + timedelta(seconds=5 + (duration_s or 0)) if ended else None,
            "duration_s": duration_s,
            "queue_s": 5.0 if ended else None,
        }
        return self._add(RunRow(**(usual | values)))

    def attempt(self, run: RunRow, **values: Any) -> AttemptRow:
        usual: dict[str, Any] = {
            "attempt": 1,
            "rank": 2,
            "status": run.status,
            "outcome": run.outcome,
            "started_at": run.started_at,
            "completed_at": run.completed_at,
        }
        return self._add(AttemptRow(run_id=run.id, **(usual | values)))

    def job(self, run: RunRow, name: str = "unit-tests", **values: Any) -> JobRow:
        """A job of a run, with the run's outcome and times."""
        number = next(_numbers)
        outcome = Outcome(values.pop("outcome", run.outcome))
        usual: dict[str, Any] = {
            "repo_id": run.repo_id,
            "pipeline_id": run.pipeline_id,
            "run_id": run.id,
            "run_external_id": run.external_id,
            "external_id": f"j{number}",
            "attempt": 1,
            "rank": 2,
            "status": _status_of(outcome).value,
            "outcome": outcome.value,
            "created_at": run.created_at,
            "started_at": run.started_at,
            "completed_at": run.completed_at,
            "counted_at": values.get("created_at") or run.created_at,
            "duration_s": run.duration_s,
            "queue_s": run.queue_s,
        }
        return self._add(JobRow(name=name, **(usual | values)))

    def incident(self, pipeline: PipelineRow, **values: Any) -> IncidentRow:
        """An open incident of a rule of its own."""
        slug = f"rule-{next(_numbers)}"
        rule = self._add(
            RuleRow(slug=slug, kind="failure", name=slug, severity="critical", params="{}", scope="{}", created_at=NOW)
        )
        usual: dict[str, Any] = {
            "scope_key": str(pipeline.id),
            "severity": "critical",
            "state": "open",
            "title": "ci failed",
            "reason": "1 in a row",
            "opened_at": NOW - timedelta(minutes=30),
        }
        return self._add(IncidentRow(rule_id=rule.id, pipeline_id=pipeline.id, **(usual | values)))
