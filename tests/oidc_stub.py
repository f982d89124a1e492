"""A real OpenID Connect provider on this machine, honest or lying: discovery, keys, authorization, codes, tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.stub_server import Answer, Request, StubServer, as_json

CLIENT_ID, CLIENT_SECRET = "cicd-health", "a secret: of the client"


@dataclass
class Person:
    """Who is signed in at the provider, and what it says of them beyond their subject."""

    sub: str = "wren-1"
    claims: dict[str, Any] = field(
        default_factory=lambda: {"email": "wren@kestrel.example", "email_verified": True, "name": "Wren Alder"}
    )


class OidcProvider(StubServer):
    """`person` signs in without being asked. `lies` replace claims of the id token; None leaves one out.

    `signs` is how: "RS256"; "other key", which it never showed; "none"; or "HS256" with its public key as the secret.
    """

    def __init__(self) -> None:
        super().__init__()
        self.person = Person()
        self.lies: dict[str, Any] = {}
        self.signs = "RS256"
        self.userinfo: dict[str, Any] | None = None
        self.says: dict[str, Any] = {}  # instead of what discovery says
        self.key = _key("first")
        self._codes: dict[str, dict[str, str]] = {}

    def answer(self, request: Request) -> Answer:
        doors = {
            "/.well-known/openid-configuration": self._discovery,
            "/keys": self._keys,
            "/authorize": self._authorize,
            "/token": self._token,
            "/userinfo": self._userinfo,
        }
        door = doors.get(request.path)
        return Answer(404) if door is None else door(request)

    def turn_key(self) -> None:
        """From now on another key signs."""
        self.key = _key("second")

    def _discovery(self, _request: Request) -> Answer:
        document = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "scopes_supported": ["openid", "email", "profile", "groups"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return as_json(document | self.says)

    def _keys(self, _request: Request) -> Answer:
        return as_json({"keys": [self.key.as_dict(private=False)]})

    def _authorize(self, request: Request) -> Answer:
        asked = request.query
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        return Answer(302, b"", {"Location": f"{asked['redirect_uri']}?{back}"})

    def _token(self, request: Request) -> Answer:
        form = dict(parse_qsl(request.body.decode()))
        asked = self._codes.pop(form.get("code", ""), None)
        if not self._is_client(request, form):
            return as_json({"error": "invalid_client"}, 401)
        if asked is None or _challenge(form.get("code_verifier", "")) != asked["code_challenge"]:
            return as_json({"error": "invalid_grant"}, 400)
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return as_json({"error": "invalid_grant"}, 400)
        return as_json({"access_token": "at", "token_type": "Bearer", "id_token": self._id_token(asked["nonce"])})

    def _is_client(self, request: Request, form: dict[str, str]) -> bool:
        kind, _, pair = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            said = [unquote_plus(part) for part in base64.b64decode(pair).decode().split(":")]
        else:
            said = [form.get("client_id", ""), form.get("client_secret", "")]
        return said == [CLIENT_ID, CLIENT_SECRET]

    def _userinfo(self, request: Request) -> Answer:
        if request.headers.get("authorization") != "Bearer at" or self.userinfo is None:
            return Answer(401)
        return as_json(self.userinfo)

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": self.person.sub,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.person.claims,
            **self.lies,
        }
        return self._signed({name: value for name, value in claims.items() if value is not None})

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.signs == "RS256":
            return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        if self.signs == "other key":
            return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, _key("other"))
        body = ".".join(_b64(json.dumps(part).encode()) for part in ({"alg": self.signs, "kid": self.key.kid}, claims))
        if self.signs == "none":
            return f"{body}."
        shown = self.key.as_pem(private=False)
        return f"{body}.{_b64(hmac.new(shown, body.encode(), hashlib.sha256).digest())}"


@cache
def _key(kid: str) -> RSAKey:
    """Made once: that takes longer than all else here."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


def _challenge(verifier: str) -> str:
    return _b64(hashlib.sha256(verifier.encode()).digest())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
