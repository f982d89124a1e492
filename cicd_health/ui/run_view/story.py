"""One run with all that its page tells, read from the database at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlmodel import Session

from cicd_health.logs.line import plain
from cicd_health.model.logs import Log, LogState
from cicd_health.model.runs import FAILED, Outcome
from cicd_health.store import alert_lists, lists, logs, run_history, watches
from cicd_health.store.lists import Row

# What tools put before an error, which says nothing in a sentence that says already that it failed.
BEFORE_CAUSE = re.compile(r"^(?:E\s+|\[ERROR\]\s*|##\[error\]|error:\s|\s+)+", re.IGNORECASE)
USUAL_OF = 20  # successes whose median is the usual duration
FEWEST = 5  # of them, to speak of a usual one
ELSEWHERE = 10


@dataclass(frozen=True, slots=True)
class Green:
    """The last green run before, and its job of the same name as the one that is looked at."""

    run: Row
    job: Row | None
    step_s: float | None  # of the step that failed here


@dataclass(frozen=True, slots=True)
class Story:
    """`attempt` is the attempt that is looked at; `jobs` and `steps` are of it; `before` are older runs, newest first.

    `failing` is the job that failed first, `logs` by the id of their job, 0 for the run's own.
    """

    run: Row
    attempts: Sequence[Row]
    attempt: Row
    jobs: Sequence[Row]
    steps: Mapping[int, Sequence[Row]]
    failing: Row | None
    failing_step: Row | None
    cause: str
    logs: Mapping[int, Log]
    before: Sequence[Row]
    green: Green | None
    failures: Sequence[Row]  # failed jobs of all attempts
    elsewhere: Sequence[Row]
    incidents: Sequence[Row]
    notifications: Sequence[Row]
    connected: bool
    now: datetime
    missing_attempt: int = 0  # the one asked for, when there is no such

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.attempt["outcome"])

    @property
    def signature(self) -> str | None:
        return self.failing["signature"] if self.failing is not None else self.run["signature"]

    @property
    def usual_s(self) -> float | None:
        """The median of the successes before, in seconds; None when there are too few."""
        took = [run["duration_s"] for run in self.before if run["outcome"] == Outcome.SUCCESS]
        took = [seconds for seconds in took if seconds is not None][:USUAL_OF]
        return median(took) if len(took) >= FEWEST else None

    def log_of(self, job_id: int) -> Log | None:
        """A job's log, else the run's own: a stage of Jenkins has none of its own."""
        own = self.logs.get(job_id)
        whole = self.logs.get(0)
        return whole if whole is not None and (own is None or own.state is not LogState.KEPT) else own

    def chosen_job(self, asked: int) -> Row | None:
        """The job asked for; else the one that matters: it failed first, or runs, or has a log, or is the first."""
        by_id = {job["id"]: job for job in self.jobs}
        if asked in by_id:
            return by_id[asked]
        running = (job for job in self.jobs if job["outcome"] == Outcome.RUNNING)
        kept = (job for job in self.jobs if job["log_state"] == LogState.KEPT)
        return self.failing or next(running, None) or next(kept, None) or next(iter(self.jobs), None)


def read(session: Session, run_id: int, attempt: int, now: datetime) -> Story | None:
    """None when there is no such run. An attempt that is not there (0) is the last one."""
    run = lists.run(session, run_id)
    if run is None:
        return None
    attempts = lists.attempts(session, run_id)
    by_number = {known["attempt"]: known for known in attempts}
    shown = by_number.get(attempt) or by_number.get(run["attempt"]) or run
    jobs = lists.jobs(session, run_id, shown["attempt"])
    steps: dict[int, list[Row]] = {}
    for step in lists.steps(session, [job["id"] for job in jobs]):
        steps.setdefault(step["job_id"], []).append(step)
    failing = first_failure(jobs)
    failing_step = next((s for s in steps.get(failing["id"], ()) if s["outcome"] in FAILED), None) if failing else None
    kept = {log.job_id or 0: log for log in logs.of_run(session, run_id, shown["attempt"])}
    before = run_history.before(session, run)
    incidents = alert_lists.incidents_of_run(session, run)
    signature = failing["signature"] if failing is not None else run["signature"]
    return Story(
        run=run,
        attempts=attempts,
        attempt=shown,
        jobs=jobs,
        steps=steps,
        failing=failing,
        failing_step=failing_step,
        cause=_cause(session, kept, failing, shown),
        logs=kept,
        before=before,
        green=_green(session, run, before, failing, failing_step),
        failures=run_history.failing_jobs(session, run_id) if len(attempts) > 1 else (),
        elsewhere=run_history.same_failure(session, run, signature, ELSEWHERE + 1) if signature else (),
        incidents=incidents,
        notifications=alert_lists.notifications_of(session, [incident["id"] for incident in incidents]),
        connected=watches.connected(session, run_history.source_id(session, run["repo_id"])),
        now=now,
        missing_attempt=attempt if attempt and attempt not in by_number else 0,
    )


def first_failure(jobs: Sequence[Row]) -> Row | None:
    """The job that failed first."""
    failed = [job for job in jobs if Outcome(job["outcome"]) in FAILED]
    return min(failed, key=_ended, default=None)


def _ended(job: Row) -> tuple[bool, float, int]:
    at = job["completed_at"] or job["started_at"]
    return (at is None, at.timestamp() if at else 0.0, job["id"])


def _cause(session: Session, kept: Mapping[int, Log], failing: Row | None, attempt: Row) -> str:
    """The one line that says best why it failed; empty when no log tells."""
    if Outcome(attempt["outcome"]) not in FAILED:
        return ""
    own = kept.get(failing["id"]) if failing is not None else None
    for log in (own, kept.get(0)):
        if log is not None and log.state is LogState.KEPT and log.cause:
            return BEFORE_CAUSE.sub("", plain(logs.cause_text(session, log)))
    return ""


def _green(
    session: Session, run: Row, before: Sequence[Row], failing: Row | None, failing_step: Row | None
) -> Green | None:
    found = next((one for one in before if one["outcome"] == Outcome.SUCCESS), None)
    if found is None and not run["default_branch"]:
        found = run_history.last_green_on_default(session, run)
    if found is None:
        return None
    job = run_history.job_named(session, found["id"], found["attempt"], failing["name"]) if failing else None
    step_s = run_history.step_duration(session, job["id"], failing_step["name"]) if job and failing_step else None
    return Green(found, job, step_s)
