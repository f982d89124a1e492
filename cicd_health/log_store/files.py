"""Objects as files of a folder. Several machines may share it, by NFS or the like."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from cicd_health.log_store.place import LogStoreError, ObjectBroken, ObjectGone, checked

PART = ".part"  # ends the name of a file that is being written


class Folder:
    """Implements Place."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def put(self, key: str, body: bytes) -> None:
        """Written beside its place and moved there, on the disk before this returns."""
        file = self._file(key)
        with self._told("written to"):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = file.with_name(file.name + PART)
            try:
                _write(part, body)
                os.replace(part, file)
            except BaseException:
                with contextlib.suppress(OSError):
                    part.unlink()
                raise
            _sync(file.parent)
            _sync(self._folder)

    def size(self, key: str) -> int:
        with self._told("read"):
            return self._file(key).stat().st_size

    def read(self, key: str, start: int, length: int) -> bytes:
        with self._told("read"), self._file(key).open("rb") as file:
            file.seek(start)
            body = file.read(length)
        if len(body) != length:
            raise ObjectBroken(f"The log store {self._folder} has {key} in part only: a file there was cut.")
        return body

    def delete(self, key: str) -> None:
        file = self._file(key)
        with self._told("written to"):
            for one in (file, file.with_name(file.name + PART)):
                with contextlib.suppress(FileNotFoundError):
                    one.unlink()
            self._folder.stat()  # where it is not mounted, nothing was deleted

    def link(self, key: str, file_name: str) -> str | None:
        return None

    def _file(self, key: str) -> Path:
        return self._folder / checked(key)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if not self._folder.is_dir():  # a disk that is not mounted has lost nothing
                raise LogStoreError(f"The log store {self._folder} is not there: mount it, or make it.") from error
            raise ObjectGone(f"A log is not in {self._folder} any more.") from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise LogStoreError(f"The log store {self._folder} cannot be {what}: {reason}.") from error


def _write(part: Path, body: bytes) -> None:
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """The name of a new file is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
