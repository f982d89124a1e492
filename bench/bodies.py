"""Signed GitHub deliveries, written to a file as whole HTTP requests before anything is measured."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bench.requests import SECRET, packed
from cicd_health.demo import company, github_bodies
from cicd_health.demo.story import commission, play
from cicd_health.demo.telling import Telling

SIZE = 22_000  # bytes of a workflow_run body as GitHub sends it for a repository of an organisation
PATHS = (
    *("archive", "branches", "collaborators", "comments", "commits", "contents", "deployments", "downloads", "events"),
    *("forks", "git_commits", "git_refs", "hooks", "issue_events", "keys", "labels", "languages", "merges", "pulls"),
    *("followers", "gists", "organizations", "received_events", "repos", "starred", "subscriptions"),
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file of requests: how many, of how many runs, and the bytes of their bodies on average."""

    file: Path
    deliveries: int
    runs: int
    size: int


def prepare(file: Path, deliveries: int, seed: str = "bench", hours_ago: int = 2) -> Prepared:
    """Write about this many requests: whole lifecycles, hundreds of runs at a time, in the order of their moments.

    The first run is asked for so many hours ago, the others a second apart; a run goes by its second, so that what
    comes into the same database must be of other hours.
    """
    tellings, runs = _lifecycles(deliveries, seed, hours_ago)
    total = 0
    with file.open("wb") as out:
        for telling in tellings:
            incoming = telling.write()
            body = _body(incoming.payload)
            total += len(body)
            request = _request(incoming.headers, body)
            out.write(packed(request))
    return Prepared(file, len(tellings), runs, total // len(tellings))


def failures(pipelines: int) -> Iterator[tuple[str, bytes]]:
    """Of so many pipelines that nobody has seen yet: the name, and the request that says that its first run failed."""
    rng = Random("failures")
    plan = next(plan for plan in company.PIPELINES if plan.provider == "github")
    for number in range(1, pipelines + 1):
        run = play(commission(plan, rng, datetime.now(UTC) - timedelta(minutes=5)), number=number)
        *_, ended = github_bodies.tellings(run, whole=False)
        incoming = ended.write()
        name = f"breaks-{number:03}"
        body = _body(incoming.payload)
        said = json.loads(body)
        new = {"name": name, "path": f".github/workflows/{name}.yml", "workflow_id": 900_000 + number}
        said["workflow_run"] |= new | {"id": 7_000_000_000 + number, "conclusion": "failure"}
        said["workflow"] = (said.get("workflow") or {}) | {"id": new["workflow_id"], "name": name, "path": new["path"]}
        said["workflow_run"]["head_branch"] = said["repository"]["default_branch"]
        headers = incoming.headers | {"x-github-delivery": f"{name}-{rng.getrandbits(64):x}"}
        yield name, _request(headers, json.dumps(said, separators=(",", ":")).encode())


def _lifecycles(deliveries: int, seed: str, hours_ago: int) -> tuple[list[Telling], int]:
    """All of them succeed: a failure would write to the channels of the settings."""
    rng = Random(seed)
    plans = [plan for plan in company.PIPELINES if plan.provider == "github"]
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=hours_ago)
    tellings: list[Telling] = []
    runs = 0
    while len(tellings) < deliveries:
        plan = plans[runs % len(plans)]
        at = began + timedelta(seconds=runs)
        run = play(commission(plan, rng, at), number=runs + 1)
        tellings.extend(github_bodies.tellings(run, whole=True))
        runs += 1
    return sorted(tellings, key=lambda telling: telling.at), runs


def _body(payload: Any) -> bytes:
    """The body with the many addresses that GitHub repeats in it, grown to SIZE."""
    run = payload.get("workflow_run")
    repository = payload["repository"] | _addresses(payload["repository"]["url"])
    grown = payload | {"repository": repository, "sender": _person(payload["sender"])}
    if run is not None:
        people = {name: _person(run[name]) for name in ("actor", "triggering_actor")}
        grown["workflow_run"] = run | people | {"repository": repository, "head_repository": repository}
    missing = SIZE - len(json.dumps(grown, separators=(",", ":")))
    properties = {f"property-{number}": "x" * 80 for number in range(max(0, missing) // 99)}
    return json.dumps(grown | {"custom_properties": properties}, separators=(",", ":")).encode()


def _addresses(url: str) -> dict[str, str]:
    return {f"{path}_url": f"{url}/{path.replace('_', '/')}{{/id}}" for path in PATHS}


def _person(user: dict[str, Any]) -> dict[str, Any]:
    return user | {f"{path}_url": f"{user['html_url']}/{path}" for path in PATHS[-7:]}


def _request(headers: dict[str, str], body: bytes) -> bytes:
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    lines = {
        "host": "127.0.0.1",
        "user-agent": "GitHub-Hookshot/bench",
        "content-length": str(len(body)),
        "x-hub-signature-256": f"sha256={signature}",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST /webhooks/github HTTP/1.1\r\n{head}\r\n".encode() + body
