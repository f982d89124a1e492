"""Secrets of single repositories: each proves deliveries about its own repository, and about no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from cicd_health import vault
from cicd_health.providers.github import HOST
from cicd_health.providers.json_reader import identifier, mapping, text
from cicd_health.providers.provider import BadSignature, Headers, Provider
from cicd_health.store import engine, watches

log = structlog.get_logger(__name__)

FRESH = timedelta(seconds=5)  # as long, what was read holds
SOON = timedelta(seconds=1)  # and as long, when it did not prove a delivery: a secret may be new
MOST_REMEMBERED = 10_000
SLUG = "github"  # the only provider that signs
Name = tuple[str, str]  # host and repository, in lower case


@dataclass(frozen=True, slots=True)
class Claim:
    """Which repository an unproved body says it is about."""

    host: str
    name: str
    external_id: str | None


class RepositorySecrets:
    """What is known of them, read again after some seconds: no delivery costs a query. Threads may share it."""

    def __init__(self) -> None:
        self._secrets: dict[Name, tuple[str, ...]] = {}
        self._owners: dict[tuple[str, str], str | None] = {}
        self._read_at: datetime | None = None

    def any(self, provider: Provider, now: datetime) -> bool:
        """Whether there are any: else there is no reason to look into a body that is not proved."""
        if provider.slug != SLUG:
            return False
        self._refresh(now, FRESH)
        return bool(self._secrets) or self._refresh(now, SOON)

    def verify(self, provider: Provider, headers: Headers, payload: object, body: bytes, now: datetime) -> None:
        """Raise BadSignature unless the secret of the repository that the body is about proves it."""
        claim = _claim(headers, payload)
        if claim is None:
            raise BadSignature("the body names no repository, and the signature is not the instance's")
        name = (claim.host, claim.name.lower())
        if name not in self._secrets:
            self._refresh(now, SOON)
        try:
            provider.verify(headers, {}, body, self._secrets.get(name, ()))
        except BadSignature:
            if not self._refresh(now, SOON):
                raise
            provider.verify(headers, {}, body, self._secrets.get(name, ()))
        # Runs are filed by the repository's id: under its own name, nobody may write into another one.
        owner = self._owner(claim)
        if owner is not None and owner.lower() != claim.name.lower():
            raise BadSignature("the repository's id is that of another one")

    def _refresh(self, now: datetime, age: timedelta) -> bool:
        """Read them if they are older; whether they were read."""
        if self._read_at is not None and abs(now - self._read_at) < age:
            return False
        with engine.reading() as session:
            rows = watches.webhook_secrets(session)
        found: dict[Name, tuple[str, ...]] = {}
        for provider, host, name, sealed in rows:
            secret = _unsealed(sealed, name)
            if provider == SLUG and secret:
                key = (host.lower(), name.lower())
                found[key] = (*found.get(key, ()), secret)
        self._secrets, self._read_at, self._owners = found, now, {}
        return True

    def _owner(self, claim: Claim) -> str | None:
        """The repository that is known by this id; None when none is."""
        if claim.external_id is None:
            return None
        key = (claim.host, claim.external_id)
        owners = self._owners
        if key not in owners:
            with engine.reading() as session:
                owner = watches.name_of_repository(session, SLUG, claim.host, claim.external_id)
            if owner is None:
                return None
            if len(owners) >= MOST_REMEMBERED:
                owners.clear()
            owners[key] = owner
        return owners[key]


def _claim(headers: Mapping[str, str], payload: object) -> Claim | None:
    repository = mapping(mapping(payload).get("repository"))
    name = text(repository.get("full_name"))
    if name is None:
        return None
    host = (text(headers.get("x-github-enterprise-host")) or HOST).lower()
    return Claim(host, name, identifier(repository.get("id")))


def _unsealed(sealed: str, name: str) -> str | None:
    try:
        return vault.unseal(sealed)
    except vault.WrongKey:
        log.warning("the webhook secret of a repository cannot be read", repository=name)
        return None
