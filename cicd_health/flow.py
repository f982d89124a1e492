"""The story of the product: receive → apply → tally → evaluate → notify → prune. Every write goes through here.

A delivery is kept before it is understood (inbox), and a message is queued in the transaction that saved its
cause (outbox), so that a crash at any moment loses neither. Functions that take a session leave the commit to
their caller; the others open their own transactions.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlmodel import Session

from cicd_health import queue, settings
from cicd_health.alerts import RULES, message, send
from cicd_health.alerts.rule import Facts, Verdict
from cicd_health.model.alerts import NotificationKind, Outgoing
from cicd_health.model.deliveries import DeliveryState, Incoming
from cicd_health.model.runs import Event
from cicd_health.providers import PROVIDERS, flat
from cicd_health.providers.provider import BadPayload, Headers, Ignored
from cicd_health.store import alerts, deliveries, engine, names, runs, tallies
from cicd_health.store.deliveries import Mark
from cicd_health.store.tables import IncidentRow, RuleRow

log = structlog.get_logger(__name__)

NEWS_AGE = timedelta(days=1)  # what ended longer ago is history: it counts, and sends nothing
LOST_AGE = timedelta(seconds=30)  # a delivery kept longer ago and not applied has lost its process
TRIES = 5  # of a batch that collides with another process
PAUSE_S = 0.05
AGAIN = (runs.Collided, sa.exc.OperationalError, sa.exc.IntegrityError)
NO_DATABASE = frozenset({"SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_BUSY", "SQLITE_READONLY"})

# What is posted to the ingest routes is kept as a delivery of one of these, beside the providers' own.
POSTED = "ingest"
FLAT = "flat:"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one delivery. `state` is that of the delivery, or "duplicate"."""

    delivery_id: int
    state: str
    error: str | None = None
    run_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """One kept delivery and the events in it, or why there are none."""

    delivery_id: int
    events: tuple[Event, ...] = ()
    state: DeliveryState = DeliveryState.APPLIED
    error: str | None = None
    quiet: bool = False


def receive(batch: Sequence[Incoming], now: datetime) -> list[Receipt]:
    """Keep every delivery of the batch, then apply the new ones.

    When this returns, all of them are on disk. Raises when they could not be kept: then none of them is.
    """
    with engine.writing() as session:
        kept = deliveries.keep(session, batch)
    new = {id: incoming for (id, is_new), incoming in zip(kept, batch, strict=True) if is_new}
    receipts = {receipt.delivery_id: receipt for receipt in apply([parse(id, i) for id, i in new.items()], now)}
    return [receipts.pop(id) if id in receipts else Receipt(id, "duplicate") for id, _ in kept]


def parse(delivery_id: int, incoming: Incoming) -> Parsed:
    """The events in one delivery. Never raises: what cannot be understood waits, with the error, for replay."""
    headers = incoming.headers | {"x-received-at": incoming.received_at.isoformat()}
    try:
        events = _events(headers, incoming)
    except Ignored as reason:
        return Parsed(delivery_id, state=DeliveryState.IGNORED, error=str(reason))
    except BadPayload as error:
        return Parsed(delivery_id, state=DeliveryState.KEPT, error=str(error))
    except Exception as error:  # a bug of ours must not lose the delivery
        log.exception("parse failed", delivery_id=delivery_id)
        return Parsed(delivery_id, state=DeliveryState.FAILED, error=f"{type(error).__name__}: {error}")
    return Parsed(delivery_id, tuple(events), quiet=incoming.quiet)


def _events(headers: Headers, incoming: Incoming) -> list[Event]:
    if incoming.provider == POSTED:
        return flat.parse_generic(incoming.payload, incoming.received_at)
    if incoming.provider.startswith(FLAT):
        return [flat.parse_flat(incoming.provider.removeprefix(FLAT), incoming.payload, incoming.received_at)]
    return PROVIDERS[incoming.provider].parse(headers, incoming.payload)


def apply(batch: Sequence[Parsed], now: datetime) -> list[Receipt]:
    """Save what kept deliveries say, all in one transaction; when that fails, each in its own.

    A delivery that fails alone is marked so. Without a database all stay kept, and `recover` applies them later.
    """
    if not batch:
        return []
    try:
        return _apply_again_and_again(batch, now)
    except Exception as error:
        if _database_is_gone(error):
            log.warning("not applied yet", size=len(batch), error=str(error))
            return [Receipt(one.delivery_id, DeliveryState.KEPT) for one in batch]
        log.exception("batch failed", size=len(batch))
        if len(batch) == 1:
            return [_give_up(batch[0], error, now)]
        return [receipt for one in batch for receipt in apply([one], now)]


def _apply_again_and_again(batch: Sequence[Parsed], now: datetime) -> list[Receipt]:
    """Another process may have been first, or PostgreSQL broke a deadlock: what is there then is the new start."""
    for attempt in range(1, TRIES):
        try:
            return _apply_once(batch, now)
        except AGAIN as error:
            if _database_is_gone(error):
                raise
            log.info("batch again", attempt=attempt, error=str(error))
            names.forget(engine.engine())
            time.sleep(random.uniform(0, PAUSE_S * attempt))  # two processes must not collide in step
    return _apply_once(batch, now)


def _apply_once(batch: Sequence[Parsed], now: datetime) -> list[Receipt]:
    with engine.writing() as session:
        return _apply(session, batch, now)


def _database_is_gone(error: Exception) -> bool:
    return isinstance(error, sa.exc.DBAPIError) and (
        error.connection_invalidated or isinstance(error, sa.exc.InterfaceError) or _cannot_connect(error)
    )


def _cannot_connect(error: sa.exc.DBAPIError) -> bool:
    """PostgreSQL gives a failed statement a code and a refused connection none. SQLite: no disk to write on."""
    if not isinstance(error, sa.exc.OperationalError):
        return False
    return getattr(error.orig, "pgcode", "") is None or getattr(error.orig, "sqlite_errorname", "") in NO_DATABASE


def _apply(session: Session, batch: Sequence[Parsed], now: datetime) -> list[Receipt]:
    pairs = [(one, event) for one in batch for event in one.events]
    run_ids: dict[int, list[int]] = {one.delivery_id: [] for one in batch}
    if pairs:
        quiet = [one.quiet or _is_history(event, now) for one, event in pairs]
        saved = runs.save(session, [event for _, event in pairs], now, quiet=quiet)
        judged = _to_judge(session, saved.changes)
        tallies.change(session, saved.removed, saved.added)
        for (one, _), run_id in zip(pairs, saved.run_ids, strict=True):
            if run_id is not None and run_id not in run_ids[one.delivery_id]:
                run_ids[one.delivery_id].append(run_id)
        for pipeline_id in judged:
            evaluate(session, pipeline_id, now)
    marks = [Mark(one.delivery_id, one.state, one.error, next(iter(run_ids[one.delivery_id]), None)) for one in batch]
    deliveries.mark(session, marks, now)
    engine.announce(session, "runs" if pairs else "deliveries")
    return [Receipt(one.delivery_id, one.state, one.error, tuple(run_ids[one.delivery_id])) for one in batch]


def _to_judge(session: Session, changes: Sequence[runs.Change]) -> list[int]:
    """Pipelines whose default branch ended in a way that may open, change or close an incident, in order."""
    ended = [change for change in changes if change.ended and change.default_branch]
    failing = {change.pipeline_id for change in ended if change.failed}
    return sorted(failing | alerts.with_open_incident(session, {change.pipeline_id for change in ended} - failing))


def _is_history(event: Event, now: datetime) -> bool:
    said_at = event.completed_at or event.updated_at or event.created_at
    return said_at is not None and now - said_at > NEWS_AGE


def _give_up(parsed: Parsed, error: Exception, now: datetime) -> Receipt:
    reason = f"{type(error).__name__}: {error}"[:2000]
    with engine.writing() as session:
        deliveries.mark(session, [Mark(parsed.delivery_id, DeliveryState.FAILED, reason)], now)
        engine.announce(session, "deliveries")
    return Receipt(parsed.delivery_id, DeliveryState.FAILED, reason)


def refuse(provider: str, reason: str, now: datetime) -> None:
    """Remember that a delivery was refused at the door, and why; nothing of it is kept."""
    with engine.writing() as session:
        deliveries.refuse(session, provider, reason, now)
        engine.announce(session, "deliveries")


def replay(delivery_id: int, now: datetime) -> Receipt:
    """Apply one kept delivery again. Raises KeyError when there is no such delivery."""
    with engine.reading() as session:
        row, body = deliveries.read(session, delivery_id)
    headers = json.loads(row.headers)
    incoming = Incoming(
        provider=row.provider,
        external_id=row.external_id,
        event=row.event,
        action=row.action,
        body=body,
        payload=_decode(row.provider, headers, body),
        received_at=row.received_at,
        headers=headers,
        quiet=row.quiet,
    )
    return apply([parse(delivery_id, incoming)], now)[0]


def _decode(provider: str, headers: Headers, body: bytes) -> object:
    return PROVIDERS[provider].decode(headers, body) if provider in PROVIDERS else json.loads(body)


def evaluate(session: Session, pipeline_id: int, now: datetime) -> None:
    """Ask every enabled rule about one pipeline, and open, bring up to date or end its incidents."""
    facts = alerts.facts(session, pipeline_id)
    for row in alerts.enabled_rules(session):
        rule = RULES[row.kind]
        verdict = rule.check(facts, rule.Params.model_validate_json(row.params))
        if verdict.firing:
            _firing(session, row, facts, verdict, now)
        elif verdict.cleared:
            _cleared(session, row, facts, verdict, now)


def _firing(session: Session, rule: RuleRow, facts: Facts, verdict: Verdict, now: datetime) -> None:
    assert verdict.first is not None
    assert verdict.last is not None
    told = message.opened(facts, verdict.failures, settings.get().public_url)
    incident = alerts.incident_of(session, names.row_id(rule), facts.pipeline_id)
    if incident is not None:
        alerts.still_failing(session, incident, reason=verdict.reason, failures=verdict.failures, last=verdict.last)
        return
    incident = alerts.open_incident(
        session,
        rule,
        facts,
        title=told.title,
        reason=verdict.reason,
        failures=verdict.failures,
        first=verdict.first,
        last=verdict.last,
    )
    if incident is not None and not alerts.is_quiet(session, verdict.last.run_id):
        notify(session, incident, NotificationKind.OPENED, told, now)


def _cleared(session: Session, rule: RuleRow, facts: Facts, verdict: Verdict, now: datetime) -> None:
    incident = alerts.incident_of(session, names.row_id(rule), facts.pipeline_id)
    if incident is None or verdict.last is None:
        return
    alerts.resolve(session, incident, verdict.last)
    if alerts.was_told(session, incident):
        told = message.resolved(facts, incident.opened_at, settings.get().public_url)
        notify(session, incident, NotificationKind.RESOLVED, told, now)


def notify(
    session: Session, incident: IncidentRow, kind: NotificationKind, told: message.Message, now: datetime
) -> None:
    """Queue one message per channel, and the jobs that send them, in this transaction."""
    session.flush()
    for notification_id in alerts.queue_notifications(session, incident, kind, told.title, told.body, now):
        queue.enqueue(session, "deliver", str(notification_id), notification_id)
    engine.announce(session, "alerts")


def deliver(notification_id: int, now: datetime) -> datetime | None:
    """Send one queued message. None when that is settled, else the moment to try again."""
    with engine.writing() as session:
        if not alerts.claim(session, notification_id, now):
            return alerts.look_again_at(session, notification_id, now)
        outgoing = alerts.outgoing(session, notification_id)
    if outgoing is None:
        return None
    failure = _send(outgoing)
    with engine.writing() as session:
        engine.announce(session, "alerts")
        if failure is None:
            alerts.finish(session, notification_id, now)
            return None
        again_at = queue.next_try(outgoing.attempts, outgoing.created_at, now, permanent=failure.permanent)
        alerts.fail(session, notification_id, failure.error, again_at, now)
        return again_at


def _send(outgoing: Outgoing) -> send.SendFailed | None:
    """Bring the message to its channel; what went wrong, None when the channel took it."""
    target = send.targets(settings.get()).get(outgoing.channel_slug)
    if target is None:
        return send.SendFailed("the setting of this channel is gone", permanent=True)
    failed = outgoing.kind is NotificationKind.OPENED
    try:
        send.send(target, message.Message(outgoing.title, outgoing.body, failed=failed))
    except send.SendFailed as failure:
        return failure
    return None


def start(now: datetime) -> None:
    """Bring what the settings say of rules and channels into the database; called at every start."""
    with engine.writing() as session:
        alerts.ensure_builtin_rules(session, settings.get().alert_threshold, now)
        alerts.sync_env_channels(session, settings.get(), now)


def recover(now: datetime) -> int:
    """Apply deliveries whose process died before it applied them, and send messages that lost their job; how many."""
    with engine.reading() as session:
        lost = deliveries.unapplied(session, now - LOST_AGE, limit=500)
    for delivery_id in lost:
        replay(delivery_id, now)
    with engine.writing() as session:
        stranded = alerts.stranded(session, now)
        for notification_id in stranded:
            queue.enqueue(session, "deliver", f"{notification_id}-{now:%Y%m%dT%H%M}", notification_id)
    return len(lost) + len(stranded)


def prune(now: datetime) -> int:
    """Delete deliveries older than `DELIVERY_RETENTION_DAYS`, a thousand at a time; how many."""
    before = now - timedelta(days=settings.get().delivery_retention_days)
    gone = 0
    while True:
        with engine.writing() as session:
            some = deliveries.prune(session, before)
        gone += some
        if not some:
            return gone
