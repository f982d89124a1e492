"""Which processes serve and work."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from cicd_health.api.auth import ADMIN
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page
from cicd_health.store import engine
from cicd_health.store import processes as known

router = APIRouter(prefix="/api/v1/processes", tags=["processes"], dependencies=[ADMIN])


class Process(BaseModel):
    """A process on this database. `alive`: it gave a sign of life in the last minute; it gives one every 10 s."""

    id: str
    role: Literal["all", "web", "ingest", "worker"]
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    alive: bool


@router.get("")
def processes(now: Now) -> Page[Process]:
    """All of them in one page, the longest-lived first. One that ended without saying so is listed for another day."""
    with engine.reading() as session:
        everyone = known.known(session)
    return Page(items=[Process(**asdict(one), alive=known.is_alive(one, now)) for one in everyone])
