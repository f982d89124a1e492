"""docs/api.md: every command on it works, every route is on it, and the client in Python runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from cicd_health import access, flow, settings
from cicd_health.api import stream
from cicd_health.api.openapi import operations
from tests import loopback
from tests.api.conftest import NOW, RECENTLY, receive
from tests.bodies import github_job, github_run, jenkins_build
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = [(kind, text) for kind, text in BLOCK.findall(PAGE)]
COMMANDS = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines() if line.startswith("curl ")]
HOP_BY_HOP = {"content-length", "transfer-encoding", "connection"}


def asked(command: str) -> tuple[str, str]:
    """Method and path of a curl command."""
    method = re.search(r"-X (\w+)", command)
    path = re.search(r'\$CICD_HEALTH(/[^"? ]*)', command)
    assert path, command
    return (method[1] if method else "POST" if "--json" in command else "GET").lower(), path[1]


def is_at(path: str, template: str) -> bool:
    parts = re.split(r"\{\w+\}", template)
    any_part = ".+" if "{place}" in template else "[^/]+"  # a place is a path of its own
    return re.fullmatch(any_part.join(re.escape(part) for part in parts), path) is not None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_route_has_a_command(client: TestClient) -> None:
    shown = [asked(command) for command in COMMANDS]
    document = client.get("/openapi.json").json()
    missing = [
        f"{method.upper()} {template}"
        for template, method, _ in operations(document)
        if not any(said == method and is_at(path, template) for said, path in shown)
    ]
    assert missing == []


@pytest.fixture
def served(client: TestClient, monkeypatch: pytest.MonkeyPatch, slack: loopback.Slack) -> Iterator[dict[str, str]]:
    """The application behind a real server on this machine, with one of each thing in it; what its users set."""
    monkeypatch.setattr(stream, "LASTS_S", 0.05)
    monkeypatch.delenv("ADMIN_PASSWORD")  # a password that is a setting is changed there
    settings.get.cache_clear()
    receive(
        github_run(900, conclusion="failure", created=RECENTLY),
        github_job(1, conclusion="failure", created=RECENTLY, completed=NOW),
    )
    receive(jenkins_build(), provider="jenkins")
    flow.keep_log(1, 1, 1, [b"one\nE   an error\n"], NOW)
    sessions = [access.use_link(access.new_link(NOW), "127.0.0.1", "a browser", NOW) for _ in range(2)]
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(client))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {
        **os.environ,
        "CICD_HEALTH": f"http://127.0.0.1:{server.server_address[1]}",
        "KEY": "admin-key",
        "AUTH": "Authorization: Bearer admin-key",
        "GITHUB_WEBHOOK_SECRET": "hook secret",
        "JENKINS_WEBHOOK_TOKEN": "jenkins-token",
        "SESSION": str(sessions[0]),
        "PASSWORD": "correct horse",
        "SLACK_WEBHOOK_URL": slack.url,
        "JENKINS_URL": "http://127.0.0.1:9",
    }
    server.shutdown()


def _handler(client: TestClient) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            said = client.request(self.command, self.path, headers=dict(self.headers), content=body)
            self.send_response(said.status_code)
            for name, value in said.headers.items():
                if name not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.content)))
            self.end_headers()
            self.wfile.write(said.content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_command_works(served: dict[str, str], tmp_path: Path) -> None:
    assert shutil.which("curl"), "curl is needed to try the commands of docs/api.md"
    for kind, text in BLOCKS:
        program = ["bash", "-euc", text] if kind == "sh" else [sys.executable, "-c", text]
        done = subprocess.run(
            program, env=served, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        if kind == "python":
            assert "kestrel/checkout-api » ci #900 on main" in done.stdout
            assert "critical: " in done.stdout
    assert (tmp_path / "runs.csv").read_text(encoding="utf-8").startswith("id,provider,")
