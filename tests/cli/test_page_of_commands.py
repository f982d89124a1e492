"""docs/commands.md says what the commands are."""

from __future__ import annotations

import re
import subprocess

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from cicd_health import cli
from cicd_health.cli.ending import Code
from tests.cli.calling import call
from tools import commands_page, environment

PRINTS_FACTS = {
    "settings",
    "doctor",
    "backfill",
    "replay",
    "prune",
    "rebuild-tallies",
    "check-tallies",
    "reseal",
    "partition",
    "link",
}


def commands() -> dict[str, TyperCommand]:
    group = typer.main.get_command(cli.app)
    assert isinstance(group, TyperGroup)
    found = dict(group.commands)
    for name in ("keys", "users"):
        inner = found.pop(name)
        assert isinstance(inner, TyperGroup)
        found |= {f"{name} {word}": command for word, command in inner.commands.items()}
    return found


def test_the_page_is_written_from_the_commands():
    assert commands_page.PAGE.read_text(encoding="utf-8") == commands_page.markdown(), "make commands-docs"


def test_every_command_says_what_it_does():
    assert [name for name, command in commands().items() if not (command.help or "").strip().endswith(".")] == []


def test_every_command_that_prints_facts_prints_them_as_json_too():
    wanted = PRINTS_FACTS | {name for name in commands() if " " in name}
    without = [name for name in wanted if "--json" not in {opt for one in commands()[name].params for opt in one.opts}]
    assert without == []


def test_the_page_names_every_exit_code():
    assert {int(code) for code in re.findall(r"\*\*(\d)\*\*", commands_page.HEAD)} == set(Code)


def test_a_command_that_is_called_wrongly_is_exit_code_2():
    for arguments in (["replay"], ["replay", "1", "--failed"], ["replay", "x"], ["vibes"], ["keys", "add", "x"]):
        assert call(*arguments).exit_code == Code.USAGE


def test_the_command_is_put_into_the_environment(tmp_path, monkeypatch: pytest.MonkeyPatch):
    command = tmp_path / "cicd-health"
    monkeypatch.setattr(environment, "COMMAND", command)
    monkeypatch.setattr(environment, "PYTHON", "echo")
    environment.add_command()
    ended = subprocess.run(
        [command, "keys", "add", "the wall"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "-m cicd_health keys add the wall\n"
