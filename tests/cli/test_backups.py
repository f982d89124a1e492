"""The commands backup, restore and import."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from cicd_health import cli, flow, secret_file, settings, vault
from cicd_health.store import engine, lists
from tests import delivering
from tests.bodies import delivery, github_run
from tests.cli.calling import call, facts
from tests.conftest import use
from tests.factories import NOW

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _one_run(database: sa.Engine) -> Iterator[None]:
    flow.receive([delivery(github_run(1), at=NOW)], NOW)
    yield
    settings._generated.cache_clear()


def move_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine: no database, no secrets."""
    monkeypatch.setenv("DATA_DIR", str(folder))
    settings._generated.cache_clear()
    use(f"sqlite:///{folder}/cicd_health.db", monkeypatch)


def runs() -> int:
    with engine.reading() as session:
        return len(lists.runs(session, lists.RunFilter(), 10))


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_one_command_saves_and_one_restores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "backup.tar"
    said = facts("backup", str(file))
    assert (said["tables"]["runs"], said["database"], said["size"]) == (1, "sqlite", file.stat().st_size)
    assert (mode(file), [part.name for part in tmp_path.glob("*backup*")]) == (0o600, ["backup.tar"])
    move_to(tmp_path / "new", monkeypatch)
    ended = call("restore", str(file))
    assert (ended.exit_code, runs()) == (0, 1)
    assert ended.stdout.startswith(f"{said['rows']:,} rows of {len(said['tables'])} tables, as of ")


def test_a_backup_goes_through_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    saved = CliRunner().invoke(cli.app, ["backup", "-"])
    assert (saved.exit_code, "rows of" in saved.stderr) == (0, True)
    move_to(tmp_path / "new", monkeypatch)
    assert CliRunner().invoke(cli.app, ["restore", "-"], input=saved.stdout_bytes).exit_code == 0
    assert runs() == 1
    ended = CliRunner().invoke(cli.app, ["restore", "-", "--replace"], input=saved.stdout_bytes)
    assert (ended.exit_code, ended.stderr) == (2, "To lose what the database holds, say --yes too.\n")


def test_a_backup_that_fails_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "backup.tar"
    file.write_text("the one before")
    use(f"sqlite:///{tmp_path}/nothing.db", monkeypatch)
    ended = call("backup", str(file))
    assert (ended.exit_code, ended.stderr) == (2, f"There is no file {tmp_path}/nothing.db.\n")
    assert [part.read_text() for part in tmp_path.glob("*backup*")] == ["the one before"]
    assert not (tmp_path / "nothing.db").exists()
    assert call("backup", str(tmp_path / "no" / "folder.tar")).exit_code == 2


def test_a_backup_takes_the_place_of_files_only_and_goes_where_a_link_leads(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    for no_file in (tmp_path / "pipe", tmp_path):
        refused = call("backup", str(no_file))
        assert (refused.exit_code, "is no file" in refused.stderr) == (2, True)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    link, file = tmp_path / "latest.tar", tmp_path / "monday.tar"
    link.symlink_to(file)
    assert call("backup", str(link)).exit_code == 0
    assert (link.is_symlink(), file.stat().st_size > 0) == (True, True)


def test_what_is_lost_is_lost_on_purpose(tmp_path: Path):
    file = tmp_path / "backup.tar"
    call("backup", str(file))
    flow.receive([delivery(github_run(2), at=NOW)], NOW)
    refused = call("restore", str(file))
    assert (refused.exit_code, "--replace" in refused.stderr, runs()) == (2, True, 2)
    assert (call("restore", str(file), "--replace").exit_code, runs()) == (2, 2)
    assert (call("restore", str(file), "--replace", "--yes").exit_code, runs()) == (0, 1)
    file.write_bytes(file.read_bytes()[:-3000])
    damaged = call("restore", str(file), "--replace", "--yes")
    assert (damaged.exit_code, damaged.stderr.startswith("The backup is"), runs()) == (2, True, 1)


def test_secrets_come_along_when_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    channel = delivering.channel("json://user:secret@127.0.0.1:9/")
    with_secrets, without = tmp_path / "with.tar", tmp_path / "without.tar"
    assert facts("backup", str(with_secrets), "--with-secrets")["secrets"] is True
    assert "Keep SECRET_KEY" in call("backup", str(without)).stderr
    sealed_with = vault.fingerprints()

    move_to(tmp_path / "new", monkeypatch)
    unreadable = facts("restore", str(without))["unreadable_secrets"]
    assert unreadable == ["the url of channel 1 (Slack)"]
    said = call("restore", str(without), "--replace", "--yes").stderr
    assert "Stored secrets were sealed with another SECRET_KEY: the url of channel 1 (Slack)." in said

    settings._generated.cache_clear()
    restored = call("restore", str(with_secrets), "--replace", "--yes")
    assert "SECRET_KEY" not in restored.stderr
    assert "The secrets that were in" in restored.stderr
    assert vault.fingerprints() == sealed_with
    assert vault.unseal(delivering.channel_row(channel).url or "") == "json://user:secret@127.0.0.1:9/"
    secrets = secret_file.path(tmp_path / "new")
    assert (mode(secrets), mode(secrets.with_suffix(".before.json"))) == (0o600, 0o600)


def test_another_database_is_brought_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = settings.get().database_url
    move_to(tmp_path / "new", monkeypatch)
    missing = call("import", f"sqlite:///{tmp_path}/mistyped.db")
    assert (missing.exit_code, missing.stderr) == (2, f"There is no file {tmp_path}/mistyped.db.\n")
    assert not os.path.exists(tmp_path / "mistyped.db")
    said = facts("import", source)
    assert (said["source"], said["tables"]["runs"], runs()) == (source, 1, 1)
    assert json.dumps(said["going_on"]) == '{"messages": 0, "logs": 0, "backfills": 0}'
