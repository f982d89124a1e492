"""A file of whole HTTP requests, each behind its length, and the secret that signed them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

SECRET = "bench-secret-of-no-value"
LENGTH = struct.Struct("<I")


def packed(request: bytes) -> bytes:
    return LENGTH.pack(len(request)) + request


def requests(file: Path) -> Iterator[bytes]:
    """The requests of such a file, one after the other."""
    with file.open("rb") as source:
        while head := source.read(LENGTH.size):
            yield source.read(LENGTH.unpack(head)[0])
