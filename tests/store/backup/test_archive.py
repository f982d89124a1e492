"""The file of a backup: read once, in its order, and refused when anything about it is not as it was written."""

from __future__ import annotations

import io
import random
import tarfile
from dataclasses import replace

import pytest

from cicd_health.store.backup import BackupError, Incoming, Manifest, Outgoing
from cicd_health.store.backup import archive as archive_module
from cicd_health.store.backup.manifest import Column, Table
from cicd_health.store.backup.text import Kind
from tests.factories import NOW

TABLES = tuple(Table(name, (Column("id", Kind.INTEGER),)) for name in ("runs", "jobs", "empty"))
MANIFEST = Manifest(1, "0.1.0", "202611220200", NOW, "sqlite", ("abc",), False, TABLES)
LINES = {
    "runs": b"".join(b"%d\n" % number for number in range(3000)),
    "jobs": random.Random(1).randbytes(200_000) + b"\n",
    "empty": b"",
}


def written(manifest: Manifest = MANIFEST, lines: dict[str, bytes] = LINES, secrets: bytes | None = None) -> bytes:
    file = io.BytesIO()
    out = Outgoing(file)
    out.begin(manifest)
    for name, content in lines.items():
        with out.table(name) as table:
            for place in range(0, len(content), 1000):
                table.write(content[place : place + 1000])
    if secrets is not None:
        out.add(archive_module.SECRETS, secrets)
    out.end()
    return file.getvalue()


def read(content: bytes) -> dict[str, bytes]:
    return {table.name: b"".join(arriving.blocks) for table, arriving in Incoming(io.BytesIO(content)).tables()}


@pytest.fixture
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "PART", 50_000)


@pytest.mark.usefixtures("_small_parts")
def test_what_was_written_is_read_in_parts_and_blocks():
    content = written(secrets=b"{}")
    assert read(content) == LINES
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        names = tar.getnames()
        assert {member.mode for member in tar} == {0o600}
    assert (names[0], names[-1]) == ("manifest.json", "totals.json")
    assert sum(name.startswith("tables/jobs/") for name in names) > 2
    incoming = Incoming(io.BytesIO(content))
    assert incoming.manifest == MANIFEST
    for _, arriving in incoming.tables():
        while arriving.read(777):
            pass
    assert incoming.secrets == b"{}"


def test_a_file_that_was_cut_short_anywhere_is_refused():
    content = written()
    whole = content.rindex(b"totals.json") + 512  # the rest is what tar ends with
    for size in (0, 1, 600, 2000, 100_000, whole - 512, whole):
        with pytest.raises(BackupError):
            read(content[:size])


def test_a_file_in_which_anything_was_changed_is_refused():
    content = written()
    rng = random.Random(7)
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        parts = [(member.offset_data, member.size) for member in tar if member.name.startswith("tables/")]
    for begins, size in parts:
        for _ in range(5):
            place = begins + rng.randrange(10, size)  # a gzip file's head says nothing about what is in it
            changed = content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]
            with pytest.raises(BackupError, match="damaged"):
                read(changed)


def test_a_table_that_is_missing_or_unknown_is_noticed():
    with pytest.raises(BackupError, match="empty"):
        read(written(lines={name: LINES[name] for name in ("runs", "jobs")}))
    with pytest.raises(BackupError, match="'users' is out of its place"):
        read(written(lines=LINES | {"users": b"1\n"}))


def test_a_file_of_another_kind_or_a_later_format_is_said_to_be_one():
    for other in (b"", b"hello" * 1000, written()[10_000:]):
        with pytest.raises(BackupError):
            Incoming(io.BytesIO(other))
    with pytest.raises(BackupError, match=r"format 2.*version 9\.1 or newer"):
        Incoming(io.BytesIO(written(replace(MANIFEST, format=2, version="9.1"))))
