"""Who loses a right is asked again at once, in every process."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from cicd_health import access, live
from cicd_health.store import engine
from cicd_health.store.rights import last_withdrawn

NOW = datetime.now(UTC)


def signed_in() -> str:
    access.ensure_admin("admin@localhost", "a long password", NOW)
    return access.use_link(access.new_link(NOW), "127.0.0.1", "", NOW) or ""


def elsewhere(url: str, token: str) -> None:
    """Another process ends the session; it has an engine of its own, and nothing here hears of its commit."""
    other = engine.create_engine(url)
    with other.begin() as connection:
        hashed = access.fingerprint(token)
        connection.exec_driver_sql(f"UPDATE sessions SET revoked_at = expires_at WHERE token_hash = '{hashed}'")
        connection.exec_driver_sql(
            "INSERT INTO audit_log (at, who, via, action, subject, detail) "
            "VALUES ('2026-03-02 12:00:00+00:00', 'x', 'command', 'session.revoked', 'x', '{}')"
        )
        if other.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_notify('{engine.CHANNEL}', '[\"access\"]')")
    other.dispose()


@pytest.mark.parametrize("where", ["here", "elsewhere"])
async def test_a_session_that_ends_is_noticed_within_a_moment(database, where: str):
    token = await asyncio.to_thread(signed_in)
    async with live.listening():
        await live.rights.wait(live.rights.version, timeout=5)  # the first look counts as a change
        seen = live.rights.version
        assert await access.admit(f"{access.COOKIE}={token}", datetime.now(UTC)) is not None
        if where == "here":
            await asyncio.to_thread(access.sign_out, token, datetime.now(UTC))
        else:
            await asyncio.to_thread(elsewhere, database.url.render_as_string(hide_password=False), token)
        await live.rights.wait(seen, timeout=5)
        assert live.rights.version > seen
        assert await access.admit(f"{access.COOKIE}={token}", datetime.now(UTC)) is None


def test_the_audit_log_says_when_a_right_was_last_withdrawn(database):
    with engine.reading() as session:
        assert last_withdrawn(session.connection()) == 0
    token = signed_in()
    with engine.reading() as session:
        before = last_withdrawn(session.connection())
    access.sign_out(token, datetime.now(UTC))
    with engine.reading() as session:
        assert last_withdrawn(session.connection()) > before
