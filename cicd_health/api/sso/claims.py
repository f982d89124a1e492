"""What an id token says: verified, and read as an Identity.

Source: OpenID Connect Core 1.0, 3.1.3.7
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from cicd_health.access import ROLES, Identity
from cicd_health.settings import Settings

# Signatures by a private key alone: a shared secret, or none at all, would prove nothing.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
SKEW_S = 60  # between the provider's clock and ours
LONGEST = 100_000


class BadToken(Exception):
    """The id token is not one that this provider made for this sign-in."""


class UnknownKey(BadToken):
    """It was signed by a key that the provider has not shown."""


def verified(
    token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, access_token: str | None, now: datetime
) -> dict[str, Any]:
    """The claims of an id token. Raises BadToken unless signature, issuer, audience, time and nonce are right."""
    if len(token) > LONGEST:
        raise BadToken("it is too long")
    wanted: dict[str, Any] = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": client_id},
        "sub": {"essential": True},
        "nonce": {"essential": True, "value": nonce},
    }
    params = {"nonce": nonce, "client_id": client_id, "access_token": access_token}
    try:
        read = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
        claims = CodeIDToken(read.claims, read.header, options=wanted, params=params)
        claims.validate(now=int(now.timestamp()), leeway=SKEW_S)
    except InvalidKeyIdError as error:
        raise UnknownKey(str(error)) from error
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadToken(f"{type(error).__name__}: {str(error)[:200]}") from error
    return dict(claims)


def needs_more(claims: dict[str, Any], chosen: Settings) -> bool:
    """True when the id token leaves out what we want to know: some providers say it only when asked."""
    claim = chosen.oidc_role_claim
    return not claims.get("email") or (claim is not None and claim_at(claims, claim) is None)


def identity(claims: dict[str, Any], issuer: str, chosen: Settings) -> Identity:
    """Who that is, and the role it gives them here."""
    return Identity(
        issuer=issuer,
        subject=str(claims["sub"]),
        email=_text(claims.get("email")),
        verified=_verified(claims.get("email_verified")),
        name=_text(claims.get("name")),
        role=role(claims, chosen),
        role_rules=chosen.oidc_role_claim is not None,
    )


def role(claims: dict[str, Any], chosen: Settings) -> str | None:
    """The highest role that the values of the claim give; the default one without any; None for nobody."""
    default = None if chosen.oidc_default_role == "none" else chosen.oidc_default_role
    if chosen.oidc_role_claim is None:
        return default
    held = claim_at(claims, chosen.oidc_role_claim)
    values = {str(value) for value in held} if isinstance(held, list) else {str(held)}
    rules = (rule.rpartition("=") for rule in chosen.oidc_roles)
    given = {name for value, _, name in rules if value.strip() in values}
    return max(given, key=ROLES.index) if given else default


def claim_at(claims: dict[str, Any], name: str) -> Any:
    """The claim of this name, or the one at the end of this path; None when there is none."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _verified(value: Any) -> bool | None:
    """As it says, also in the words of those that send a text; None when it does not say."""
    return None if value is None else value is True or value == "true"
