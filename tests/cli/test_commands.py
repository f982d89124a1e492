"""The commands that end by themselves."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from cicd_health import access, cli, settings
from cicd_health.alerts import send
from cicd_health.cli import banner, demo_file
from cicd_health.model.first_event import first_event
from cicd_health.model.runs import Outcome
from cicd_health.providers import PROVIDERS
from tests.cli.calling import call

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_a_wrong_setting_stops_every_command_with_one_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ALERT_THRESHOLD", "many")
    settings.get.cache_clear()
    for command in (["serve"], ["demo"], ["migrate"], ["settings"], ["link"], ["replay", "1"]):
        ended = call(*command)
        assert ended.exit_code == 2
        assert ended.stderr == "ALERT_THRESHOLD is 'many', but it must be a whole number from 1 to 50.\n"


def test_a_new_key_is_printed_and_may_do_what_it_was_made_for(database: sa.Engine):
    ended = call("keys", "add", "wall", "--scope", "read", "--scope", "ingest")
    assert ended.exit_code == 0
    caller = access.key_caller(ended.stdout.strip(), "", datetime.now(UTC))
    assert caller is not None
    assert caller.scopes == {"read", "ingest"}


def test_an_unknown_scope_is_refused(database: sa.Engine):
    ended = call("keys", "add", "wall", "--scope", "everything")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "everything" in ended.stderr


def test_a_link_is_printed_for_the_public_address(database: sa.Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PUBLIC_URL", "https://ci.example.com")
    settings.get.cache_clear()
    ended = call("link")
    address, _, token = ended.stdout.strip().partition("?token=")
    assert address == "https://ci.example.com/login/link"
    assert access.use_link(token, "127.0.0.1", "test", datetime.now(UTC)) is not None


def test_to_replay_a_delivery_that_is_not_there_is_refused(database: sa.Engine):
    ended = call("replay", "12345")
    assert (ended.exit_code, ended.stderr) == (2, "There is no delivery 12345.\n")


def test_migrating_again_changes_nothing(database: sa.Engine):
    assert call("migrate").exit_code == 0
    before = sa.inspect(database).get_table_names()
    assert call("migrate").exit_code == 0
    assert sa.inspect(database).get_table_names() == before


def test_a_database_newer_than_the_program_is_left_alone(database: sa.Engine):
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'of_tomorrow'"))
    ended = call("migrate")
    assert ended.exit_code == 2
    assert "newer than this program" in ended.stderr


def test_the_settings_are_shown_without_the_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GITHUB_TOKEN", "hunter2")
    settings.get.cache_clear()
    lines = call("settings").stdout.splitlines()
    assert "GITHUB_TOKEN=****" in lines
    assert f"DATA_DIR={tmp_path}" in lines


def test_the_first_run_of_the_banner_is_a_success_that_github_could_have_sent():
    [event] = PROVIDERS["github"].parse({"x-github-event": "workflow_run"}, first_event(NOW))
    assert event.outcome is Outcome.SUCCESS
    assert event.completed_at == NOW


def test_the_banner_shows_the_secrets_that_are_new(tmp_path: Path):
    chosen = settings.read({"DATA_DIR": str(tmp_path), "INGEST_TOKEN": "given"})
    text = banner.text(chosen, "token", NOW, known={"ADMIN_PASSWORD"})
    assert chosen.github_webhook_secret in text
    assert chosen.jenkins_webhook_token in text
    assert chosen.admin_password not in text
    assert "given" not in text


def test_an_old_demo_is_made_anew_and_one_in_use_is_not(tmp_path: Path):
    database, log = tmp_path / "demo.db", tmp_path / "demo.db-wal"
    for file in (database, log):
        file.write_text("", encoding="utf-8")
    os.utime(database, (0, 0))
    demo_file.remove_stale(database)
    assert database.exists()
    os.utime(log, (0, 0))
    demo_file.remove_stale(database)
    assert not database.exists()


def test_half_a_demo_is_made_anew_and_one_that_is_being_made_is_left_alone(tmp_path: Path):
    database = tmp_path / "demo.db"
    with contextlib.suppress(KeyboardInterrupt), demo_file.being_made(database):
        database.write_text("half", encoding="utf-8")
        with pytest.raises(demo_file.BeingMadeError):
            demo_file.remove_stale(database)
        raise KeyboardInterrupt
    demo_file.remove_stale(database)
    assert list(tmp_path.iterdir()) == []
    with demo_file.being_made(database):
        database.write_text("whole", encoding="utf-8")
    demo_file.remove_stale(database)
    assert [file.name for file in tmp_path.iterdir()] == ["demo.db"]


def test_the_demo_sends_to_no_channel_of_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "apprise").write_text("json://secret.example/x", encoding="utf-8")
    given = {
        "ALERT_SLACK_WEBHOOK": "https://hooks.slack.example/x",
        "SLACK_WEBHOOK_URL": "https://hooks.slack.example/y",
        "SMTP_HOST": "mail.example",
        "ALERT_EMAIL_TO": "a@example.com",
        "APPRISE_URLS_FILE": str(tmp_path / "apprise"),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    for name in set(cli.OUTSIDE) - given.keys():
        monkeypatch.setenv(name, "")  # `blank` sets it: undone with the test
    settings.get.cache_clear()
    assert set(send.targets(settings.get())) == {"env-apprise-1", "env-slack", "env-email"}
    settings.blank(*cli.OUTSIDE)
    assert send.targets(settings.get()) == {}


@pytest.fixture(autouse=True)
def _fresh_settings():
    settings.get.cache_clear()
    yield
    settings.get.cache_clear()
