"""Listeners hear of what was committed; what they do with it is theirs."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from cicd_health import access
from cicd_health.store import engine

NOW = datetime(2026, 11, 20, 9, 42, tzinfo=UTC)


def fail(topics: frozenset[str]) -> None:
    raise RuntimeError("the event loop is closed")


def test_a_listener_that_fails_takes_nothing_from_the_commit_or_from_the_others(database: sa.Engine):
    heard: list[frozenset[str]] = []
    stops = [engine.subscribe(fail), engine.subscribe(heard.append)]
    try:
        with engine.writing() as session:
            engine.announce(session, "runs")
    finally:
        for stop in stops:
            stop()
    assert heard == [frozenset({"runs"})]


def test_what_somebody_changed_is_told_with_the_commit(database: sa.Engine):
    heard: list[frozenset[str]] = []
    stop = engine.subscribe(heard.append)
    try:
        key = access.create_key("nightly report", ["read"], NOW)
        access.revoke_key(key.id, NOW)
    finally:
        stop()
    assert heard == [frozenset({"audit"}), frozenset({"audit", access.TOPIC})]
