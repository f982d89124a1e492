"""Changing SECRET_KEY: with the old key listed everything opens, and once sealed anew it opens without it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cicd_health import flow, settings, vault
from cicd_health.model.alert_drafts import ChannelDraft
from cicd_health.store import audit, engine, sealed
from cicd_health.store.audit import AuditFilter

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOOK = "https://hooks.slack.com/services/T0000000A/B0000000B/abcdefghijabcdefghijabcd"


@pytest.fixture
def key(database, monkeypatch):
    def use(value: str) -> None:
        monkeypatch.setenv("SECRET_KEY", value)
        settings.get.cache_clear()

    use("old")
    return use


@pytest.fixture
def stored(key) -> list[str]:
    source = flow.connect_jenkins(NOW, url="https://ci.example.com", username="ci", token="jenkins-secret")
    flow.set_webhook_secret(source, NOW, "first hook")
    flow.set_webhook_secret(source, NOW, "second hook")
    flow.watch_repository("kestrel/api", NOW, token="ghp_secret", secret="own hook", backfill=False)
    flow.save_channel(ChannelDraft(name="Team", url=HOOK), NOW)
    return sorted(["jenkins-secret", "first hook", "second hook", "ghp_secret", "own hook", HOOK])


def opened() -> list[str]:
    with engine.reading() as session:
        return sorted(vault.unseal(one.text) for table in sealed.PLACES for one in sealed.of_table(session, table))


def test_every_stored_secret_is_sealed_anew_and_opens_without_the_old_key(key, stored):
    assert opened() == stored
    key("new,old")
    assert flow.reseal(NOW) == len(stored)
    key("new")
    assert opened() == stored
    assert flow.unreadable_secrets() == []
    with engine.reading() as session:
        [entry] = audit.entries(session, AuditFilter(action="secrets.resealed"), 10)
    assert entry["subject"] == f"{len(stored)} secrets"


def test_what_cannot_be_opened_is_said_and_left_as_it_is(key, stored):
    key("another")
    assert flow.reseal(NOW) == 0
    said = flow.unreadable_secrets()
    assert len(said) == len(stored)
    assert "the token of source 1 (ci.example.com)" in said
    assert not any(secret in " ".join(said) for secret in stored)
    key("old")
    assert opened() == stored


def test_what_a_server_stores_meanwhile_is_not_overwritten(key, stored):
    with engine.writing() as session:
        [old] = [one for one in sealed.of_table(session, "channels")]
        assert sealed.put(session, old, vault.seal("entered meanwhile"))
        assert not sealed.put(session, old, vault.seal("the one before"))
    assert "entered meanwhile" in opened()


def test_every_column_that_is_said_to_be_encrypted_is_sealed_anew(database):
    """A new one would be forgotten."""
    from_names = {
        (name, column.name)
        for name, table in sealed.SQLModel.metadata.tables.items()
        for column in table.c
        if any(word in column.name for word in ("secret", "token", "private_key"))
        and not column.name.endswith(("_hash", "_until"))
    } | {("channels", "url")}
    assert from_names == {(table, column) for table, (_, columns) in sealed.PLACES.items() for column in columns}
