"""A run in a real database, and what its page tells of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

from cicd_health.store import engine
from cicd_health.store.tables import JobRow, RunRow, StepRow
from cicd_health.ui.run_view.said import Said
from cicd_health.ui.run_view.story import Story, read
from tests.factories import NOW, Rows

ZONE = ZoneInfo("UTC")
MINUTE = timedelta(minutes=1)


@contextmanager
def rows() -> Iterator[Rows]:
    with engine.writing() as session:
        yield Rows(session)


def story(build: Callable[[Rows], RunRow], attempt: int = 0) -> Story:
    """What is read of the run that `build` makes."""
    with rows() as made:
        run = build(made)
        run_id = run.id
    assert run_id is not None
    return read_again(run_id, attempt)


def read_again(run_id: int, attempt: int = 0) -> Story:
    with engine.reading() as session:
        found = read(session, run_id, attempt, NOW)
    assert found is not None
    return found


def step(made: Rows, job: JobRow, number: int, name: str, outcome: str, seconds: float = 60) -> None:
    assert job.id is not None
    assert job.started_at is not None
    values = {"status": "completed", "outcome": outcome, "started_at": job.started_at, "duration_s": seconds}
    made._add(
        StepRow(
            job_id=job.id, number=number, name=name, completed_at=job.started_at + timedelta(seconds=seconds), **values
        )
    )


def words(said: list[Said]) -> str:
    """The sentence as it reads; code in backticks."""
    return "".join(f"`{part.text}`" if part.kind == "code" else part.text for part in said)
