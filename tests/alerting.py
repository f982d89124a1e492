"""Failing and passing runs told to the flow, and what became of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import select

from cicd_health import flow
from cicd_health.store import engine
from cicd_health.store.tables import IncidentRow, NotificationRow, StepOfIncidentRow
from tests.bodies import NOON, delivery, github_run


def rows(table: Any) -> list[Any]:
    with engine.reading() as session:
        return list(session.exec(select(table).order_by(sa.inspect(table).primary_key[0])))


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def body(number: int, minute: float, conclusion: str = "failure", **more: Any) -> dict[str, Any]:
    """A run that was created a minute before `minute` and ended then."""
    told = github_run(number, conclusion=conclusion, created=at(minute - 1), **more)
    if more.get("workflow", "ci") != "ci":
        told["workflow"] |= {"id": 12, "path": ".github/workflows/other.yml"}
        told["workflow_run"]["workflow_id"] = 12
    return told


def fails(number: int, minute: float, **more: Any) -> None:
    flow.receive([delivery(body(number, minute, **more), at=at(minute))], at(minute))


def passes(number: int, minute: float, **more: Any) -> None:
    fails(number, minute, conclusion="success", **more)


def incident() -> Any:
    (one,) = rows(IncidentRow)
    return one


def steps() -> list[str]:
    return [step.kind for step in rows(StepOfIncidentRow)]


def sent() -> list[str]:
    """The kinds of all messages that were queued, in order."""
    return [message.kind for message in rows(NotificationRow)]
