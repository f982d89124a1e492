"""The file: a tar that is written and read in one go, so that neither memory nor a seekable file is needed.

`manifest.json`, then each table as `tables/NAME/00001.gz` and so on, perhaps `secrets.json`, and `totals.json` last:
without it the file was cut short. What is compressed of a table is, put together, one gzip file of lines.
"""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from cicd_health.store.backup.manifest import FORMAT, Manifest, Table, Total, totals_from_text, totals_to_text

MANIFEST, TOTALS, SECRETS = "manifest.json", "totals.json", "secrets.json"
PART = 4 * 1024 * 1024  # compressed bytes of a table that are held in memory
BLOCK = 1024 * 1024  # bytes that are read or unpacked at once
LEVEL = 1  # of compression: what is large in a table is compressed already
GZIP = 31  # zlib's word for a window of 32 kB in a gzip file
LONGEST_HEAD = 16 * 1024 * 1024  # of what is read whole


class BackupError(Exception):
    """The file is no backup, or not one that can be used here; the message is one sentence."""


class Outgoing:
    """A backup that is being written."""

    def __init__(self, file: BinaryIO) -> None:
        self.totals: dict[str, Total] = {}
        self._file = file
        self._made_at = 0.0

    def begin(self, manifest: Manifest) -> None:
        self._made_at = manifest.made_at.timestamp()
        self.add(MANIFEST, manifest.to_text().encode())

    def add(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = len(content), 0o600, int(self._made_at)
        self._file.write(member.tobuf(tarfile.PAX_FORMAT))
        self._file.write(content)
        self._file.write(bytes(-len(content) % tarfile.BLOCKSIZE))

    @contextmanager
    def table(self, name: str) -> Iterator[Lines]:
        """What is written to it while the block lasts are the lines of this table."""
        lines = Lines(self, name)
        yield lines
        self.totals[name] = lines.end()

    def end(self) -> dict[str, Total]:
        """Without this the backup is none. What was in it, by table."""
        self.add(TOTALS, totals_to_text(self.totals).encode())
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))  # how a tar ends
        return self.totals


class Lines:
    """One table's lines on their way into the archive, some of them in memory."""

    def __init__(self, out: Outgoing, name: str) -> None:
        self.rows = self.size = 0
        self._out, self._name = out, name
        self._parts = 0
        self._digest = hashlib.sha256()
        self._begin()

    def write(self, lines: bytes) -> int:
        self.rows += lines.count(b"\n")
        self.size += len(lines)
        self._digest.update(lines)
        self._packed.append(self._packer.compress(lines))
        self._held += len(self._packed[-1])
        if self._held >= PART:
            self._close()
            self._begin()
        return len(lines)

    def end(self) -> Total:
        self._close()
        return Total(self.rows, self.size, self._digest.hexdigest())

    def _begin(self) -> None:
        self._packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
        self._packed: list[bytes] = []
        self._held = 0

    def _close(self) -> None:
        self._parts += 1
        packed = b"".join([*self._packed, self._packer.flush()])
        self._out.add(f"tables/{self._name}/{self._parts:05}.gz", packed)


class Incoming:
    """A backup that is being read, once and in its order. Raises BackupError wherever it is damaged."""

    def __init__(self, file: BinaryIO) -> None:
        self.secrets: bytes | None = None
        self._totals: dict[str, Total] | None = None
        with _readable():
            self._tar = tarfile.open(fileobj=file, mode="r|", bufsize=BLOCK)  # noqa: SIM115 - read on by others
            self._next = self._tar.next()
            self.manifest = self._manifest()

    def _manifest(self) -> Manifest:
        if self._next is None or self._next.name != MANIFEST:
            raise BackupError("This is no backup of CI/CD Health: it does not begin with manifest.json.")
        manifest = Manifest.from_text(self._content())
        if manifest.format != FORMAT:
            raise BackupError(
                f"The backup has format {manifest.format}, this program reads format {FORMAT}: "
                f"restore it with version {manifest.version} or newer."
            )
        return manifest

    def tables(self) -> Iterator[tuple[Table, Arriving]]:
        """Each table with its lines, which must be read before the next one. The checksums are compared at the end."""
        known = {table.name: table for table in self.manifest.tables}
        arrived: dict[str, Total] = {}
        while self._next is not None:
            name = self._table_name()
            if name is None:
                self._keep()
            elif name not in known or name in arrived:
                raise BackupError(f"The backup is damaged: a table {name!r} is out of its place.")
            else:
                arriving = Arriving(self, name)
                yield known[name], arriving
                arrived[name] = arriving.end()
        self._compare(arrived)

    def advance(self) -> None:
        with _readable():
            self._next = self._tar.next()

    def part_of(self, table: str) -> IO[bytes] | None:
        """The next part of this table; None when there is none."""
        if self._next is None or self._table_name() != table:
            return None
        with _readable():
            return self._open(self._next)

    def _keep(self) -> None:
        assert self._next is not None
        name = self._next.name
        with _readable():
            content = self._content()
            if name == TOTALS:
                self._totals = totals_from_text(content)
            elif name == SECRETS:
                self.secrets = content

    def _content(self) -> bytes:
        """All of the next member, which is then over."""
        assert self._next is not None
        if self._next.size > LONGEST_HEAD:
            raise BackupError(f"The backup is damaged: {self._next.name} has {self._next.size:,} bytes.")
        content = self._open(self._next).read()
        self._next = self._tar.next()
        return content

    def _open(self, member: tarfile.TarInfo) -> IO[bytes]:
        file = self._tar.extractfile(member)
        if file is None:
            raise BackupError(f"The backup is damaged: {member.name} is no file.")
        return file

    def _table_name(self) -> str | None:
        assert self._next is not None
        folder, _, rest = self._next.name.partition("/")
        return rest.partition("/")[0] if folder == "tables" else None

    def _compare(self, arrived: dict[str, Total]) -> None:
        if self._totals is None:
            raise BackupError("The backup is not whole: its end is missing.")
        missing = {table.name for table in self.manifest.tables} - set(arrived)
        wrong = [name for name, total in arrived.items() if self._totals.get(name) != total]
        if missing or wrong:
            raise BackupError(
                f"The backup is damaged: the checksum of {min(missing) if missing else wrong[0]} does not fit."
            )


class Arriving:
    """The lines of one table on their way out of the archive: in blocks, or as a file to read."""

    def __init__(self, archive: Incoming, name: str) -> None:
        self.rows = self.size = 0
        self.error: BackupError | None = None  # for whoever calls through code that loses it
        self._archive, self._name = archive, name
        self._digest = hashlib.sha256()
        self._rest = b""  # of the block that is being read in pieces
        self.blocks = self._unpacked()

    def _unpacked(self) -> Iterator[bytes]:
        while (part := self._archive.part_of(self._name)) is not None:
            with _readable(), gzip.GzipFile(fileobj=part) as unpacked:
                while block := unpacked.read(BLOCK):
                    self.rows += block.count(b"\n")
                    self.size += len(block)
                    self._digest.update(block)
                    yield block
            self._archive.advance()

    def read(self, size: int = -1) -> bytes:
        """Some of what is left, empty at the end."""
        try:
            return self._piece(size)
        except BackupError as error:
            self.error = error
            raise

    def _piece(self, size: int) -> bytes:
        self._rest = self._rest or next(self.blocks, b"")
        piece, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return piece

    def end(self) -> Total:
        for _ in self.blocks:
            pass
        return Total(self.rows, self.size, self._digest.hexdigest())


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"The backup is damaged or not whole: {error}.") from error
