"""What one run comes to: in the sums, in the order of its pipeline's verdicts, and for its commit. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from cicd_health.model.flakes import Trial
from cicd_health.model.run_state import RunState
from cicd_health.model.runs import FAILED, VERDICTS, Outcome
from cicd_health.model.tally import Contribution

Values = dict[str, Any]
Verdict = tuple[int, datetime, bool, datetime]  # pipeline, creation, whether it passed, when that was known


def contributions(state: RunState) -> Iterator[Contribution]:
    """What a run and its jobs add to the tallies; nothing while the run is unknown."""
    run = state.run
    if run is None or not state.attempts:
        return
    tries = (state.attempts[number]["outcome"] for number in sorted(state.attempts))
    yield of_run(run, (*tries, *sorted({job["name"] for job in state.jobs.values()})))
    for job in state.jobs.values():
        if job["pipeline_id"] is not None:
            yield of_job(job)


def of_run(run: Values, parts: Iterable[str] = ()) -> Contribution:
    """Of a run whose attempts ended in these ways, and which has jobs of these names."""
    first = run["first_outcome"]
    told = "branch", "default_branch", "event", "actor", "sha", "completed_at"
    return Contribution(
        pipeline_id=run["pipeline_id"],
        repo_id=run["repo_id"],
        subject="run",
        at=run["created_at"],
        outcome=Outcome(run["outcome"]),
        first_outcome=Outcome(first) if first else None,
        rescued=rescued(run["outcome"], first),
        duration_s=run["duration_s"],
        queue_s=run["queue_s"],
        restored_s=run["restored_s"],
        spent_s=run["spent_s"],
        rerun_s=run["rerun_s"],
        labels=(*(run[name] for name in told), *parts),
    )


def of_job(job: Values) -> Contribution:
    """Of a job whose run is known."""
    return Contribution(
        pipeline_id=job["pipeline_id"],
        repo_id=job["repo_id"],
        subject="job",
        at=job["counted_at"],
        outcome=Outcome(job["outcome"]),
        first_outcome=None,
        rescued=False,
        duration_s=job["duration_s"],
        queue_s=job["queue_s"],
        spent_s=job["duration_s"],
        labels=(job["name"],),
    )


def rescued(outcome: str, first_outcome: str | None) -> bool:
    """True when a re-run turned a failure into a success."""
    return outcome == Outcome.SUCCESS and first_outcome in FAILED


def default_verdict(run: Values | None) -> Verdict | None:
    """Its part in the order of verdicts on its pipeline's default branch; None when it has none there."""
    if run is None or not run["default_branch"] or run["outcome"] not in VERDICTS:
        return None
    passed = run["outcome"] == Outcome.SUCCESS
    return run["pipeline_id"], run["created_at"], passed, run["completed_at"] or run["created_at"]


def trials(run: Values, attempts: Iterable[Values], jobs: Iterable[Values]) -> set[tuple[str, Trial]]:
    """Verdicts on the run's commit by name of job; where there are no jobs, of its attempts under no name."""
    found, has_jobs = set(), False
    for job in jobs:
        has_jobs = True
        if job["outcome"] in VERDICTS:
            at = job["completed_at"] or job["started_at"] or job["counted_at"]
            found.add((job["name"], Trial(run["id"], job["attempt"], job["outcome"] == Outcome.SUCCESS, at)))
    if has_jobs:
        return found
    for attempt in attempts:
        if attempt["outcome"] in VERDICTS:
            at = attempt["completed_at"] or attempt["started_at"] or run["created_at"]
            found.add(("", Trial(run["id"], attempt["attempt"], attempt["outcome"] == Outcome.SUCCESS, at)))
    return found
