"""Runs as they are while a batch is merged into them: read once, and locked until the transaction ends."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.counting import contributions
from cicd_health.model.run_state import RunState, Values
from cicd_health.model.tally import Contribution
from cicd_health.store.tables import AttemptRow, JobRow, RunRow

Key = tuple[int, str]  # repository, the run's external id
RUN, ATTEMPT, JOB = (SQLModel.metadata.tables[str(row.__tablename__)] for row in (RunRow, AttemptRow, JobRow))

# Statements are built once: building one costs as much as running it.


def _among(*columns: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    return sa.tuple_(*columns).in_(sa.bindparam(name, expanding=True))


RUNS = (
    sa.select(RUN)
    .where(_among(RUN.c.repo_id, RUN.c.external_id, name="keys"))
    .order_by(RUN.c.id)
    .with_for_update(key_share=True)
)
ATTEMPTS = sa.select(ATTEMPT).where(ATTEMPT.c.run_id.in_(sa.bindparam("ids", expanding=True)))
JOBS = sa.select(JOB).where(JOB.c.run_id.in_(sa.bindparam("ids", expanding=True)))
EARLY_JOBS = (
    sa.select(JOB)
    .where(JOB.c.run_id.is_(None), _among(JOB.c.repo_id, JOB.c.run_external_id, name="keys"))
    .order_by(JOB.c.id)
    .with_for_update()
)
RESERVE = sa.text("SELECT pg_advisory_xact_lock(n) FROM unnest(CAST(:numbers AS bigint[])) AS n")


@dataclass
class Held:
    """A run's state while it is held locked, and how it was when it was read."""

    state: RunState
    before: list[Contribution] = field(default_factory=list)
    verdict: tuple[int, str] | None = None
    rows: dict[int, Values] = field(default_factory=dict)  # as read, by the identity of their present dict

    @property
    def run_id(self) -> int | None:
        return self.state.run["id"] if self.state.run else None

    def read(self, row: Values) -> Values:
        self.rows[id(row)] = dict(row)
        return row

    def changed(self, row: Values) -> bool:
        return self.rows.get(id(row)) != row

    def was(self, row: Values) -> Values | None:
        """The row as it was read; None when it is new."""
        return self.rows.get(id(row))

    def all_were(self, rows: Iterable[Values]) -> list[Values]:
        """Those of these rows that are not new, as they were read."""
        return [was for row in rows if (was := self.was(row)) is not None]


def read_rows(session: Session, query: sa.Select[Any], **parameters: Any) -> list[Values]:
    return [dict(row._mapping) for row in session.connection().execute(query, parameters)]


def load(session: Session, keys: Iterable[Key]) -> dict[Key, Held]:
    """The present state of each run, locked until the transaction ends."""
    held = {key: Held(RunState(repo_id=key[0])) for key in keys}
    by_id: dict[int, Held] = {}
    for run in _lock(session, held):
        one = by_id[run["id"]] = held[run["repo_id"], run["external_id"]]
        one.state.run = one.read(run)
    if by_id:
        for attempt in read_rows(session, ATTEMPTS, ids=list(by_id)):
            one = by_id[attempt["run_id"]]
            one.state.attempts[attempt["attempt"]] = one.read(attempt)
        for job in read_rows(session, JOBS, ids=list(by_id)):
            one = by_id[job["run_id"]]
            one.state.jobs[job["external_id"]] = one.read(job)
    _load_early_jobs(session, {key: one for key, one in held.items() if one.state.run is None})
    for one in held.values():
        one.before, one.verdict = list(contributions(one.state)), one.state.verdict
    return held


def _lock(session: Session, keys: Collection[Key]) -> list[Values]:
    """The rows of these runs, locked; runs that have no row to lock yet are locked by their name.

    Else a job would be put aside as early while another process adds its run.
    """
    runs = read_rows(session, RUNS, keys=sorted(keys))
    missing = set(keys) - {(run["repo_id"], run["external_id"]) for run in runs}
    if not missing or session.get_bind().dialect.name != "postgresql":
        return runs
    numbers = sorted(_lock_number(key) for key in missing)
    session.connection().execute(RESERVE, {"numbers": numbers})
    return read_rows(session, RUNS, keys=sorted(keys))  # what others committed while we waited


def _lock_number(key: Key) -> int:
    return int.from_bytes(hashlib.sha256(f"run {key[0]} {key[1]}".encode()).digest()[:8], signed=True)


def _load_early_jobs(session: Session, held: dict[Key, Held]) -> None:
    """Jobs that arrived before their run."""
    if not held:
        return
    for job in read_rows(session, EARLY_JOBS, keys=sorted(held)):
        one = held[job["repo_id"], job["run_external_id"]]
        one.state.jobs[job["external_id"]] = one.read(job)
