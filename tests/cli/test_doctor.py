"""The doctor finds what is wrong, says what to do, changes nothing, and ends whatever hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from cicd_health import flow, settings, vault
from cicd_health.cli.doctor import dangers, machine
from cicd_health.cli.doctor import database as stands
from cicd_health.cli.doctor.finding import Check, Finding, Health, examine, ok
from cicd_health.model.alert_drafts import ChannelDraft
from cicd_health.store import migrations
from cicd_health.store.standing import Standing
from tests import loopback, watching
from tests.cli.calling import call, facts
from tests.factories import NOW
from tests.github_stub import GitHubStub

SQLITE = Standing("SQLite", "3.40.1", None, "wal", 1_000_000, "head")
POSTGRES = Standing("PostgreSQL", "16.4", NOW, None, 1_000_000, "head")
TOKEN = "ghp_hunter2hunter2"


def said(findings: list[Finding]) -> dict[str, tuple[Health, str]]:
    return {one.subject: (one.health, one.text + " " + one.advice) for one in findings}


@pytest.mark.parametrize(
    ("given", "health", "words"),
    [
        ({}, Health.OK, "none is dangerous"),
        ({"HOST": "0.0.0.0", "PUBLIC_URL": "https://ci.example"}, Health.WARNING, "ADMIN_EMAIL"),
        ({"PUBLIC_URL": "http://ci.example"}, Health.WARNING, "TLS"),
        ({"PUBLIC_URL": "http://127.0.0.1:3000"}, Health.OK, "none is dangerous"),
        ({"HOST": "0.0.0.0", "ADMIN_EMAIL": "a@example.com"}, Health.WARNING, "Set PUBLIC_URL"),
        ({"PUBLIC_READ": "true"}, Health.WARNING, "PUBLIC_READ"),
        ({"API_KEY": "short"}, Health.WARNING, "API_KEY is short"),
        ({"GITHUB_WEBHOOK_SECRET": f"{'x' * 40},abc"}, Health.WARNING, "GITHUB_WEBHOOK_SECRET is short"),
        ({"SECRET_KEY": "x" * 40}, Health.OK, "none is dangerous"),
    ],
)
def test_a_setting_that_is_allowed_and_dangerous_is_found(given, health, words, tmp_path: Path):
    findings = list(dangers.look(settings.read({"DATA_DIR": str(tmp_path), **given})))
    assert {one.health for one in findings} == {health}
    assert any(words in one.text + one.advice for one in findings)
    assert "short" not in findings[0].text or "abc" not in findings[0].text
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_secrets_that_others_can_read_is_an_error(tmp_path: Path):
    file = tmp_path / "secrets.json"
    file.write_text("{}", encoding="utf-8")
    file.chmod(0o644)
    [found] = dangers.look(settings.read({"DATA_DIR": str(tmp_path)}))
    assert (found.health, found.advice) == (Health.ERROR, f"chmod 600 {file}")
    file.chmod(0o600)
    assert next(dangers.look(settings.read({"DATA_DIR": str(tmp_path)}))).health is Health.OK


@pytest.mark.parametrize(
    ("here", "subject", "health"),
    [
        (SQLITE, "database", Health.OK),
        (POSTGRES, "database", Health.OK),
        (Standing("SQLite", "3.40.1", None, "delete", 1, "head"), "database", Health.WARNING),
        (Standing("PostgreSQL", "11.2", NOW, None, 1, "head"), "database", Health.WARNING),
        (Standing("SQLite", "3.40.1", None, "wal", 1, None), "migrations", Health.ERROR),
        (Standing("PostgreSQL", "16.4", NOW - timedelta(minutes=2), None, 1, "head"), "clock", Health.ERROR),
    ],
)
def test_a_database_is_judged_by_its_version_schema_journal_and_clock(here, subject, health):
    assert said(list(stands.judge(here, NOW, "head")))[subject][0] is health


def test_the_standing_of_a_database_is_read(database: sa.Engine):
    found = stands.standing(database)
    assert found.kind == {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[database.dialect.name]
    assert (found.revision, found.size > 0) == (migrations.head(), True)


def test_a_check_that_hangs_or_fails_keeps_nobody_waiting():
    never = threading.Event()

    def hang() -> Iterator[Finding]:
        never.wait()
        yield ok("hung", "at last")

    def fail() -> Iterator[Finding]:
        raise RuntimeError("hunter2")

    fine = Check("fine", lambda: [ok("fine", "as it should be")])
    found = examine([Check("hung", hang), fine, Check("failing", fail), Check("silent", list)], within_s=0.3)
    never.set()
    assert [(one.subject, one.health) for one in found] == [
        ("hung", Health.ERROR),
        ("fine", Health.OK),
        ("failing", Health.ERROR),
        ("silent", Health.OK),
    ]
    assert "hunter2" not in str(found)


def test_a_port_where_another_program_listens_is_an_error_and_a_free_one_is_not(tmp_path: Path):
    free = settings.read({"DATA_DIR": str(tmp_path), "PORT": str(loopback.free_port())})
    assert [one.health for one in machine.port(free)] == [Health.WARNING]
    with loopback.slack() as other:
        taken = settings.read({"DATA_DIR": str(tmp_path), "PORT": other.url.split(":")[2].split("/")[0]})
        assert [one.health for one in machine.port(taken)] == [Health.ERROR]


def test_everything_is_looked_at_and_nothing_is_sent_or_shown(database: sa.Engine, monkeypatch: pytest.MonkeyPatch):
    with GitHubStub("kestrel/checkout-api") as github, loopback.slack() as slack:
        github.tokens = {TOKEN}
        monkeypatch.setenv("PORT", str(loopback.free_port()))
        monkeypatch.setenv("SECRET_KEY", "the key of yesterday which is long")
        settings.get.cache_clear()
        sealed = flow.save_channel(ChannelDraft("Elsewhere", f"json://{TOKEN}@127.0.0.1:9"), NOW)
        monkeypatch.setenv("SECRET_KEY", "the key of today which is long too")
        settings.get.cache_clear()
        flow.start(NOW)
        flow.save_channel(ChannelDraft("Team", slack.url), NOW)
        flow.connect_github(watching.now(), api_url=github.url, token=TOKEN)
        report = facts("doctor", code=1)
        assert slack.bodies == []
    found = {one["subject"]: one for one in report["checks"]}
    host = github.url.removeprefix("http://")
    assert {name: one["state"] for name, one in found.items()} == {
        **{"database": "ok", "migrations": "ok", "settings": "ok", "data folder": "ok", "page": found["page"]["state"]},
        **{"port": "warning", "jobs": "ok", "deliveries": "ok", "secrets": "error", f"source {host}": "ok"},
        **{"processes": "warning", "lag": "ok", "clearing": "ok"} | ({"disk": "ok"} if "disk" in found else {}),
        **{"channel Elsewhere": "error", "channel Team": "ok", "log store": "ok"},
    }
    assert f"channel {sealed} (Elsewhere)" in found["secrets"]["text"]
    assert "requests are left" in found[f"source {host}"]["text"]
    assert TOKEN not in str(report)
    assert vault.WrongKey.__name__ not in str(report)
    assert (report["ok"], report["took_s"] < 20) == (False, True)


def test_a_database_that_does_not_answer_is_exit_code_3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", f"postgresql://wren:hunter2@127.0.0.1:{loopback.free_port()}/ci")
    monkeypatch.setenv("PORT", str(loopback.free_port()))
    settings.get.cache_clear()
    ended = call("doctor")
    settings.get.cache_clear()
    assert ended.exit_code == 3
    assert "does not answer" in ended.stdout
    assert "Start it, or correct DATABASE_URL." in ended.stdout
    assert "hunter2" not in ended.output


def test_a_wrong_setting_is_a_finding_and_exit_code_2(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ALERT_THRESHOLD", "many")
    settings.get.cache_clear()
    report = facts("doctor", code=2)
    settings.get.cache_clear()
    assert [(one["subject"], one["state"]) for one in report["checks"]] == [("settings", "error")]
