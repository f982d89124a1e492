"""The kept tallies of a data set, counted by the product's own code, in as many processes as there are cores."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.store import engine, kept_sums, recount

ROOT = Path(__file__).parents[2]
FEW = 10_000  # runs; starting processes would take longer


def count(bind: sa.Engine, runs: int, now: datetime) -> None:
    """Every day; `now` is noted as when they were counted."""
    parts = 1 if runs < FEW else os.cpu_count() or 1
    url = bind.url.render_as_string(hide_password=False)
    if parts == 1:
        count_days(bind, 0, 1)
    else:
        commands = ([sys.executable, "-m", "bench.dataset.sums", url, str(part), str(parts)] for part in range(parts))
        working = [subprocess.Popen(command, cwd=ROOT) for command in commands]
        if any([process.wait() for process in working]):
            raise RuntimeError("the tallies could not be counted")
    with Session(bind) as session, session.begin():
        kept_sums.note_counted(session, now)


def count_days(bind: sa.Engine, part: int, parts: int) -> None:
    """Each day of which the number, divided by `parts`, leaves `part`. Nobody writes meanwhile."""
    with Session(bind) as session:
        days = recount.days(session)
    for day in days[part::parts]:
        with Session(bind) as session, session.begin():
            recount.count_tallies(session, day)


if __name__ == "__main__":
    count_days(engine.create_engine(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
