"""Webhook secrets of single sources and repositories: each proves deliveries about its own, and about no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from cicd_health import vault
from cicd_health.providers import github, jenkins
from cicd_health.providers.json_reader import identifier, mapping, text
from cicd_health.providers.provider import BadPayload, BadSignature, Headers, Ignored, Provider
from cicd_health.store import engine, own_secrets, watches
from cicd_health.store.own_secrets import OwnSecret

log = structlog.get_logger(__name__)

FRESH = timedelta(seconds=5)  # as long, what was read holds
SOON = timedelta(seconds=1)  # and as long, when it did not prove a delivery: a secret may be new
MOST_REMEMBERED = 10_000
Place = tuple[str, str, str | None]  # provider, host and repository, in lower case; no repository: the whole host


@dataclass(frozen=True, slots=True)
class Claim:
    """Which host an unproved body says it is from, and which repository it says it is about."""

    host: str
    name: str | None
    external_id: str | None


class OwnSecrets:
    """What is known of them, read again after some seconds: no delivery costs a query. Threads may share it."""

    def __init__(self) -> None:
        self._secrets: dict[Place, tuple[str, ...]] = {}
        self._owners: dict[tuple[str, str], str | None] = {}
        self._read_at: datetime | None = None

    def any(self, provider: Provider, now: datetime) -> bool:
        """Whether the provider has any: else there is no reason to look into a body that is not proved."""
        self._refresh(now, FRESH)
        return self._has(provider) or (self._refresh(now, SOON) and self._has(provider))

    def _has(self, provider: Provider) -> bool:
        return any(place[0] == provider.slug for place in self._secrets)

    def verify(
        self,
        provider: Provider,
        headers: Headers,
        query: Mapping[str, str],
        payload: object,
        body: bytes,
        now: datetime,
    ) -> None:
        """Raise BadSignature unless a secret of the host or the repository that the body names proves it."""
        claim = CLAIMS[provider.slug](provider, headers, payload)
        if not self._of(provider, claim):
            self._refresh(now, SOON)
        try:
            by_host = self._proved(provider, headers, query, body, claim)
        except BadSignature:
            if not self._refresh(now, SOON):
                raise
            by_host = self._proved(provider, headers, query, body, claim)
        if not by_host:
            self._check_owner(claim)

    def _of(self, provider: Provider, claim: Claim) -> tuple[str, ...]:
        return self._of_host(provider, claim) + self._of_repository(provider, claim)

    def _of_host(self, provider: Provider, claim: Claim) -> tuple[str, ...]:
        return self._secrets.get((provider.slug, claim.host, None), ())

    def _of_repository(self, provider: Provider, claim: Claim) -> tuple[str, ...]:
        if claim.name is None:
            return ()
        return self._secrets.get((provider.slug, claim.host, claim.name.lower()), ())

    def _proved(
        self, provider: Provider, headers: Headers, query: Mapping[str, str], body: bytes, claim: Claim
    ) -> bool:
        """True: by the host's secret, False: by the repository's. Raises BadSignature for neither."""
        of_host = self._of_host(provider, claim)
        if of_host:
            try:
                provider.verify(headers, query, body, of_host)
            except BadSignature:
                pass
            else:
                return True
        provider.verify(headers, query, body, self._of_repository(provider, claim))
        return False

    def _check_owner(self, claim: Claim) -> None:
        """Runs are filed by the repository's id: under its own name, nobody may write into another one."""
        owner = self._owner(claim)
        if owner is not None and owner.lower() != (claim.name or "").lower():
            raise BadSignature("the repository's id is that of another one")

    def _refresh(self, now: datetime, age: timedelta) -> bool:
        """Read them if they are older; whether they were read."""
        if self._read_at is not None and abs(now - self._read_at) < age:
            return False
        with engine.reading() as session:
            rows = own_secrets.holding(session, now)
        found: dict[Place, tuple[str, ...]] = {}
        for row in rows:
            secret = _unsealed(row)
            if secret:
                place = row.provider, row.host.lower(), row.repository.lower() if row.repository is not None else None
                found[place] = (*found.get(place, ()), secret)
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
                owner = watches.name_of_repository(session, github.SLUG, claim.host, claim.external_id)
            if owner is None:
                return None
            if len(owners) >= MOST_REMEMBERED:
                owners.clear()
            owners[key] = owner
        return owners[key]


def _claim_of_github(_provider: Provider, headers: Headers, payload: object) -> Claim:
    repository = mapping(mapping(payload).get("repository"))
    host = (text(headers.get("x-github-enterprise-host")) or github.HOST).lower()
    return Claim(host, text(repository.get("full_name")), identifier(repository.get("id")))


def _claim_of_jenkins(provider: Provider, headers: Headers, payload: object) -> Claim:
    """The server that every build of the body is on. What names none proves nothing: it could be any server's."""
    try:
        hosts = {event.host.lower() for event in provider.parse(headers, payload)}
    except (Ignored, BadPayload) as error:
        raise BadSignature(f"the token is not the instance's, and the body names no build: {error}") from None
    if len(hosts) != 1 or hosts == {jenkins.HOST}:
        raise BadSignature("the token is not the instance's, and the body does not say its server")
    return Claim(hosts.pop(), None, None)


CLAIMS = {github.SLUG: _claim_of_github, jenkins.SLUG: _claim_of_jenkins}


def _unsealed(row: OwnSecret) -> str | None:
    try:
        return vault.unseal(row.sealed)
    except vault.WrongKey:
        log.warning("a webhook secret cannot be opened", host=row.host, repository=row.repository)
        return None
