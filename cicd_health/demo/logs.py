"""Logs of the demo's jobs, as GitHub and Jenkins write them: quiet where it passed, the whole story where it broke."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from cicd_health import flow
from cicd_health.demo import company
from cicd_health.demo.output import broken, ordinary
from cicd_health.demo.runs import BROKEN, Attempt, Job, Run, Step
from cicd_health.store import engine, lists
from cicd_health.store.lists import Row

LATELY = timedelta(days=2)  # failures that ended since then have their logs
GREEN_LATELY = timedelta(hours=4)  # and so do successes
LONG = (company.LEDGER_INTEGRATION.key, "integration")  # whose failing log is very long
LONG_LINES = 30_000


def keep(runs: Iterable[Run], now: datetime) -> int:
    """Keep the logs of those of these runs that ended lately; how many that were."""
    return sum(_keep_run(run, now) for run in runs if now - LATELY < run.completed_at <= now)


def _keep_run(run: Run, now: datetime) -> int:
    failed = any(attempt.outcome in BROKEN for attempt in run.attempts)
    if not failed and run.completed_at < now - GREEN_LATELY:
        return 0
    row = _row(run)
    if row is None:
        return 0
    if run.plan.provider == "jenkins":
        flow.keep_log(row["id"], None, 1, _bytes(console(run, run.attempts[0])), now)
        return 1
    kept = 0
    for attempt in run.attempts:
        jobs = {job.name: job for job in attempt.jobs if job.steps}
        with engine.reading() as session:
            stored = lists.jobs(session, row["id"], attempt.number)
        for known in stored:
            job = jobs.get(known["name"])
            if job is not None and known["completed_at"] is not None:
                flow.keep_log(row["id"], known["id"], attempt.number, _bytes(job_log(run, attempt, job)), now)
                kept += 1
    return kept


def _row(run: Run) -> Row | None:
    with engine.reading() as session:
        wanted = lists.RunFilter(provider=run.plan.provider, repo=run.plan.repo, sha=run.sha)
        return next((row for row in lists.runs(session, wanted, 20) if row["number"] == run.number), None)


def _bytes(lines: Iterable[str]) -> Iterator[bytes]:
    for line in lines:
        yield f"{line}\n".encode()


def job_log(run: Run, attempt: Attempt, job: Job) -> Iterator[str]:
    """As GitHub hands it out: a time before each line, a group for what each step was told."""
    rng = Random(f"{run.plan.key} {job.name} {run.number} {attempt.number}")
    for step in job.steps:
        if step.outcome != "skipped":
            lines = list(_step(run, job, step, rng))
            yield from _stamped(lines, step, rng)


def _step(run: Run, job: Job, step: Step, rng: Random) -> Iterator[str]:
    yield f"##[group]Run {step.name}" if step.name != "Set up job" else "##[group]Runner Image"
    yield f"\x1b[36;1m{step.name}\x1b[0m" if step.name != "Set up job" else f"Image: {job.label}"
    yield "shell: /usr/bin/bash -e {0}"
    yield "##[endgroup]"
    failed = step.outcome == "failure"
    length = LONG_LINES if failed and (run.plan.key, job.name) == LONG else 0
    every_day = Random(f"{run.plan.key} {step.name}")  # the same lines in every run, so that what is new stands out
    yield from ordinary(step.name, every_day, length) if step.name != "Set up job" else ("Prepare all actions",)
    if failed:
        yield from broken(step.name, rng)
        yield "##[error]Process completed with exit code 1."
    elif step.outcome == "cancelled":
        yield "##[error]The operation was canceled."


def _stamped(lines: Sequence[str], step: Step, rng: Random) -> Iterator[str]:
    """The lines spread over the time the step took."""
    length = max((step.completed_at - step.started_at).total_seconds(), 0.5)
    for place, line in enumerate(lines):
        at = step.started_at + timedelta(seconds=length * place / len(lines))
        yield f"{at:%Y-%m-%dT%H:%M:%S}.{rng.randrange(10_000_000):07d}Z {line}"


def console(run: Run, attempt: Attempt) -> Iterator[str]:
    """As Jenkins writes it."""
    rng = Random(f"{run.plan.key} {run.number}")
    yield f"Started by {'timer' if run.event == 'schedule' else 'an SCM change'}"
    yield f"Running on agent-{rng.randrange(1, 9):02d} in /var/jenkins/workspace/{run.plan.repo}/{run.plan.name}"
    yield "[Pipeline] Start of Pipeline"
    for step in (step for job in attempt.jobs for step in job.steps):
        yield "[Pipeline] stage"
        yield f"[Pipeline] {{ ({step.name})"
        yield f"+ ./ci/{run.plan.name}.sh"
        yield from ordinary(step.name, Random(f"{run.plan.key} {step.name}"), 0)
        if step.outcome == "failure":
            yield from broken("unstable" if attempt.outcome == "unstable" else step.name, rng)
        yield "[Pipeline] }"
        yield "[Pipeline] // stage"
    yield "[Pipeline] End of Pipeline"
    if attempt.outcome == "failure":
        yield "ERROR: script returned exit code 1"
    yield f"Finished: {'UNSTABLE' if attempt.outcome == 'unstable' else attempt.outcome.upper()}"
