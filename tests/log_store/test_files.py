"""Objects as files: whole or not at all, nowhere else than in the folder, and every trouble in a sentence."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cicd_health.log_store import LogStoreError, ObjectGone, new_key, place_at, probe

BODY = b"0123456789" * 1000


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Files of this process may not grow beyond so many bytes: a disk that fills up in the middle of one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "logs"


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def test_an_object_is_written_read_in_part_and_deleted(folder: Path):
    place, key = place_at(f"file://{folder}", None, None), new_key()
    place.put(key, BODY)
    place.put(key, BODY)
    assert place.size(key) == len(BODY)
    assert place.read(key, 15, 6) == b"567890"
    assert [file.stat().st_mode & 0o077 for file in files(folder)] == [0]
    assert place.link(key, "a.log") is None
    place.delete(key)
    place.delete(key)
    assert files(folder) == []
    with pytest.raises(ObjectGone):
        place.read(key, 0, 1)


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "/etc/passwd", "aa/../bb", "", f"4e/{0x4E77:032x}.gz\n", "zz/" + "0" * 32]
)
def test_a_key_that_is_not_ours_leads_nowhere(folder: Path, key: str):
    place = place_at(f"file://{folder}", None, None)
    for attempt in (lambda: place.put(key, b"x"), lambda: place.read(key, 0, 1), lambda: place.delete(key)):
        with pytest.raises(ValueError, match="not the key"):
            attempt()
    assert not folder.exists()


def test_of_an_object_that_did_not_fit_nothing_is_left(folder: Path):
    place, key = place_at(f"file://{folder}", None, None), new_key()
    with room_for(4096), pytest.raises(LogStoreError, match="cannot be written to: File too large"):
        place.put(key, BODY)
    assert files(folder) == []
    place.put(key, BODY)
    assert place.read(key, 0, len(BODY)) == BODY


def test_a_file_that_was_cut_is_not_taken_for_whole(folder: Path):
    place, key = place_at(f"file://{folder}", None, None), new_key()
    place.put(key, BODY)
    (folder / key).write_bytes(BODY[:50])
    with pytest.raises(LogStoreError, match="in part only"):
        place.read(key, 45, 10)


def test_a_folder_that_is_none_is_said(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(LogStoreError, match="cannot be written to: Not a directory"):
        place_at(f"file://{tmp_path}/file", None, None).put(new_key(), b"x")
    with pytest.raises(LogStoreError, match="is not there: mount it"):
        place_at(f"file://{tmp_path}/missing", None, None).read(new_key(), 0, 1)


def test_on_a_disk_that_is_not_mounted_nothing_counts_as_deleted(folder: Path):
    place, key = place_at(f"file://{folder}", None, None), new_key()
    place.put(key, BODY)
    elsewhere = folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(LogStoreError, match="is not there: mount it"):
        place.delete(key)
    elsewhere.rename(folder)
    place.delete(key)
    assert files(folder) == []


def test_trying_a_folder_leaves_nothing(folder: Path):
    probe(place_at(f"file://{folder}", None, None))
    assert files(folder) == []
