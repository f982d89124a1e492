"""Users and keys by commands: what they print, and who is written down as having done it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from cicd_health import access, settings
from cicd_health.store import audit, engine
from cicd_health.store.audit import AuditFilter
from tests.cli.calling import call, facts

WREN = "wren@kestrel.example"
PASSWORD = "a long and dull password"


@pytest.fixture(autouse=True)
def _fresh_settings(database: sa.Engine) -> Iterator[None]:
    settings.get.cache_clear()
    yield
    settings.get.cache_clear()


def token_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


def state_of(email: str) -> tuple[str, str]:
    return next((user["role"], user["state"]) for user in facts("users", "list")["users"] if user["email"] == email)


def test_a_key_is_listed_without_its_secret_and_revoked_at_once():
    made = facts("keys", "add", "wall", "--scope", "read", "--days", "7")
    assert access.key_caller(made["key"], "127.0.0.1", datetime.now(UTC)) is not None
    [listed] = facts("keys", "list")["keys"]
    assert made["key"] not in str(listed)
    assert (listed["name"], listed["scopes"], listed["state"]) == ("wall", ["read"], "valid")
    assert "on the command line" in listed["made_by"]
    assert "wall" in call("keys", "list").stdout
    assert facts("keys", "revoke", str(made["id"])) == {"revoked": made["id"]}
    assert access.key_caller(made["key"], "127.0.0.1", datetime.now(UTC)) is None
    assert call("keys", "revoke", "99").exit_code == 2


def test_a_person_is_invited_made_an_operator_kept_out_and_let_in_again():
    call("link")  # makes the administrator
    link = facts("users", "invite", WREN, "--role", "viewer")["link"]
    assert state_of(WREN) == ("viewer", "invited")
    access.set_first_password(token_of(link), PASSWORD, "127.0.0.1", "test", datetime.now(UTC))
    assert call("users", "role", WREN, "operator").exit_code == 0
    assert state_of(WREN) == ("operator", "active")
    assert facts("users", "disable", WREN)["state"] == "disabled"
    assert call("users", "enable", WREN).exit_code == 0
    assert call("users", "link", WREN).stdout.startswith("http://localhost:")
    assert WREN in call("users", "list").stdout


def test_a_password_is_asked_for_twice_and_ends_the_sessions():
    call("link")
    email = settings.get().admin_email
    assert call("users", "password", email, typed=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
    assert access.sign_in(email, PASSWORD, "127.0.0.1", "test", datetime.now(UTC)) is not None
    assert call("users", "password", email, typed="short\nshort\n").exit_code == 2


def test_what_cannot_be_is_refused_in_a_sentence():
    call("link")
    admin = settings.get().admin_email
    for arguments in (
        ("users", "disable", admin),
        ("users", "role", admin, "viewer"),
        ("users", "role", "nobody@example.com", "viewer"),
        ("users", "invite", "no address"),
    ):
        ended = call(*arguments)
        assert (ended.exit_code, ended.stdout) == (2, ""), arguments
        assert ended.stderr.strip().endswith(".")


def test_what_a_command_changes_is_written_down_as_done_on_the_command_line():
    call("keys", "add", "wall", "--scope", "read")
    with engine.reading() as session:
        [entry] = audit.entries(session, AuditFilter(action="key"), 10)
    assert (entry["action"], entry["via"]) == ("key.created", "command")
    assert entry["who"].endswith(" on the command line")
