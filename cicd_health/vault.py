"""Secrets at rest: sealed with SECRET_KEY before they are stored, opened when they are used."""

from __future__ import annotations

import base64
import functools
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cicd_health import settings


class WrongKey(Exception):
    """The secret was sealed with a SECRET_KEY that is not set any more: it must be entered again."""


def seal(secret: str) -> str:
    """The secret as it may be stored: encrypted with the first key."""
    return _box(settings.get().secret_key).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret itself. Raises WrongKey."""
    try:
        return _box(settings.get().secret_key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise WrongKey("it was stored under another SECRET_KEY") from None


def opens(sealed: str) -> bool:
    """Whether one of the present keys opens it."""
    try:
        unseal(sealed)
    except WrongKey:
        return False
    return True


def reseal(sealed: str) -> str:
    """The same secret, encrypted with the first key. Raises WrongKey."""
    return seal(unseal(sealed))


def fingerprints() -> list[str]:
    """By which the present keys are known again, and which tell nothing of them that what they sealed does not."""
    return [hashlib.sha256(b"fingerprint of " + _derived(key)).hexdigest()[:16] for key in settings.get().secret_key]


@functools.lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    """A key of its own: SECRET_KEY also signs sessions."""
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"cicd-health secrets at rest")
    return base64.urlsafe_b64encode(hkdf.derive(key.encode()))
