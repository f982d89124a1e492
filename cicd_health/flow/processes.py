"""The signs of life of this process."""

from __future__ import annotations

from datetime import datetime

from cicd_health.model.processes import Process
from cicd_health.store import engine, processes


def beat(process: Process, now: datetime) -> None:
    """Say that the process lives. It is announced to nobody: pages would be read anew for it all the time."""
    with engine.writing() as session:
        processes.beat(session, process, now)


def leave(process_id: str) -> None:
    """Say that the process ends."""
    with engine.writing() as session:
        processes.forget(session, process_id)
