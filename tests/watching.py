"""Watching a stub as the product does: poll it, walk into its past, and look at what is stored afterwards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from cicd_health import flow
from cicd_health.model.watches import SourceLine, WatchLine
from cicd_health.store import engine, lists, watch_lines, watches
from cicd_health.store.tables import WatchRow

# What says when and how a row came here, not what happened at the provider.
OURS = {
    "id",
    "repo_id",
    "pipeline_id",
    "run_id",
    "job_id",
    "source_id",
    "scope_id",
    "named_at",
    "updated_at",
    "revision",
    "jobs_known",
    "quiet",
}
# Asked for anew by every poll that is due; a test says itself when.
WAITS = {"next_poll_at": None, "busy_until": None}


def now() -> datetime:
    return datetime.now(UTC)


def poll(watch_id: int, at: datetime | None = None) -> WatchLine:
    """One poll, as the job does it; what is then known of the watch."""
    flow.poll(watch_id, at or now())
    return line(watch_id)


def walk(watch_id: int, steps: int = 1000) -> WatchLine:
    """The way back, as the job does it, to its end or for so many turns; a wait is waited by nobody."""
    for _ in range(steps):
        with engine.reading() as session:
            row = watches.watch(session, watch_id)
        if row.backfill_started_at is None:
            break
        if flow.backfill(watch_id, row.backfill_started_at.isoformat(), now()) is None:
            break
    return line(watch_id)


def line(watch_id: int) -> WatchLine:
    with engine.reading() as session:
        found = watch_lines.line(session, watch_id, now())
    assert found is not None
    return found


def lines() -> list[WatchLine]:
    with engine.reading() as session:
        return watch_lines.lines(session, now())


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def source(source_id: int) -> SourceLine:
    with engine.reading() as session:
        return next(one for one in watch_lines.source_lines(session, now()) if one.id == source_id)


def let_pass(watch_id: int) -> None:
    """The wait for the next poll is over, whatever it was for."""
    with engine.writing() as session:
        row = session.get(WatchRow, watch_id)
        assert row is not None
        watches.change(session, watch_id, **WAITS)
        watches.change_source(session, row.source_id, next_poll_at=None)


def stored(source_id: int, *, without: frozenset[str] = frozenset()) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is known of a source's runs, by table, each row as (column, value) pairs without our own ids."""
    queries = {
        "repositories": "SELECT r.* FROM repositories r WHERE r.source_id = :id",
        "pipelines": "SELECT p.*, r.name AS repo FROM pipelines p JOIN repositories r ON r.id = p.repo_id "
        "WHERE r.source_id = :id",
        "runs": "SELECT u.*, r.name AS repo, p.name AS pipeline FROM runs u JOIN repositories r ON r.id = u.repo_id "
        "JOIN pipelines p ON p.id = u.pipeline_id WHERE r.source_id = :id",
        "attempts": "SELECT a.*, u.external_id AS run FROM attempts a JOIN runs u ON u.id = a.run_id "
        "JOIN repositories r ON r.id = u.repo_id WHERE r.source_id = :id",
        "jobs": "SELECT j.*, r.name AS repo FROM jobs j JOIN repositories r ON r.id = j.repo_id "
        "WHERE r.source_id = :id",
        "steps": "SELECT s.*, j.external_id AS job FROM steps s JOIN jobs j ON j.id = s.job_id "
        "JOIN repositories r ON r.id = j.repo_id WHERE r.source_id = :id",
        "tallies": "SELECT t.*, p.name AS pipeline, r.name AS repo FROM tallies t JOIN pipelines p "
        "ON t.scope = 'pipeline' AND t.scope_id = p.id JOIN repositories r ON r.id = p.repo_id "
        "WHERE r.source_id = :id",
    }
    left_out = OURS | without | {"created_at"}
    found = {}
    with engine.engine().connect() as connection:
        for table, query in queries.items():
            rows = connection.execute(sa.text(query), {"id": source_id}).mappings()
            # When a repository was first heard of is ours; when a run was created is not.
            skipped = left_out - {"created_at"} if table in ("runs", "jobs") else left_out
            found[table] = sorted(
                tuple((name, _plain(str(name), value)) for name, value in sorted(row.items()) if name not in skipped)
                for row in rows
            )
    return found


def _plain(name: str, value: Any) -> str:
    """Sums are JSON, whose order says nothing."""
    return json.dumps(json.loads(value), sort_keys=True) if name == "tally" else repr(value)


def differences(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> list[str]:
    """Which columns of which rows differ, in words."""
    found = []
    for table in one:
        if len(one[table]) != len(other[table]):
            found.append(f"{table}: {len(one[table])} rows and {len(other[table])}")
        for left, right in zip(one[table], other[table], strict=False):
            found += [f"{table}.{a[0]}: {a[1]} and {b[1]}" for a, b in zip(left, right, strict=True) if a != b]
    return found


def count(table: str) -> int:
    with engine.engine().connect() as connection:
        return connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0


def runs() -> Sequence[Any]:
    """Every run as the API lists it, newest first."""
    with engine.reading() as session:
        return lists.runs(session, lists.RunFilter(), limit=5000)
