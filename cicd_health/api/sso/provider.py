"""The provider of single sign-on: where it says that its doors are, its keys, and trading a code for an identity.

Source: OpenID Connect Discovery 1.0; RFC 6749, RFC 7636
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from cicd_health.api.sso.handshake import Handshake
from cicd_health.providers.http import Answer, open_client
from cicd_health.providers.json_reader import mapping, sequence
from cicd_health.providers.remote import RemoteError, Trouble

PATIENCE_S = 8.0  # for one answer: a person waits
KEEP_S = 3600.0
ASK_AGAIN_S = 30.0  # after it did not answer, or when a key is unknown
LARGEST = 2**20
JSON = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Doors:
    """What the provider says of itself."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str | None
    scopes: frozenset[str]
    takes_basic: bool


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are at the provider."""

    id: str
    secret: str | None
    back_to: str  # our address that it sends people back to


@dataclass(frozen=True, slots=True)
class Tokens:
    identity: str
    access: str | None


class Provider:
    """One provider; threads may share it. Every question raises RemoteError when it is not answered as it should."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._http = open_client(issuer, hurry_s=PATIENCE_S)  # one, so that it knows the issuer from servers it names
        self._doors: tuple[float, Doors] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._failure: tuple[float, Trouble, str] | None = None

    def doors(self) -> Doors:
        now = time.monotonic()
        if self._doors and now - self._doors[0] < KEEP_S:
            return self._doors[1]
        if self._failure and now - self._failure[0] < ASK_AGAIN_S:
            raise RemoteError(*self._failure[1:])
        try:
            found = read_doors(self._get(f"{self._issuer}/.well-known/openid-configuration"), self._issuer)
        except RemoteError as error:
            self._failure = (time.monotonic(), error.trouble, error.sentence)
            raise
        self._doors, self._failure = (now, found), None
        return found

    def keys(self, *, anew: bool = False) -> KeySet:
        """Its public keys; `anew` asks again, unless that was just now: an unknown key may be a new one."""
        now = time.monotonic()
        if self._keys and now - self._keys[0] < (ASK_AGAIN_S if anew else KEEP_S):
            return self._keys[1]
        keys = read_keys(self._get(self.doors().keys))
        self._keys = (now, keys)
        return keys

    def ask_for_code(self, handshake: Handshake, client: Client, claim: str | None) -> str:
        """Where to send the person, to sign in there."""
        doors = self.doors()
        scopes = ["openid", "email", "profile", *([claim] if claim in doors.scopes else [])]
        query = {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": client.back_to,
            "scope": " ".join(scopes),
            "state": handshake.state,
            "nonce": handshake.nonce,
            "code_challenge": create_s256_code_challenge(handshake.verifier),
            "code_challenge_method": "S256",
        }
        return f"{doors.authorization}{'&' if '?' in doors.authorization else '?'}{urlencode(query)}"

    def exchange(self, code: str, handshake: Handshake, client: Client) -> Tokens:
        """What a code is good for."""
        doors = self.doors()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.back_to,
            "code_verifier": handshake.verifier,
        }
        basic = client.secret is not None and doors.takes_basic
        if not basic:
            form |= {"client_id": client.id} | ({"client_secret": client.secret} if client.secret else {})
        headers = JSON | (_basic(client) if basic else {})
        return read_tokens(self._http.post(doors.token, form=form, headers=headers))

    def about(self, access_token: str) -> dict[str, Any]:
        """What it tells of the person beyond the identity; empty when it tells nothing."""
        address = self.doors().userinfo
        return {} if address is None else mapping(self._get(address, {"Authorization": f"Bearer {access_token}"}))

    def _get(self, address: str, headers: Mapping[str, str] | None = None) -> Any:
        answer = self._http.get(address, headers=JSON | dict(headers or {}), largest=LARGEST)
        if answer.status != 200:
            raise RemoteError(Trouble.GARBLED, f"{urlsplit(address).netloc} answered {answer.status}")
        return answer.json()


@lru_cache(maxsize=4)
def provider_at(issuer: str) -> Provider:
    """The same one each time, so that what it said of itself is asked once an hour."""
    return Provider(issuer)


def read_doors(document: Any, issuer: str) -> Doors:
    """Raises RemoteError for a document that is not of this issuer, or leads away from https."""
    said = mapping(document)
    name = said.get("issuer")
    if not isinstance(name, str) or name.rstrip("/") != issuer.rstrip("/"):
        raise RemoteError(
            Trouble.GARBLED, f"{urlsplit(issuer).netloc} says that it is {str(name)[:200]!r}, not {issuer}"
        )
    methods = said.get("token_endpoint_auth_methods_supported")
    return Doors(
        issuer=name,
        authorization=_door(said, "authorization_endpoint", issuer),
        token=_door(said, "token_endpoint", issuer),
        keys=_door(said, "jwks_uri", issuer),
        userinfo=_door(said, "userinfo_endpoint", issuer) if said.get("userinfo_endpoint") else None,
        scopes=frozenset(scope for scope in sequence(said.get("scopes_supported")) if isinstance(scope, str)),
        takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
    )


def _door(said: dict[str, Any], name: str, issuer: str) -> str:
    address = said.get(name)
    allowed = ("https",) if issuer.startswith("https:") else ("https", "http")
    try:
        fine = isinstance(address, str) and urlsplit(address).scheme in allowed and urlsplit(address).hostname
    except ValueError:
        fine = False
    if not fine or not isinstance(address, str) or not address.isprintable() or " " in address:
        raise RemoteError(Trouble.GARBLED, f"{urlsplit(issuer).netloc} gives no address for {name}")
    return address


def read_keys(document: Any) -> KeySet:
    """The keys that may have signed; a shared secret among them is none of those."""
    keys = [key for key in sequence(mapping(document).get("keys")) if isinstance(key, dict)]
    signing = [key for key in keys if key.get("kty") in ("RSA", "EC", "OKP") and key.get("use") in (None, "sig")]
    try:
        return KeySet.import_key_set({"keys": signing})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise RemoteError(Trouble.GARBLED, "the provider's keys cannot be read") from error


def read_tokens(answer: Answer) -> Tokens:
    said = mapping(answer.json())
    identity, access = said.get("id_token"), said.get("access_token")
    if answer.status != 200 or not isinstance(identity, str):
        reason = str(said.get("error") or answer.status)[:100]
        raise RemoteError(Trouble.UNAUTHORIZED, f"{urlsplit(answer.url).netloc} did not take the code ({reason})")
    return Tokens(identity, access if isinstance(access, str) else None)


def _basic(client: Client) -> dict[str, str]:
    """Source: RFC 6749, 2.3.1: both are escaped as in a form first."""
    pair = f"{quote_plus(client.id)}:{quote_plus(client.secret or '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
