"""Webhook bodies as GitHub and Jenkins send them, cut down to what a test is about; and the deliveries around them."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cicd_health.model.deliveries import Incoming

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REPOSITORY = {
    "id": 7,
    "full_name": "kestrel/checkout-api",
    "default_branch": "main",
    "html_url": "https://github.com/kestrel/checkout-api",
}
_numbers = itertools.count(1)


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def github_run(
    run_id: int = 900,
    *,
    status: str = "completed",
    conclusion: str | None = "success",
    attempt: int = 1,
    created: datetime = NOON,
    seconds: float = 60,
    branch: str | None = "main",
    workflow: str = "ci",
    **more: Any,
) -> dict[str, Any]:
    """A workflow_run body; `seconds` after `created` the attempt was last updated."""
    run = {
        "id": run_id,
        "name": workflow,
        "run_number": run_id,
        "run_attempt": attempt,
        "event": "push",
        "status": status,
        "conclusion": conclusion if status == "completed" else None,
        "workflow_id": 11,
        "display_title": "Retry refunds",
        "head_branch": branch,
        "head_sha": f"{run_id:040x}",
        "html_url": f"https://github.com/kestrel/checkout-api/actions/runs/{run_id}",
        "pull_requests": [],
        "created_at": iso(created),
        "run_started_at": iso(created),
        "updated_at": iso(created + timedelta(seconds=seconds)),
        "actor": {"login": "wren"},
        "triggering_actor": {"login": "wren"},
    }
    action = {"queued": "requested", "completed": "completed"}.get(status, "in_progress")
    return {
        "action": action,
        "workflow_run": run | more,
        "workflow": {"id": 11, "name": workflow, "path": ".github/workflows/ci.yml"},
        "repository": REPOSITORY,
    }


def github_job(
    job_id: int,
    run_id: int = 900,
    *,
    name: str = "unit",
    status: str = "completed",
    conclusion: str | None = "success",
    attempt: int = 1,
    created: datetime = NOON,
    started: datetime | None = None,
    completed: datetime | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A workflow_job body."""
    job = {
        "id": job_id,
        "run_id": run_id,
        "run_attempt": attempt,
        "name": name,
        "workflow_name": "ci",
        "head_branch": "main",
        "head_sha": f"{run_id:040x}",
        "status": status,
        "conclusion": conclusion if status == "completed" else None,
        "created_at": iso(created),
        "started_at": iso(started or created),
        "completed_at": iso(completed) if completed else None,
        "runner_name": "runner-1" if status in ("in_progress", "completed") else "",
        "labels": ["ubuntu-latest"],
        "steps": [],
        "html_url": f"https://github.com/kestrel/checkout-api/actions/runs/{run_id}/job/{job_id}",
    }
    return {"action": status, "workflow_job": job | more, "repository": REPOSITORY}


def jenkins_build(
    number: int = 42, phase: str = "COMPLETED", status: str | None = "SUCCESS", *, ended: datetime = NOON, **more: Any
) -> dict[str, Any]:
    """A Notification plugin body of a one-minute build of payments » nightly."""
    path = "job/payments/job/nightly/"
    build: dict[str, Any] = {
        "full_url": f"https://jenkins.example/{path}{number}/",
        "number": number,
        "phase": phase,
        "url": f"{path}{number}/",
        "timestamp": int(ended.timestamp() * 1000),
        "duration": 60_000 if phase in ("COMPLETED", "FINALIZED") else 0,
        "scm": {"branch": "origin/main", "commit": f"{number:040x}"},
    }
    if status:
        build["status"] = status
    return {"name": "nightly", "url": path, "build": build | more}


def delivery(
    body: dict[str, Any], *, provider: str = "github", at: datetime = NOON, id: str | None = None, quiet: bool = False
) -> Incoming:
    """The delivery that brings a body, received at `at`."""
    event = next((name for name in ("workflow_run", "workflow_job") if name in body), "notification")
    raw = json.dumps(body).encode()
    return Incoming(
        provider=provider,
        external_id=id or f"delivery-{next(_numbers)}",
        event=event,
        action=body.get("action"),
        body=raw,
        payload=body,
        received_at=at,
        headers={"x-github-event": event} if provider == "github" else {},
        quiet=quiet,
    )


def signed(body: bytes, secret: str) -> dict[str, str]:
    """The headers GitHub sends with a workflow_run body."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": "workflow_run",
        "X-GitHub-Delivery": f"signed-{next(_numbers)}",
        "X-Hub-Signature-256": f"sha256={digest}",
    }
