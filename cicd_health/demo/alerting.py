"""What Kestrel is told of, and by whom its incidents are seen to: rules, channels, and what people did."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

from cicd_health import flow
from cicd_health.demo import company
from cicd_health.model.acting import Actor, Via, acting
from cicd_health.model.alert_drafts import ChannelDraft, Quiet, RuleDraft
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import IncidentState, Severity
from cicd_health.store import alert_lists, engine
from cicd_health.store.alert_lists import IncidentFilter
from cicd_health.store.lists import Row

ADDRESS = "198.51.100.7"  # of Kestrel's office
CLOSED = "json://127.0.0.1:9"  # nobody listens there
RULES = (
    RuleDraft("Success rate of main", "regression", Severity.WARNING, {"under": 90, "hours": 72, "min_runs": 8}),
    RuleDraft(
        "Storefront to and fro",
        "flapping",
        Severity.WARNING,
        {"runs": 30, "passes": 15},
        Scope(repos=("kestrel/storefront",)),
    ),
    RuleDraft("Slower than before", "duration_regression", Severity.WARNING),
    RuleDraft("Waiting for a Mac", "queue_time", Severity.WARNING, {"limit_minutes": 10}, Scope(repos=("mobile",))),
    RuleDraft("Stuck runs", "stuck_run", Severity.WARNING),
    RuleDraft(
        "Nightly has not run",
        "missed_schedule",
        Severity.CRITICAL,
        {"grace_minutes": 120},
        Scope(pipelines=(company.NIGHTLY.name,)),
    ),
    RuleDraft("New failure", "new_failure", Severity.INFO),
)
# Those of which the address ends in a path are taken by the demo itself.
CHANNELS = (
    ChannelDraft("Slack #checkout", "/checkout", Scope(repos=("kestrel/checkout-*", "kestrel/ledger"))),
    ChannelDraft(
        "Slack #mobile",
        "/mobile",
        Scope(repos=("mobile", "kestrel/android-app")),
        quiet=Quiet("22:00", "07:00"),
        zone="Europe/Vienna",
    ),
    ChannelDraft("Engineering", "/engineering", min_severity=Severity.WARNING, per_hour=20),
    ChannelDraft("Morning digest", "/digest", zone="Europe/Vienna", digest_at="08:30"),
    ChannelDraft("Pager", CLOSED, min_severity=Severity.CRITICAL),
)
LOOKED_AT = 200


def prepare(start: datetime) -> None:
    """Make the rules and the channels, before anything happens."""
    for rule in RULES:
        flow.save_rule(rule, start)
    for channel in CHANNELS:
        flow.save_channel(replace(channel, url=CLOSED), start)


def lead_to(receiver: str, now: datetime) -> None:
    """Point the channels to where their messages are taken now: another place at each start."""
    with engine.reading() as session:
        known = {row["name"]: row["id"] for row in alert_lists.channels(session, now)}
    for channel in CHANNELS:
        if channel.name in known and channel.url and channel.url.startswith("/"):
            flow.save_channel(replace(channel, url=receiver + channel.url), now, known[channel.name])


def see_to(now: datetime) -> None:
    """What people did about what is open, and a silence for what is planned."""
    wren, idris = f"{company.PEOPLE[0]}@kestrel.example", f"{company.PEOPLE[2]}@kestrel.example"
    with engine.reading() as session:
        states = tuple(state for state in IncidentState if state is not IncidentState.RESOLVED)
        rows = alert_lists.incidents(session, IncidentFilter(states=states), LOOKED_AT)
    for row in _of_kind(rows, "failure"):
        if row["pipeline"] == company.NIGHTLY.name:
            with _as(wren):
                flow.acknowledge_alert(row["id"], wren, now - timedelta(hours=2))
    for row in _of_kind(rows, "regression", "flapping")[:1]:
        with _as(idris):
            flow.mute_alert(row["id"], idris, now - timedelta(minutes=30), None, "two tests are being rewritten")
    planned = Scope(providers=("jenkins",), repos=("platform",))
    with _as(wren):
        flow.silence(planned, wren, now - timedelta(minutes=25), now + timedelta(hours=6), "Upgrade of the runners")


def _as(email: str) -> AbstractContextManager[None]:
    """For the audit log."""
    return acting(Actor(email, Via.PAGE, ADDRESS))


def _of_kind(rows: Iterable[Row], *kinds: str) -> list[Row]:
    return [row for row in rows if row["kind"] in kinds]
