"""What the start prints: where to go, what to give GitHub and Jenkins, and a delivery to try."""

from __future__ import annotations

import hashlib
import hmac
import json
import shlex
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from urllib.parse import quote

from cicd_health import __version__, secret_file
from cicd_health.settings import Settings

GENERATED = ("ADMIN_PASSWORD", "GITHUB_WEBHOOK_SECRET", "JENKINS_WEBHOOK_TOKEN", "INGEST_TOKEN")


def sign_in_link(settings: Settings, token: str) -> str:
    return f"{settings.public_url}/login/link?token={quote(token)}"


def text(settings: Settings, token: str, now: datetime, known: Collection[str]) -> str:
    """The text of the start. Of the secrets only those are in it that were generated now, and not `known` before."""
    url = settings.public_url
    lines = [
        "",
        f"CI/CD Health {__version__} is ready.",
        "",
        f"  Open     {sign_in_link(settings, token)}",
        "           The link signs you in once, within 24 hours; `python -m cicd_health link` makes another.",
        "",
        f"  GitHub   {url}/webhooks/github",
        "           Type application/json, secret GITHUB_WEBHOOK_SECRET; events Workflow runs, Workflow jobs.",
        f"  Jenkins  {url}/webhooks/jenkins",
        "           Notification plugin, JSON over HTTP; put ?token= and JENKINS_WEBHOOK_TOKEN behind the address.",
        "",
        *_new_secrets(settings, known),
        "  Send a first run by hand:",
        "",
        _curl(settings, now),
        "",
    ]
    return "\n".join(lines)


def _new_secrets(settings: Settings, known: Collection[str]) -> list[str]:
    new = [name for name in GENERATED if name not in known and not getattr(settings, f"{name.lower()}_given")]
    if not new:
        return []
    width = max(map(len, new))
    shown = [f"    {name:{width}}  {getattr(settings, name.lower())}" for name in new]
    file = secret_file.path(settings.data_dir)
    return [f"  Generated now and kept in {file}; sign-in is {settings.admin_email}:", *shown, ""]


def _curl(settings: Settings, now: datetime) -> str:
    body = json.dumps(first_run(now), separators=(",", ":"))
    secret = settings.github_webhook_secret.split(",")[0].strip()
    signature = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "workflow_run",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    options = " ".join(f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items())
    return f"curl {settings.public_url}/webhooks/github {options} -d {shlex.quote(body)}"


def first_run(now: datetime) -> dict[str, object]:
    """A small but complete `workflow_run` delivery: a build that succeeded a moment ago."""
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
        "head_sha": hashlib.sha1(str(number).encode()).hexdigest(),
        "actor": {"login": "example"},
        "html_url": f"{page}/actions/runs/{number}",
        "created_at": _github_time(now - timedelta(seconds=95)),
        "run_started_at": _github_time(now - timedelta(seconds=95)),
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
