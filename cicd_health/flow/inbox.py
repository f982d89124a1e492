"""What arrives: kept first, understood second, and again whenever somebody asks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from cicd_health.flow import logs, saving
from cicd_health.flow.saving import Parsed, Receipt
from cicd_health.model.deliveries import DeliveryState, Incoming
from cicd_health.model.runs import Event
from cicd_health.providers import PROVIDERS, flat
from cicd_health.providers.provider import BadPayload, Headers, Ignored
from cicd_health.store import audit, deliveries, engine

log = structlog.get_logger(__name__)

# What is posted to the ingest routes is kept as a delivery of one of these, beside the providers' own.
POSTED = "ingest"
FLAT = "flat:"


def receive(batch: Sequence[Incoming], now: datetime) -> list[Receipt]:
    """Keep every delivery of the batch, then apply the new ones.

    When this returns, all of them are on disk. Raises when they could not be kept: then none of them is.
    """
    with engine.writing() as session:
        kept = deliveries.keep(session, batch)
    new = {id: incoming for (id, is_new), incoming in zip(kept, batch, strict=True) if is_new}
    receipts = {receipt.delivery_id: receipt for receipt in saving.apply([parse(id, i) for id, i in new.items()], now)}
    return [receipts.pop(id) if id in receipts else Receipt(id, "duplicate") for id, _ in kept]


def prepare(incoming: Incoming) -> Incoming:
    """The same, with the logs in it made ready: that takes seconds for a long one, and others need not wait for it."""
    try:
        return replace(incoming, ready=tuple(logs.posted(parse(None, incoming).events)))
    except Exception:  # a bug of ours must not lose the delivery
        log.exception("logs not prepared", provider=incoming.provider)
        return incoming


def parse(delivery_id: int | None, incoming: Incoming) -> Parsed:
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
    return Parsed(delivery_id, tuple(events), quiet=incoming.quiet, ready=incoming.ready)


def _events(headers: Headers, incoming: Incoming) -> list[Event]:
    if incoming.provider == POSTED:
        return flat.parse_generic(incoming.payload, incoming.received_at)
    if incoming.provider.startswith(FLAT):
        return [flat.parse_flat(incoming.provider.removeprefix(FLAT), incoming.payload, incoming.received_at)]
    return PROVIDERS[incoming.provider].parse(headers, incoming.payload)


def refuse(provider: str, reason: str, now: datetime) -> None:
    """Remember that a delivery was refused at the door, and why; nothing of it is kept."""
    with engine.writing() as session:
        deliveries.refuse(session, provider, reason, now)
        engine.announce(session, "deliveries")


def replay(delivery_id: int, now: datetime) -> Receipt:
    """Apply one kept delivery again, as somebody asks. Raises KeyError when there is no such delivery."""
    with engine.writing() as session:
        row, _ = deliveries.read(session, delivery_id)
        audit.note(session, "delivery.replayed", f"delivery {delivery_id} ({row.provider} {row.event})", now)
    return apply_kept(delivery_id, now)


def apply_kept(delivery_id: int, now: datetime) -> Receipt:
    """Apply one kept delivery, again or at last. Raises KeyError when there is no such delivery."""
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
    return saving.apply([parse(delivery_id, incoming)], now)[0]


def _decode(provider: str, headers: Headers, body: bytes) -> object:
    return PROVIDERS[provider].decode(headers, body) if provider in PROVIDERS else json.loads(body)
