"""Listeners hear of what was committed; what they do with it is theirs."""

from __future__ import annotations

import sqlalchemy as sa

from cicd_health.store import engine


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
