"""One build as Jenkins' Notification plugin tells it. Source: https://plugins.jenkins.io/notification/

A `timestamp` means another moment in every phase: entered the queue, started, ended, said so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from cicd_health.demo.company import JENKINS
from cicd_health.demo.runs import Attempt, Run
from cicd_health.demo.telling import Telling, verdict_of
from cicd_health.model.deliveries import Incoming
from cicd_health.providers import jenkins

RESULTS = {
    "success": "SUCCESS",
    "failure": "FAILURE",
    "timed_out": "ABORTED",
    "unstable": "UNSTABLE",
    "cancelled": "ABORTED",
    "skipped": "NOT_BUILT",
}
HEADERS = {"content-type": "application/json;charset=UTF-8"}
TESTS = 1842
FAILED_TESTS = ("settlement.NettingTest.partial", "settlement.NettingTest.holiday", "settlement.CutOffTest.dst")


def tellings(run: Run, *, whole: bool) -> Iterator[Telling]:
    """Every notification of the build; without `whole` only that it was queued and that it completed."""
    attempt = run.attempts[0]
    end = attempt.completed_at
    yield Telling(run.created_at, partial(_notification, run, attempt, "QUEUED", run.created_at))
    if whole:
        started_at = attempt.started_at
        yield Telling(started_at, partial(_notification, run, attempt, "STARTED", started_at))
    deliver = partial(_notification, run, attempt, "COMPLETED", end)
    yield Telling(end, deliver, verdict_of(run, attempt), run)
    if whole:
        said_at = end + timedelta(seconds=2)
        yield Telling(said_at, partial(_notification, run, attempt, "FINALIZED", said_at))


def _notification(run: Run, attempt: Attempt, phase: str, at: datetime) -> Incoming:
    payload = body(run, attempt, phase, at)
    raw = json.dumps(payload, separators=(",", ":")).encode()
    envelope = jenkins.PROVIDER.envelope(HEADERS, payload, raw)
    return Incoming(
        provider="jenkins",
        external_id=envelope.external_id,
        event=envelope.event,
        action=envelope.action,
        body=raw,
        payload=payload,
        received_at=at,
        headers=HEADERS,
    )


def body(run: Run, attempt: Attempt, phase: str, at: datetime) -> dict[str, Any]:
    """The plugin's body for one phase of the build."""
    path = "".join(f"job/{part}/" for part in (run.plan.repo, run.plan.name))
    build: dict[str, Any] = {
        "full_url": f"{JENKINS}/{path}{run.number}/",
        "number": run.number,
        "queue_id": run.id % 1_000_000,
        "timestamp": int(at.timestamp() * 1000),
        "duration": 0,
        "phase": phase,
        "url": f"{path}{run.number}/",
        "display_name": run.title,
        "scm": {
            "url": f"git@github.kestrel.example:kestrel/{run.plan.repo}.git",
            "branch": f"origin/{run.branch}",
            "commit": run.sha,
            "changes": [],
            "culprits": [],
        },
        "parameters": {},
        "artifacts": {},
    }
    if phase in ("COMPLETED", "FINALIZED"):
        build["duration"] = int((attempt.completed_at - attempt.started_at).total_seconds() * 1000)
        build["status"] = RESULTS[attempt.outcome]
        build["log"] = "\n".join(_log(run, attempt))
        if attempt.outcome in ("unstable", "success") and run.plan.name == "nightly-regression":
            build["test_summary"] = _tests(attempt)
    return {"name": run.plan.name, "display_name": run.plan.name, "url": path, "build": build}


def _tests(attempt: Attempt) -> dict[str, Any]:
    failed = FAILED_TESTS if attempt.outcome == "unstable" else ()
    passed = TESTS - len(failed)
    return {"total": TESTS, "failed": len(failed), "passed": passed, "skipped": 0, "failed_tests": list(failed)}


def _log(run: Run, attempt: Attempt) -> Iterator[str]:
    """The last lines of the console."""
    step = next((step.name for job in attempt.jobs for step in job.steps), "Build")
    yield f"[Pipeline] stage ({step})"
    if attempt.outcome == "unstable":
        yield from (f"[ERROR] {test}: expected 3 but was 2" for test in FAILED_TESTS)
        yield f"Tests run: {TESTS}, Failures: {len(FAILED_TESTS)}"
        yield "Marking build as UNSTABLE"
    elif attempt.outcome == "failure":
        yield f"+ ./ci/{run.plan.name}.sh"
        yield f"ERROR: {step}: connection reset by artifacts.kestrel.example after 3 tries"
        yield "ERROR: script returned exit code 1"
    yield f"Finished: {RESULTS[attempt.outcome]}"
