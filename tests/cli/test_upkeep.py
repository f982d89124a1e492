"""Replay and prune by commands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from cicd_health import flow, settings
from cicd_health.store import audit, engine
from cicd_health.store.audit import AuditFilter
from tests.bodies import delivery, github_run
from tests.cli.calling import call, facts

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _fresh_settings(database: sa.Engine) -> Iterator[None]:
    settings.get.cache_clear()
    yield
    settings.get.cache_clear()


def received(*bodies: dict, at: datetime = NOW) -> list[flow.Receipt]:
    return flow.receive([delivery(body, at=at) for body in bodies], at)


def test_all_that_failed_is_applied_again_and_what_makes_no_sense_still_is_exit_code_1():
    senseless, fine = received({"action": "completed", "workflow_run": {"id": None}}, github_run(1))
    assert (senseless.state, fine.state) == ("kept", "applied")
    again = facts("replay", "--failed", code=1)["deliveries"]
    assert [(one["delivery"], one["state"]) for one in again] == [(senseless.delivery_id, "kept")]
    assert again[0]["error"]
    ended = call("replay", str(fine.delivery_id))
    assert (ended.exit_code, ended.stdout) == (0, f"Delivery {fine.delivery_id}: applied\n")
    with engine.reading() as session:
        written = audit.entries(session, AuditFilter(action="delivery.replayed"), 10)
    assert [one["subject"].split(" (")[0] for one in written] == [
        f"delivery {one.delivery_id}" for one in (fine, senseless)
    ]


def test_to_replay_what_failed_where_nothing_did_is_done_at_once():
    received(github_run(1))
    assert facts("replay", "--failed") == {"deliveries": []}


def test_pruning_says_what_went():
    received(github_run(1), at=NOW - timedelta(days=31))
    received(github_run(2))
    gone = facts("prune")["deleted"]
    assert gone == {"deliveries": 1, "messages": 0, "logs": 0, "runs": 0, "audit_entries": 0}
    assert "deliveries" in call("prune").stdout
