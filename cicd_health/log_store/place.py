"""What a place for objects can do, and what goes wrong there."""

from __future__ import annotations

import re
import secrets
from typing import Protocol

KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}\.gz")


class LogStoreError(Exception):
    """The place does not do what it was asked; the message is one sentence that says what to see to."""


class ObjectGone(LogStoreError):
    """There is no object under this key."""


class ObjectBroken(LogStoreError):
    """The object is not what was written. The others may be well."""


class Place(Protocol):
    """All of it raises LogStoreError. Keys are those of `new_key`."""

    def put(self, key: str, body: bytes) -> None:
        """Write an object, whole or not at all. Writing it again is harmless."""
        ...

    def size(self, key: str) -> int:
        """Bytes of an object. Raises ObjectGone."""
        ...

    def read(self, key: str, start: int, length: int) -> bytes:
        """Exactly these bytes of an object. Raises ObjectGone, and ObjectBroken."""
        ...

    def delete(self, key: str) -> None:
        """Delete an object, and what may be left of trying to write it. One that is not there is deleted already."""
        ...

    def link(self, key: str, file_name: str) -> str | None:
        """An address that gives whoever has it the object as a text file, for 5 minutes; None where there is none."""
        ...


def new_key() -> str:
    """A key that is nobody else's, and that nobody can guess. The folder keeps directories small."""
    name = secrets.token_hex(16)
    return f"{name[:2]}/{name}.gz"


def checked(key: str) -> str:
    """The key itself. Raises ValueError for one that is not ours: a key becomes a part of a path."""
    if not KEY.fullmatch(key):
        raise ValueError("not the key of a log")
    return key
