"""What the Dockerfile promises, read from it: `make containers` builds the image and tries it."""

from __future__ import annotations

import ast
import re
import runpy
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cicd_health import settings
from cicd_health.cli import page_build

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
LAST_STAGE = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
PINNED = re.compile(r"[\w./-]+:[\w.-]*\d[\w.-]*")
SIGNING = {"AppAuthStrategy", "GitHub", "AppAuth", "MemCacheStrategy"}


def copied(stage: str) -> set[str]:
    """What is copied from the tree into a stage."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", stage, re.MULTILINE)
    return {source for line in lines for source in line.split()[:-1]}


def test_the_base_is_of_a_pinned_version():
    stages = set(re.findall(r"^FROM \S+ AS (\w+)", DOCKERFILE, re.MULTILINE))
    bases = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) - stages - {"scratch"}
    assert bases == {"python:3.13-slim-trixie"}


def test_the_server_is_a_plain_user_and_the_first_process():
    assert re.findall(r"^USER (\S+)", LAST_STAGE, re.MULTILINE) == ["app"]
    command = re.findall(r"^CMD (.+)$", LAST_STAGE, re.MULTILINE)
    assert ast.literal_eval(command[0]) == ["python", "-m", "cicd_health", "serve"]


def test_the_last_stage_begins_with_nothing_and_runs_nothing():
    assert LAST_STAGE.startswith("\nFROM scratch\n")
    assert "\nRUN " not in LAST_STAGE


def test_the_javascript_runtime_stays_in_the_stage_that_builds_the_page():
    page = DOCKERFILE[DOCKERFILE.index(" AS page") : DOCKERFILE.index(" AS libraries")]
    assert "requirements-build.txt -c" in page
    assert DOCKERFILE.count("pip --python /opt/venv/bin/python install -r requirements-build.txt") == 1
    assert "COPY --from=page --chown=app:app /out/ ./" in LAST_STAGE


def test_everything_the_page_is_made_of_is_in_the_image_so_that_a_start_builds_nothing():
    made_of = {pattern.split("/")[0] for pattern in page_build.MADE_OF}
    assert made_of <= copied(LAST_STAGE)


def test_everything_that_is_copied_is_there_and_not_ignored():
    named = copied(DOCKERFILE)
    assert [name for name in named if not (ROOT / name).exists() or name.split("/")[0] in IGNORED] == []


def test_nothing_private_is_sent_to_the_builder():
    assert {".git", ".env", "data", "secrets", "*.db", ".venv", ".web"} <= set(IGNORED)


def test_no_build_step_fetches_from_an_address():
    assert re.findall(r"https?://(?!127\.0\.0\.1)\S+", DOCKERFILE) == []


def test_of_the_library_whose_models_are_left_out_nothing_is_used_but_signing():
    texts = [file.read_text(encoding="utf-8") for file in (ROOT / "cicd_health").rglob("*.py")]
    nodes = [node for text in texts if "githubkit" in text for node in ast.walk(ast.parse(text))]
    taken = [node for node in nodes if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("githubkit")]
    assert {alias.name for node in taken for alias in node.names} == SIGNING


def answering(answer: bytes) -> int:
    """The port of a server on this machine that gives this answer to one connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(1024)
            connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


@pytest.fixture
def answers() -> Callable[[int], bool]:
    return runpy.run_path(str(ROOT / "deploy" / "alive.py"))["answers"]


def test_a_server_that_answers_is_alive_and_others_are_not(answers: Callable[[int], bool]):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = unused.getsockname()[1]
    assert answers(answering(b"HTTP/1.1 200 OK\r\n\r\n{}"))
    assert not answers(answering(b"HTTP/1.1 503 Service Unavailable\r\n\r\n"))
    assert not answers(answering(b""))
    assert not answers(closed)


def test_the_port_that_is_asked_is_the_one_that_is_served():
    said = dict(re.findall(r"(\w+)=(\S+)", LAST_STAGE))
    names = re.findall(r'environ\.get\("(\w+)"\)', (ROOT / "deploy" / "alive.py").read_text(encoding="utf-8"))
    assert said["PORT"] == "3000"
    assert names == ["PORT", *settings.Settings.model_fields["port"].json_schema_extra["also"]]  # type: ignore[index]
