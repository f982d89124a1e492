"""What arrives from outside, before it is understood."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class DeliveryState(StrEnum):
    """Kept without an error means: on disk, about to be applied. Stored: never rename a value."""

    KEPT = "kept"
    APPLIED = "applied"
    IGNORED = "ignored"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One delivery as it came in. `payload` is the decoded body, so that it is decoded once.

    `external_id` is the provider's delivery id; a provider without one gets a fingerprint of the body.
    `quiet` deliveries (history) count in every number but send no notification. `ready` are the logs in it, read
    ahead by `flow.prepare`: one for each event, or none at all.
    """

    provider: str
    external_id: str
    event: str
    action: str | None
    body: bytes
    payload: object
    received_at: datetime
    headers: dict[str, str] = field(default_factory=dict)
    quiet: bool = False
    ready: tuple[Any, ...] = ()
