"""Calling the commands in this process."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner, Result

from cicd_health import cli


def call(*arguments: str, typed: str | None = None) -> Result:
    """Run a command to its end; `typed` is what somebody answers to its questions."""
    return CliRunner().invoke(cli.app, arguments, input=typed)


def facts(*arguments: str, code: int = 0) -> Any:
    """The one JSON document that a command prints."""
    ended = call(*arguments, "--json")
    assert ended.exit_code == code, ended.output
    return json.loads(ended.stdout)
