"""Secrets the product made for itself: one JSON file that only its owner can read."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import secrets
import tempfile
from collections.abc import Generator
from pathlib import Path

FILE_NAME = "secrets.json"


class SecretFileError(Exception):
    """The file cannot be read or written; the message is one sentence."""


def path(folder: Path) -> Path:
    return folder / FILE_NAME


def secret(folder: Path, name: str) -> str:
    """The secret of this name: the one kept in the folder, or a new one that is kept from now on.

    Two processes that start at once get the same one. Raises SecretFileError.
    """
    try:
        kept = _read(folder)
        if name not in kept:
            kept = _add(folder, name)
    except OSError as error:
        raise _unusable(folder, error) from error
    return kept[name]


def names(folder: Path) -> frozenset[str]:
    """The names of the secrets that are kept; empty before the first start. Raises SecretFileError."""
    try:
        return frozenset(_read(folder))
    except OSError as error:
        raise _unusable(folder, error) from error


def changed_at(folder: Path) -> int:
    """Another number whenever the file is another; 0 while there is none."""
    try:
        return path(folder).stat().st_mtime_ns
    except OSError:
        return 0


def kept(folder: Path) -> tuple[str, ...]:
    """The secrets themselves, for those who must not let them out; empty when the file cannot be read."""
    try:
        return tuple(_read(folder).values())
    except (OSError, SecretFileError):
        return ()


def content(folder: Path) -> bytes | None:
    """The whole file, for a backup; None when there is none. Raises SecretFileError."""
    try:
        return path(folder).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(folder, error) from error


def put(folder: Path, restored: bytes) -> Path | None:
    """Put a file from a backup in its place; where other secrets went that were there. Raises SecretFileError."""
    try:
        said = _understood(path(folder), restored.decode(errors="replace"))
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            before = _keep_aside(folder) if _differs(folder, said) else None
            _write(folder, said)
    except OSError as error:
        raise _unusable(folder, error) from error
    return before


def _keep_aside(folder: Path) -> Path:
    """A copy under a name that none before it has: what is sealed with these secrets is lost without them."""
    names = (path(folder).with_suffix(f".before{number or ''}.json") for number in itertools.count())
    before = next(name for name in names if not name.exists())
    _write_file(before, path(folder).read_bytes())
    return before


def _differs(folder: Path, said: dict[str, str]) -> bool:
    there = content(folder)
    return there is not None and there != _as_bytes(said)


def _unusable(folder: Path, error: OSError) -> SecretFileError:
    return SecretFileError(f"DATA_DIR is {str(folder)!r}, but {path(folder)} cannot be used: {error}.")


def _add(folder: Path, name: str) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        kept = _read(folder)  # again: another process may have been first
        kept.setdefault(name, secrets.token_urlsafe(32))
        _write(folder, kept)
    return kept


def _read(folder: Path) -> dict[str, str]:
    file = path(folder)
    try:
        return _understood(file, file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def _understood(file: Path, text: str) -> dict[str, str]:
    try:
        kept = json.loads(text)
    except ValueError as error:
        raise SecretFileError(
            f"{file} is not JSON; put its backup in its place, or remove it to start anew."
        ) from error
    if not isinstance(kept, dict) or not all(isinstance(value, str) for value in kept.values()):
        raise SecretFileError(f"{file} is not a JSON object of texts; put its backup in its place.")
    return kept


def _write(folder: Path, kept: dict[str, str]) -> None:
    _write_file(path(folder), _as_bytes(kept))


def _as_bytes(kept: dict[str, str]) -> bytes:
    return json.dumps(kept, indent=2, sort_keys=True).encode()


def _write_file(place: Path, content: bytes) -> None:
    """Write beside the file, then take its place, so that nobody ever reads half of it. Files of mkstemp are 0600."""
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=FILE_NAME)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, place)
    except BaseException:
        os.unlink(name)
        raise


@contextlib.contextmanager
def _locked(folder: Path) -> Generator[None]:
    with open(folder / f"{FILE_NAME}.lock", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
