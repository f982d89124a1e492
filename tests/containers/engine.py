"""A container engine, our image, and the services of docker-compose.yml in a folder of their own."""

from __future__ import annotations

import functools
import hashlib
import hmac
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tests import bodies

ROOT = Path(__file__).parents[2]
IMAGE = "cicd-health"
BASE = "python:3.13-slim-trixie"
SECRET = "a-secret-of-the-test"
KEY = "a-key-of-the-test"
SITE = "ci.localhost"  # browsers find it here; under the name "localhost" Reflex knows TLS on port 443 only
PATIENCE_S = 120
NEEDED = ("docker-compose.yml", ".env.example", "deploy", "docs/prometheus", "docs/grafana")
_numbers = itertools.count(5_000)


def run(*command: str, **options: object) -> str:
    """What a command prints; a failure has all of it in its message."""
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert result.returncode == 0, f"{shlex.join(command)} said:\n{result.stdout}\n{result.stderr}"
    return result.stdout.strip()


def works(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@functools.cache
def at_hand(image: str) -> bool:
    """Whether an image is on this machine, or can be fetched."""
    return works("docker", "image", "inspect", image) or works("docker", "pull", "-q", image)


@functools.cache
def composer() -> tuple[str, ...]:
    """The command of compose: of the engine, or beside it; empty where there is none."""
    return next((one for one in (("docker", "compose"), ("docker-compose",)) if works(*one, "version")), ())


def need() -> None:
    """Leave the test out, with the reason, where there is no engine, no compose or no image to begin with."""
    if not works("docker", "info"):
        pytest.skip("NO CONTAINER WAS STARTED: there is no container engine here (`docker info` fails)")
    if not composer():
        pytest.skip("NO CONTAINER WAS STARTED: there is no compose here (`docker compose version` fails)")
    missing = [image for image in (BASE, "postgres:17") if not at_hand(image)]
    if missing:
        pytest.skip(f"NO CONTAINER WAS STARTED: neither here nor to be fetched: {', '.join(missing)}")


def build() -> None:
    options = shlex.split(os.environ.get("CONTAINER_BUILD", ""))
    run("docker", "build", *options, "-t", IMAGE, str(ROOT), env={**os.environ, "DOCKER_BUILDKIT": "1"})


@dataclass
class Stack:
    """The services, as `cp .env.example .env && docker compose up` starts them in `folder`."""

    folder: Path
    port: int
    tls_port: int
    http_port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"https://{SITE}:{self.tls_port}"

    @property
    def services(self) -> list[str]:
        """Those whose image is at hand; what the others are for is not tried."""
        every = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
        return [name for name, one in every.items() if one["image"] == IMAGE or at_hand(one["image"])]

    def need(self, service: str) -> None:
        if service not in self.services:
            pytest.skip(f"NOT TRIED: the image of {service} is neither here nor to be fetched")

    def compose(self, *words: str) -> str:
        return run(*composer(), "-p", self.folder.name, *words, cwd=self.folder, env=self.environment())

    def environment(self) -> dict[str, str]:
        chosen = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "PUBLIC_URL")}
        return {**chosen, "APP_PORT": str(self.port), "COMPOSE_PROFILES": "redis,tls,monitoring"} | {
            "SITE_ADDRESS": SITE,
            "HTTPS_PORT": str(self.tls_port),
            "HTTP_PORT": str(self.http_port),
        }

    def up(self) -> None:
        """Start them, from a copy of the files that compose reads, and wait for the server."""
        self._copy_files()
        self.compose("up", "-d", "--no-build", *self.services)
        self.wait_until(self.is_ready, "the server is ready")

    def _copy_files(self) -> None:
        for name in NEEDED:
            source, target = ROOT / name, self.folder / name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy(source, target)
        more = {"GITHUB_WEBHOOK_SECRET": SECRET, "API_KEY": KEY, "REDIS_URL": "redis://redis:6379/0"}
        if "redis" not in self.services:
            del more["REDIS_URL"]
        lines = "".join(f"{name}={value}\n" for name, value in more.items())
        (self.folder / ".env").write_text((self.folder / ".env.example").read_text(encoding="utf-8") + lines)

    def remove(self) -> None:
        self.compose("down", "-v")

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        give_up_at = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < give_up_at, (
                f"not within {PATIENCE_S} s: {what}\n{self.compose('logs', '--tail=40')}"
            )
            time.sleep(0.1)

    def ask(self, path: str) -> tuple[int, bytes]:
        """Status and body; 0 when nobody answers."""
        request = urllib.request.Request(f"{self.url}{path}", headers={"Authorization": f"Bearer {KEY}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def is_alive(self) -> bool:
        return self.ask("/health")[0] == 200

    def is_ready(self) -> bool:
        """Whether nothing is wrong, nor warned of: a worker works, too."""
        status, body = self.ask("/ready")
        return status == 200 and not json.loads(body).get("warnings")

    def link(self) -> str:
        """A new link that signs the administrator in."""
        said = self.compose("exec", "-T", "web", "cicd-health", "link")
        found = re.search(r"http\S+/login/link\?token=\S+", said)
        assert found, said
        return found[0]

    def deliver(self, title: str) -> int:
        """Post one run that has just succeeded, as GitHub does; the status of the answer."""
        number = next(_numbers)
        body = json.dumps(bodies.github_run(number, created=datetime.now(UTC), display_title=title)).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "workflow_run",
            "X-GitHub-Delivery": f"container-{number}",
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        request = urllib.request.Request(f"{self.url}/webhooks/github", data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status

    def runs(self) -> list[str]:
        """The provider's numbers of all runs."""
        return [one["external_id"] for one in json.loads(self.ask("/api/v1/runs?limit=500")[1])["items"]]

    def container(self, service: str) -> str:
        return self.compose("ps", "-q", service) or self.compose("ps", "-aq", service)

    def exit_code(self, service: str) -> int:
        filters = [f"label=com.docker.compose.{key}" for key in (f"project={self.folder.name}", f"service={service}")]
        name = run("docker", "ps", "-aq", *itertools.chain(*(("--filter", one) for one in filters)))
        return int(run("docker", "inspect", "-f", "{{.State.ExitCode}}", name))

    def scraped(self) -> list[str]:
        """How Prometheus finds each server: `up`, `down` or `unknown`."""
        addresses = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
        address = run("docker", "inspect", "-f", addresses, self.container("prometheus")).split()[0]
        try:
            with urllib.request.urlopen(f"http://{address}:9090/api/v1/targets", timeout=10) as answer:
                return [target["health"] for target in json.load(answer)["data"]["activeTargets"]]
        except OSError:
            return []
