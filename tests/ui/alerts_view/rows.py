"""Rows as the store reads them; a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

NOW = datetime(2026, 11, 20, 10, 41, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


def ago(**units: float) -> datetime:
    return NOW - timedelta(**units)


def incident(id: int = 1, **more: Any) -> Any:
    row = {
        "id": id,
        "rule_id": 1,
        "rule": "failure",
        "rule_name": "Failures in a row",
        "kind": "failure",
        "pipeline_id": 5,
        "pipeline": "ci",
        "repo": "kestrel/checkout-api",
        "provider": "github",
        "branch": "main",
        "severity": "critical",
        "state": "open",
        "title": "kestrel/checkout-api » ci failed",
        "reason": "the last run failed",
        "opened_at": ago(minutes=47),
        "last_failed_at": ago(minutes=2),
        "resolved_at": None,
        "failures": 1,
        "run_id": 70,
        "last_run_id": 71,
        "recovered_run_id": None,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "muted_until": None,
        "turn": 1,
        "reopened_at": None,
        "number": 4414,
        "failed_job": "test",
        "failed_step": "pytest",
    }
    return row | more


def message(id: int = 1, **more: Any) -> Any:
    row = {
        "id": id,
        "incident_id": 1,
        "incident": "ci failed",
        "title": "ci failed",
        "channel_id": 2,
        "channel": "slack",
        "channel_name": "Slack #checkout",
        "kind": "opened",
        "state": "sent",
        "attempts": 1,
        "error": None,
        "held": None,
        "created_at": ago(minutes=5),
        "next_try_at": None,
        "sent_at": ago(minutes=5),
        "sent_with": None,
    }
    return row | more


def channel(id: int = 2, **more: Any) -> Any:
    row = {
        "id": id,
        "slug": "slack",
        "name": "Slack #checkout",
        "kind": "slack",
        "origin": "user",
        "enabled": True,
        "error": None,
        "address": "https://hooks.slack.com/…",
        "scope": "{}",
        "min_severity": "info",
        "zone": "UTC",
        "quiet": None,
        "digest_at": None,
        "per_hour": None,
        "switched_off_at": None,
        "sent_at": ago(minutes=5),
        "sent": 7,
        "failed": 0,
        "waiting": 0,
    }
    return row | more


def step(id: int, kind: str, **more: Any) -> Any:
    return {"id": id, "incident_id": 1, "at": NOW, "kind": kind, "actor": None, "note": "", "failures": 1} | {
        "run_id": None,
        **more,
    }
