"""Alerts set up in one call, and tried out: for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from cicd_health import flow, settings
from cicd_health.alerts import send
from cicd_health.api import alert_bodies
from cicd_health.api.acting import acted
from cicd_health.api.alert_shapes import Channel, TestResult
from cicd_health.api.auth import ADMIN
from cicd_health.api.clock import Now
from cicd_health.api.problems import answers
from cicd_health.model import acting
from cicd_health.model.alert_drafts import ChannelDraft, Quiet
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import Severity
from cicd_health.store import alert_lists, engine, rules
from cicd_health.store.lists import Row, Rows

router = APIRouter(prefix="/api/v1", tags=["alerts"], dependencies=[ADMIN])
SIDE_BY_SIDE = 8  # tests at once


class AlertsSet(BaseModel):
    """What is set: failures in a row that open an alert, and where messages go."""

    threshold: int
    channels: list[Channel]


class TestResults(BaseModel):
    results: list[TestResult]


@router.post("/settings/alerts")
def set_up(wanted: alert_bodies.AlertSettings, now: Now) -> AlertsSet:
    """Set the threshold of the built-in failure rule, and channels by their addresses; says what is set."""
    addresses = list(_addresses(wanted))
    _check_names([name for name, _ in addresses])
    if wanted.threshold is not None:
        _set_threshold(wanted.threshold, now)
    for name, url in addresses:
        acted(lambda name=name, url=url: _set_channel(name, url, now))
    with engine.reading() as session:
        failure = rules.rule_of(session, rules.FAILURE)
        channels = alert_lists.channels(session, now)
    assert failure is not None
    return AlertsSet(threshold=json.loads(failure.params)["count"], channels=[Channel.of(row) for row in channels])


def _addresses(wanted: alert_bodies.AlertSettings) -> Iterator[tuple[str, str]]:
    """Name and address of each channel; each is looked at before anything is changed."""
    if wanted.slack_webhook_url is not None:
        yield "Slack", _checked("slack_webhook_url", wanted.slack_webhook_url)
    if wanted.email_to is not None:
        to = [wanted.email_to] if isinstance(wanted.email_to, str) else wanted.email_to
        yield "E-mail", _checked("email_to", _mail_address(to))
    for channel in wanted.channels:
        yield channel.name, _checked(f"channels.{channel.name}", channel.url)


def _check_names(names: list[str]) -> None:
    again = [name for n, name in enumerate(names) if name.lower() in [one.lower() for one in names[:n]]]
    if again:
        raise HTTPException(422, f"channels: {again[0]} is named twice; each channel has a name of its own.")


def _checked(field: str, url: str) -> str:
    try:
        send.describe(url)
    except ValueError as error:
        raise HTTPException(422, f"{field}: {error}") from None
    return url


def _mail_address(to: list[str]) -> str:
    """The address of a mail channel that sends through the mail server of the settings."""
    given = settings.get()
    if not given.smtp_host:
        raise HTTPException(422, "email_to: the settings name no mail server; set SMTP_HOST, or give a mailto:// URL.")
    if not to:
        raise HTTPException(422, "email_to: at least one e-mail address.")
    return send.targets(given.model_copy(update={"alert_email_to": tuple(to)}))["env-email"].url


def _set_threshold(threshold: int, now: datetime) -> None:
    with engine.reading() as session:
        row = rules.rule_of(session, rules.FAILURE)
    assert row is not None
    assert row.id is not None
    draft = rules.draft_of(row)
    flow.save_rule(replace(draft, params={**draft.params, "count": threshold}), now, row.id)


def _set_channel(name: str, url: str, now: datetime) -> None:
    """Give the channel of this name this address, or make one."""
    with engine.reading() as session:
        rows = alert_lists.channels(session, now)
    known = next((row for row in rows if row["origin"] == "user" and row["name"].lower() == name.lower()), None)
    if known is None:
        flow.save_channel(ChannelDraft(name=name, url=url), now)
    else:
        flow.save_channel(replace(draft_of(known), url=url, enabled=True), now, known["id"])


def draft_of(row: Row) -> ChannelDraft:
    """A channel as it is, its address apart."""
    return ChannelDraft(
        name=row["name"],
        scope=Scope.from_json(row["scope"]),
        min_severity=Severity(row["min_severity"]),
        zone=row["zone"],
        quiet=Quiet.from_json(row["quiet"]),
        digest_at=row["digest_at"],
        per_hour=row["per_hour"],
        enabled=row["enabled"],
    )


@router.post("/alerts/test", responses=answers(404, 409))
def try_out(now: Now, wanted: alert_bodies.TestDraft | None = None) -> TestResults:
    """Send a test message to one channel, to an address, or to every channel; says how each took it."""
    wanted = wanted or alert_bodies.TestDraft()
    url = wanted.url
    if url is not None:
        tried = acted(lambda: flow.try_address(url, now))
        return TestResults(results=[TestResult(channel="url", ok=tried.ok, error=tried.error, seconds=tried.seconds)])
    with engine.reading() as session:
        chosen = _chosen(alert_lists.channels(session, now), wanted.channel)
    who = acting.current()  # other threads would not know
    with ThreadPoolExecutor(SIDE_BY_SIDE, "test") as pool:
        return TestResults(results=list(pool.map(lambda row: _try(row, now, who), chosen)))


def _chosen(rows: Rows, channel: str | int | None) -> list[Row]:
    if channel is None:
        found = [row for row in rows if row["enabled"]]
        if not found:
            raise HTTPException(409, "There is no channel yet to send a test to.")
        return found
    found = [row for row in rows if channel in (row["id"], row["slug"]) or str(channel) == str(row["id"])]
    if not found:
        raise HTTPException(404, f"There is no channel {channel}.")
    return found


def _try(row: Row, now: datetime, who: acting.Actor) -> TestResult:
    with acting.acting(who):
        tried = flow.try_channel(row["id"], now)
    return TestResult(channel=row["slug"], ok=tried.ok, error=tried.error, seconds=tried.seconds)
