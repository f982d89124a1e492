"""What people save of alerting: rules and channels, checked before they are stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import Severity


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A rule as it is to be. `params` are those of its kind; `channels` are slugs, none meaning all."""

    name: str
    kind: str
    severity: Severity = Severity.CRITICAL
    params: Mapping[str, Any] = field(default_factory=dict)
    scope: Scope = field(default_factory=Scope)
    channels: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which messages wait: from `start` to `end` ("HH:MM"; over midnight if the end is earlier).

    `days` are those on which it starts, Monday being 0. `except_critical`: what is critical does not wait.
    """

    start: str
    end: str
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    except_critical: bool = True

    @classmethod
    def from_json(cls, text: str | None) -> Quiet | None:
        if not text:
            return None
        given = json.loads(text)
        return cls(given["start"], given["end"], tuple(given["days"]), given["except_critical"])

    def to_json(self) -> str:
        return json.dumps(
            {"start": self.start, "end": self.end, "days": list(self.days), "except_critical": self.except_critical}
        )


@dataclass(frozen=True, slots=True)
class ChannelDraft:
    """A channel as it is to be. `url` is an Apprise URL or a Slack webhook's address; None keeps the stored one.

    `zone` is an IANA name, `digest_at` "HH:MM" in it, `per_hour` the most messages of an hour (None: any number).
    """

    name: str
    url: str | None = None
    scope: Scope = field(default_factory=Scope)
    min_severity: Severity = Severity.INFO
    zone: str = "UTC"
    quiet: Quiet | None = None
    digest_at: str | None = None
    per_hour: int | None = None
    enabled: bool = True
