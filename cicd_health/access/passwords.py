"""Passwords: argon2id, two at a time, as each takes 64 MB and a core for about 0.1 s."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from pwdlib import PasswordHash

from cicd_health import settings

SHORTEST, LONGEST = 10, 1000  # characters
_at_once = threading.BoundedSemaphore(2)


@cache
def _hasher() -> PasswordHash:
    """Argon2id with the library's present parameters."""
    return PasswordHash.recommended()


@cache
def _hash_of_nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def check(password: str, email: str) -> None:
    """Raise ValueError, with a sentence, for a password that is too easy to guess, or not this person's to choose."""
    chosen = settings.get()
    if chosen.admin_password_given and email.strip().lower() == chosen.admin_email.lower():
        raise ValueError("This password is the setting ADMIN_PASSWORD: change it there.")
    if len(password) < SHORTEST:
        raise ValueError(f"The password must have at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise ValueError(f"The password must have at most {LONGEST} characters.")
    if password.strip().lower() == email.strip().lower():
        raise ValueError("The password must not be the e-mail address.")


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _at_once:
        return _hasher().hash(password)


def matches(password: str, kept: str | None) -> tuple[bool, str | None]:
    """Whether it is the password, and what to keep from now on when the parameters are others today.

    Without a password kept it takes as long, and is False.
    """
    with _at_once:
        right, better = _hasher().verify_and_update(password, kept or _hash_of_nobody())
    return (right, better) if kept else (False, None)
