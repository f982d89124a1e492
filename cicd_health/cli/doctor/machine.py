"""What the server needs of this machine: a folder to write to, room on the disk, the built page, the port."""

from __future__ import annotations

import http.client
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from cicd_health.cli import page_build, server
from cicd_health.cli.doctor.finding import Finding, error, ok, warning
from cicd_health.settings import Settings

LITTLE, TOO_LITTLE = 2 << 30, 200 << 20  # bytes that are free
ASK_S = 5


def folder(chosen: Settings) -> Iterator[Finding]:
    """DATA_DIR, and the disk under it."""
    subject, path = "data folder", chosen.data_dir.absolute()
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    if not os.access(there, os.W_OK):
        yield error(subject, f"{there} cannot be written to.", "Let its owner be who runs the server, or set DATA_DIR.")
        return
    free = shutil.disk_usage(there).free
    text = f"{path}, {free / 1e9:,.1f} GB are free."
    if free < TOO_LITTLE:
        yield error(subject, text, "Make room: what arrives cannot be kept for much longer.")
    elif free < LITTLE:
        yield warning(subject, text, "Make room, or keep things for a shorter time: …_RETENTION_DAYS and `prune`.")
    else:
        yield ok(subject, text)


def page(chosen: Settings, root: Path = page_build.ROOT) -> Iterator[Finding]:
    """Whether the page is built."""
    if chosen.backend_env == "dev" or page_build.is_current(root):
        yield ok("page", "It is built.")
    else:
        yield warning(
            "page", "It is not built, or from other sources.", "`build` builds it; `serve` does so at its start."
        )


def port(chosen: Settings) -> Iterator[Finding]:
    """Whether the server answers there, and is ready, or could be started there."""
    where = f"{chosen.host}:{chosen.port}"
    try:
        status, said = _ready(chosen)
    except (OSError, http.client.HTTPException, ValueError):
        try:
            server.check_free(chosen.host, chosen.port)
        except server.AddressError as taken:
            yield error("port", str(taken), "")
        else:
            yield warning("port", f"Nobody serves {where}; it is free.", "`serve` starts the server.")
        return
    if status == http.HTTPStatus.OK and said.get("status") == "ready":
        yield ok("port", f"The server answers at {where}, and is ready.")
    elif "reasons" in said:
        yield error("port", f"The server at {where} is not ready: {said.get('detail')}.", "Its log says more.")
    else:
        yield error("port", f"Another program answers at {where}.", "Stop it, or set another PORT.")


def _ready(chosen: Settings) -> tuple[int, dict[str, object]]:
    """What the server says of itself. Raises OSError, HTTPException or ValueError when it is not ours."""
    connection = http.client.HTTPConnection(server.here(chosen.host), chosen.port, timeout=ASK_S)
    try:
        connection.request("GET", "/ready")
        answer = connection.getresponse()
        said = json.loads(answer.read(100_000))
        return answer.status, said if isinstance(said, dict) else {}
    finally:
        connection.close()
