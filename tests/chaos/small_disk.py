"""A file system of a few megabytes, to be filled up."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

BLOCK = 4096


class NotAllowed(Exception):
    """Nobody may mount here; the message is mount's."""


class SmallDisk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, leave: int = 0) -> None:
        """Until so many bytes are left."""
        there = os.statvfs(self.folder)
        with suppress(OSError), self._ballast.open("ab") as ballast:
            for _ in range(max(0, there.f_bavail * there.f_frsize - leave) // BLOCK):
                ballast.write(b"\0" * BLOCK)
                ballast.flush()

    def empty(self) -> None:
        """The space is free again."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def mounted(folder: Path, megabytes: int) -> Generator[SmallDisk]:
    """Raises NotAllowed."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={megabytes}m,mode=0777"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotAllowed(done.stderr.strip())
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=False, capture_output=True)
