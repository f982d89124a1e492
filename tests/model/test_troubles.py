"""What is wrong is said in words that name nobody, and only what keeps a process from serving stops it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cicd_health.model.troubles import Answered, Failing, Look, Room, Trouble, troubles
from tests.factories import NOW

HEAD = "202611220600"
WELL = Answered(HEAD, took_s=0.004, ahead_s=0.1, workers=1, late_since=None)
AGO = NOW - timedelta(minutes=5)


def found(
    answered: Answered | None, works: str | None = None, *, should_work: bool = True, **more: Any
) -> list[Trouble]:
    return troubles(Look(NOW, answered, **more), HEAD, works, should_work=should_work)


def test_nothing_is_wrong_where_all_is_well():
    assert found(WELL, room=Room(10 << 30, 100 << 30)) == []


@pytest.mark.parametrize(
    ("answered", "more", "slug", "stops"),
    [
        (None, {"silent_since": AGO}, "database", True),
        (replace(WELL, revision=None), {}, "migrations", True),
        (replace(WELL, revision="202611220200"), {}, "migrations", True),
        (replace(WELL, revision="202701010000"), {}, "migrations-ahead", False),
        (WELL, {"works": "starting"}, "jobs-starting", True),
        (WELL, {"works": "RuntimeError: postgresql://wren:hunter2@db/ci"}, "jobs", True),
        (replace(WELL, workers=2), {"works": "RuntimeError"}, "jobs", False),
        (replace(WELL, workers=0), {"should_work": False}, "no-worker", False),
        (WELL, {"full_since": AGO}, "disk-full", False),
        (WELL, {"room": Room(100 << 20, 1 << 30)}, "disk", False),
        (WELL, {"room": Room(1 << 30, 100 << 30)}, "disk", False),
        (replace(WELL, took_s=1.4), {}, "database-slow", False),
        (replace(WELL, ahead_s=-90.0), {}, "clock", False),
        (replace(WELL, late_since=AGO), {}, "deliveries", False),
        (replace(WELL, failing=(Failing("Team Falcon", AGO),)), {}, "messages", False),
        (replace(WELL, log_store_since=AGO), {}, "log-store", False),
    ],
)
def test_each_trouble_is_told_for_itself(answered, more, slug, stops):
    [one] = found(answered, **more)
    assert (one.slug, one.stops) == (slug, stops)
    assert "hunter2" not in one.text + one.named


@pytest.mark.parametrize(
    ("answered", "more"),
    [
        (replace(WELL, late_since=NOW - timedelta(seconds=20)), {}),
        (replace(WELL, failing=(Failing("Team Falcon", NOW - timedelta(seconds=20)),)), {}),
        (replace(WELL, workers=1), {"should_work": False}),
        (WELL, {"room": Room(20 << 30, 1000 << 30)}),
    ],
)
def test_what_is_over_in_a_moment_or_is_enough_is_no_trouble(answered, more):
    assert found(answered, **more) == []


def test_whoever_may_be_anybody_is_not_told_the_names_of_channels():
    failing = Failing("Team Falcon", AGO), Failing("On call", AGO - timedelta(hours=1))
    [one] = found(replace(WELL, failing=failing))
    assert (one.text, one.named) == ("Messages to 2 channels fail", "Messages to Team Falcon, On call fail")
    assert one.since == AGO - timedelta(hours=1)
