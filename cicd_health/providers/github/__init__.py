"""GitHub Actions: what its webhooks say (`webhook`, `reading`), and what it answers when asked (`remote`)."""

from __future__ import annotations

from cicd_health.providers.github.reading import HOST, RANKS, SLUG, read_attempt, read_job
from cicd_health.providers.github.remote import REMOTE
from cicd_health.providers.github.webhook import decode, envelope, parse, verify
from cicd_health.providers.provider import Provider

__all__ = ["HOST", "PROVIDER", "RANKS", "SLUG", "decode", "envelope", "parse", "read_attempt", "read_job", "verify"]

PROVIDER = Provider(
    slug=SLUG, label="GitHub Actions", verify=verify, decode=decode, envelope=envelope, parse=parse, remote=REMOTE
)
