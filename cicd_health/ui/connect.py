"""What a dashboard without runs says: how to connect GitHub and Jenkins, and what was refused. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cicd_health.model.first_event import signed_curl
from cicd_health.model.health import Refusal
from cicd_health.ui import format as text
from cicd_health.ui.rows import provider_label

HIDDEN = "•" * 24


@dataclass(frozen=True, slots=True)
class Heard:
    """What has come from a provider so far."""

    provider: str
    text: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Connect:
    """Addresses and secrets to copy. The secrets are empty for whoever is not an administrator."""

    address: str = ""
    github: str = ""
    jenkins: str = ""
    secret: str = ""
    secret_shown: str = ""
    token: str = ""
    token_shown: str = ""
    curl: str = ""
    heard: list[Heard] = field(default_factory=list)


def connect(public_url: str, secret: str, token: str, *, admin: bool, now: datetime) -> Connect:
    """Everything the page offers to copy; a signed event is made for an administrator only."""
    shown = Connect(
        address=public_url,
        github=f"{public_url}/webhooks/github",
        jenkins=f"{public_url}/webhooks/jenkins",
        heard=heard((), now),
    )
    if not admin:
        return shown
    return Connect(
        address=shown.address,
        github=shown.github,
        jenkins=shown.jenkins,
        secret=secret,
        secret_shown=masked(secret),
        token=f"X-Jenkins-Token: {token}",
        token_shown=f"X-Jenkins-Token: {masked(token)}",
        curl=signed_curl(shown.github, secret, now, between=" \\\n  "),
        heard=shown.heard,
    )


def masked(secret: str) -> str:
    return HIDDEN + secret[-4:]


def heard(refusals: Sequence[Refusal], now: datetime) -> list[Heard]:
    """`nothing yet`, or `1 refused 40 s ago: wrong token`, for each provider."""
    by_provider = {refusal.provider: refusal for refusal in refusals}
    return [_heard(provider, by_provider.get(provider), now) for provider in ("github", "jenkins")]


def _heard(provider: str, refusal: Refusal | None, now: datetime) -> Heard:
    if refusal is None:
        return Heard(provider_label(provider), "nothing yet", refused=False)
    last = "" if refusal.times == 1 else ", last"
    said = f"{text.count(refusal.times)} refused{last} {text.age(refusal.last_at, now)}: {refusal.reason}"
    return Heard(provider_label(provider), said, refused=True)
