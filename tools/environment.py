"""Make `.venv` and install pinned requirements into it: `python3 tools/environment.py requirements.txt …`.

The command `cicd-health` is put there, too. The second time, with the same files, it does nothing. A Python without
`ensurepip`, as Debian ships it, is helped by its own pip, else by apt when we are root.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
CONSTRAINTS = ROOT / "constraints.txt"
COMMAND = VENV / "bin" / "cicd-health"
# In the folder of the program, where its `.env` and `data` are, wherever it is called from.
PROGRAM = '#!/bin/sh\ncd {root} && exec {python} -m cicd_health "$@"\n'
OLDEST = (3, 11)


def main(files: list[str]) -> None:
    if sys.version_info < OLDEST:
        sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: make PYTHON=/path/to/python3.11 …")
    wanted = {file: digest(file) for file in files}
    installed = read_stamp()
    if any(installed.get(file) != value for file, value in wanted.items()):
        if not installed and not works():
            create()
        print(f"Installing {', '.join(files)} into .venv", flush=True)
        install(files)
        STAMP.write_text(json.dumps(installed | wanted, indent=2), encoding="utf-8")
    add_command()


def add_command() -> None:
    """Write `.venv/bin/cicd-health`, unless it is there: the program without an installation of its own."""
    wanted = PROGRAM.format(python=shlex.quote(str(PYTHON)), root=shlex.quote(str(ROOT)))
    if not COMMAND.exists() or COMMAND.read_text(encoding="utf-8") != wanted:
        COMMAND.write_text(wanted, encoding="utf-8")
        COMMAND.chmod(0o755)


def digest(file: str) -> str:
    """What an installation depends on: the file, the versions of everything below it, and the Python."""
    parts = [(ROOT / file).read_bytes(), CONSTRAINTS.read_bytes(), sys.version.encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def read_stamp() -> dict[str, str]:
    try:
        return json.loads(STAMP.read_text(encoding="utf-8")) if PYTHON.exists() else {}
    except (OSError, ValueError):
        return {}


def works() -> bool:
    """Whether `.venv` is an environment that pip can install into, made by whomever."""
    return PYTHON.exists() and run(str(PYTHON), "-m", "pip", "--version", quiet=True)


def create() -> None:
    """Make the environment, with pip in it where this Python can."""
    shutil.rmtree(VENV, ignore_errors=True)
    if run(sys.executable, "-m", "venv", str(VENV), quiet=True):
        return
    if os.geteuid() == 0 and shutil.which("apt-get") and apt("python3-venv", "python3-pip"):
        shutil.rmtree(VENV, ignore_errors=True)
        if run(sys.executable, "-m", "venv", str(VENV), quiet=True):
            return
    shutil.rmtree(VENV, ignore_errors=True)
    if not run(sys.executable, "-m", "venv", "--without-pip", str(VENV)):
        sys.exit("This Python cannot make a virtual environment; on Debian: apt-get install python3-venv")


def install(files: list[str]) -> None:
    pip = [str(PYTHON), "-m", "pip"] if works() else [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    options = ["install", "--quiet", "--disable-pip-version-check", "--no-input", "-c", str(CONSTRAINTS)]
    requirements = [part for file in files for part in ("-r", str(ROOT / file))]
    if not run(*pip, *options, *requirements):
        sys.exit("The packages could not be installed: see above. Without pip, on Debian: apt-get install python3-venv")


def apt(*packages: str) -> bool:
    """Install Debian packages; we must be root."""
    command = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    return run(*command, quiet=True) or (run("apt-get", "update", "-qq", quiet=True) and run(*command, quiet=True))


def run(*command: str, quiet: bool = False) -> bool:
    out = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False).returncode == 0


if __name__ == "__main__":
    main(sys.argv[1:])
