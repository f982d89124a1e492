"""What a message is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cicd_health.model.alerts import NotificationKind


@dataclass(frozen=True, slots=True)
class Message:
    """`title` is one line of plain text; `body` is HTML of b, code, pre, a, p, br, ul and li only.

    Of their attributes only `href` is used. Our own words are ASCII, so that a mail about ASCII names needs no
    encoding. `failed`: something is wrong, as opposed to over.
    """

    title: str
    body: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A message that leaves together with others. `at` is when it was queued, in the zone it is to be shown in."""

    kind: NotificationKind
    title: str
    body: str
    incident_id: int | None
    at: datetime
