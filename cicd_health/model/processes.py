"""Who serves and works: the processes of one installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

WORKER = "worker"
WORKING = frozenset({"all", WORKER})  # the roles that do the background jobs


@dataclass(frozen=True, slots=True)
class Process:
    """One process since its start. `role` is all, web, ingest or worker; `seen_at` is its last sign of life."""

    id: str
    role: str
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
