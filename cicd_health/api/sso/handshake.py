"""What a browser keeps while its person is at the provider: signed, for ten minutes, in a cookie of this path only."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass

from itsdangerous import BadData, URLSafeTimedSerializer

from cicd_health import settings

COOKIE = "cicd_sso"
PATH = "/login/sso"
LASTS_S = 600
LONGEST_PATH = 1500  # of the page to go to afterwards: a cookie has no room for more


@dataclass(frozen=True, slots=True)
class Handshake:
    """`state` ties the answer to this browser, `nonce` the identity to this question, `verifier` the code to us."""

    state: str
    nonce: str
    verifier: str
    following: str


def begin(following: str) -> Handshake:
    """A new one; `following` is the path to go to afterwards."""
    random = (secrets.token_urlsafe(32) for _ in range(3))
    return Handshake(*random, following if len(following) <= LONGEST_PATH else "/")


def sealed(handshake: Handshake) -> str:
    """The value of the cookie."""
    return _serializer().dumps(asdict(handshake))


def opened(cookie: str | None, state: str | None) -> Handshake | None:
    """What the cookie says, if it is ours, young, and belongs to this state."""
    if not cookie or not state:
        return None
    try:
        handshake = Handshake(**_serializer().loads(cookie, max_age=LASTS_S))
    except (BadData, TypeError):
        return None
    return handshake if secrets.compare_digest(handshake.state.encode(), state.encode("utf-8", "replace")) else None


def _serializer() -> URLSafeTimedSerializer:
    newest_last = list(reversed(settings.get().secret_key))
    return URLSafeTimedSerializer(newest_last, salt="cicd-health single sign-on")
