"""Keys for machines: what they may do, who made them, when they were used, and that a revoked one is over at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from cicd_health import access, settings
from cicd_health.model.acting import Actor, Via, acting
from cicd_health.store import audit, engine
from cicd_health.store.audit import AuditFilter

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADMIN = Actor("wren@kestrel.example", Via.PAGE, "192.0.2.7")


def scopes(key: str, now: datetime = NOW, address: str = "192.0.2.9") -> set[str]:
    caller = access.key_caller(key, address, now)
    return set() if caller is None else set(caller.scopes)


def test_a_key_may_do_what_its_scopes_say_and_is_known_by_its_name(database):
    made = access.create_key(" a   script ", ["read", "ingest"], NOW)
    assert scopes(made.key) == {"read", "ingest"}
    assert access.key_caller(made.key, "", NOW) == access.KeyCaller(
        "key a script", frozenset({"read", "ingest"}), made.id
    )


def test_an_admin_key_may_do_everything(database):
    assert scopes(access.create_key("root", ["admin"], NOW).key) == access.EVERYTHING


@pytest.mark.parametrize("wanted", [[], ["write"], ["read", "write"], ["operate"]])
def test_an_unknown_scope_is_refused(database, wanted):
    with pytest.raises(ValueError, match="scopes are some of"):
        access.create_key("a script", wanted, NOW)


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "a" * 81, "\u202etxt"])
def test_a_name_is_some_printable_words(database, name):
    with pytest.raises(ValueError, match="name has 1 to 80"):
        access.create_key(name, ["read"], NOW)


def test_a_revoked_key_is_over_at_once_and_stays_listed(database):
    made = access.create_key("a script", ["read"], NOW)
    assert scopes(made.key) == {"read"}
    access.revoke_key(made.id, NOW)
    assert scopes(made.key) == set()
    [line] = access.keys(NOW)
    assert (line.revoked_at, line.holds(NOW)) == (NOW, False)
    access.revoke_key(made.id, NOW + timedelta(hours=1))
    assert access.key_line(made.id).revoked_at == NOW
    with pytest.raises(LookupError):
        access.revoke_key(made.id + 1, NOW)


def test_other_processes_hear_that_a_key_was_revoked(database):
    heard: list[frozenset[str]] = []
    made = access.create_key("a script", ["read"], NOW)
    stop = engine.subscribe(heard.append)
    access.revoke_key(made.id, NOW)
    stop()
    assert heard == [frozenset({"access", "audit"})]


def test_a_key_expires_to_the_second_though_it_was_just_looked_up(database):
    ends = NOW + timedelta(seconds=3)
    made = access.create_key("for today", ["read"], NOW, ends)
    assert scopes(made.key, ends - timedelta(seconds=1)) == {"read"}
    assert scopes(made.key, ends) == set()
    with pytest.raises(ValueError, match="expire in the future"):
        access.create_key("yesterday's", ["read"], NOW, NOW)


def test_a_key_of_somebody_who_was_disabled_works_on_and_is_marked(database):
    access.ensure_admin("wren@kestrel.example", "correct horse", NOW)
    with engine.reading() as session:
        user_id = session.execute(sa.text("SELECT id FROM users")).scalar_one()
    with acting(Actor("wren@kestrel.example", Via.PAGE, "192.0.2.7", user_id)):
        made = access.create_key("a script", ["read"], NOW)
    access.create_key("another", ["read"], NOW)
    assert {line.name: line.maker_disabled for line in access.keys(NOW)} == {"a script": False, "another": False}
    with engine.writing() as session:
        session.execute(sa.text("UPDATE users SET disabled_at = :now"), {"now": NOW})
    assert {line.name: line.maker_disabled for line in access.keys(NOW)} == {"a script": True, "another": False}
    assert scopes(made.key) == {"read"}


def test_when_and_from_where_it_was_last_used_is_known_to_a_minute(database):
    made = access.create_key("a script", ["read"], NOW)
    scopes(made.key, NOW)
    access.forget_keys()
    scopes(made.key, NOW + timedelta(seconds=30))
    assert access.key_line(made.id).last_used_at == NOW
    access.forget_keys()
    scopes(made.key, NOW + timedelta(seconds=40), "192.0.2.10")
    line = access.key_line(made.id)
    assert (line.last_used_at, line.last_used_from) == (NOW + timedelta(seconds=40), "192.0.2.10")


def test_who_made_and_revoked_it_is_written_down_and_nothing_of_the_key(database):
    with acting(ADMIN):
        made = access.create_key("a script", ["read"], NOW)
        access.revoke_key(made.id, NOW)
    assert access.key_line(made.id).made_by == "wren@kestrel.example"
    with engine.reading() as session:
        entries = audit.entries(session, AuditFilter(action="key"), 10)
        rows = session.connection().execute(sa.text("SELECT * FROM api_keys")).all()
    assert [(entry["action"], entry["who"], entry["address"]) for entry in entries] == [
        ("key.revoked", ADMIN.who, ADMIN.address),
        ("key.created", ADMIN.who, ADMIN.address),
    ]
    assert made.key not in repr(entries) + repr(rows)


def test_one_request_asks_the_database_once_and_the_next_ones_not_at_all(database):
    made = access.create_key("a script", ["read"], NOW)
    scopes(made.key)
    access.forget_keys()
    asked: list[str] = []
    sa.event.listen(database, "before_cursor_execute", lambda *seen: asked.append(seen[2]))
    for _ in range(20):
        assert asyncio.run(access.admit_key(made.key, "192.0.2.9", NOW)) is not None
    assert len([text for text in asked if "api_keys" in text]) == 1


def test_keys_of_the_settings(database, monkeypatch):
    monkeypatch.setenv("API_KEY", "automation")
    monkeypatch.setenv("INGEST_TOKEN", "old token, new token")
    settings.get.cache_clear()
    assert scopes("automation") == access.EVERYTHING
    assert scopes("new token") == scopes("old token") == {"ingest"}
    assert scopes("old token, new token") == set()
    assert access.keys(NOW) == []


def test_without_api_key_an_empty_key_is_nobody(database):
    assert scopes("") == set()


def test_a_key_that_is_revoked_while_it_is_looked_up_is_not_remembered(database):
    made = access.create_key("a script", ["read"], NOW)
    scopes(made.key)
    access.forget_keys()

    revoking = [made.id]

    def revoke(*seen):  # after the answer was given, before it is put down
        if revoking and "key_hash" in seen[2]:
            access.revoke_key(revoking.pop(), NOW)

    sa.event.listen(database, "after_cursor_execute", revoke)
    scopes(made.key)
    assert not revoking
    assert scopes(made.key) == set()
