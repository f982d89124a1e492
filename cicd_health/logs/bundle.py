"""The blocks of a log as one gzip file, out of which each block can be taken without reading the others.

One stream, not one per block: browsers and many clients read the first of several only, and take it for the whole.
Between the blocks the stream is flushed fully, so that each stands for itself. Source: RFC 1951, RFC 1952
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from cicd_health.logs.packing import LEVEL

GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
ZLIB_HEAD = b"\x78\x9c"
NOTHING_MORE = b"\x03\x00"  # a last block without content: pieces of a stream have none


@dataclass(frozen=True, slots=True)
class Span:
    """Where a block lies in the bundle, and the Adler-32 of its text."""

    starts_at: int
    length: int
    checksum: int


@dataclass(frozen=True, slots=True)
class Bundle:
    body: bytes
    spans: tuple[Span, ...]


def bundle(bodies: Iterable[bytes]) -> Bundle:
    """The texts of these blocks, compressed anew. Raises zlib.error for one that is broken."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    parts, spans, end, crc, size = [GZIP_HEAD], [], len(GZIP_HEAD), 0, 0
    for body in bodies:
        text = zlib.decompress(body)
        part = packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)
        spans.append(Span(end, len(part), zlib.adler32(text)))
        parts.append(part)
        end, crc, size = end + len(part), zlib.crc32(text, crc), size + len(text)
    tail = crc.to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little")
    return Bundle(b"".join([*parts, packer.flush(), tail]), tuple(spans))


def taken_out(part: bytes, checksum: int) -> bytes:
    """The body of the block that these bytes of a bundle are. Raises zlib.error when they are something else."""
    body = b"".join([ZLIB_HEAD, part, NOTHING_MORE, checksum.to_bytes(4, "big")])
    zlib.decompress(body)
    return body
