"""Several processes on one PostgreSQL. `make test-cluster` runs all of it, `make test` what takes no servers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from cicd_health.cli import page_build
from tests import loopback
from tests.browser.conftest import ARGUMENTS
from tests.cluster.installation import Installation
from tools import chromium

HERE = Path(__file__).parent
SHORT = {"test_pageless.py", "test_shared_limits.py"}
LONG = bool(os.environ.get("TEST_CLUSTER"))
collect_ignore = [] if LONG else [path.name for path in HERE.glob("test_*.py") if path.name not in SHORT]


@pytest.fixture
def installation(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """Of no process yet, with a channel that leads to a Slack of this test."""
    page_build.ensure()
    with loopback.slack() as slack:
        made = Installation(postgres_url, tmp_path / "data", slack, monkeypatch)
        yield made
        made.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    assert path, chromium.HELP
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()
