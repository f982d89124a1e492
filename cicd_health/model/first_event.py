"""A first delivery to try: what GitHub sends for a build that has just succeeded, and the command that sends it."""

from __future__ import annotations

import hashlib
import hmac
import json
import shlex
from datetime import datetime, timedelta

TOOK = timedelta(seconds=95)


def signed_curl(address: str, secret: str, now: datetime, between: str = " ") -> str:
    """A command that sends one finished run, signed as GitHub signs. `between` stands between its options."""
    body = json.dumps(first_event(now), separators=(",", ":"))
    signature = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "workflow_run",
        "X-GitHub-Delivery": f"first-event-{int(now.timestamp())}",
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    options = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    return between.join([f"curl {address}", *options, f"-d {shlex.quote(body)}"])


def first_event(now: datetime) -> dict[str, object]:
    """A small but complete `workflow_run` delivery, completed now."""
    number = int(now.timestamp())
    repository = {"id": 1, "name": "hello", "full_name": "example/hello", "default_branch": "main"}
    page = "https://github.com/example/hello"
    run = {
        "id": number,
        "name": "CI",
        "path": ".github/workflows/ci.yml",
        "workflow_id": 1,
        "run_number": number,
        "run_attempt": 1,
        "event": "push",
        "status": "completed",
        "conclusion": "success",
        "display_title": "Say hello",
        "head_branch": "main",
        "head_sha": hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest(),
        "actor": {"login": "example"},
        "html_url": f"{page}/actions/runs/{number}",
        "created_at": _github_time(now - TOOK),
        "run_started_at": _github_time(now - TOOK),
        "updated_at": _github_time(now),
        "pull_requests": [],
    }
    return {
        "action": "completed",
        "workflow_run": run,
        "workflow": {"id": 1, "name": "CI", "path": run["path"]},
        "repository": repository | {"html_url": page, "owner": {"login": "example"}},
        "sender": {"login": "example"},
    }


def _github_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
