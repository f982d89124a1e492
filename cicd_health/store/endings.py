"""Ended attempts, counted for machines: what was counted once stays counted, whatever becomes of its run.

Each transaction that saves ends adds rows of its own, so that no two writers wait for each other; `fold` puts rows of
the same kind together now and then. Whoever reads adds up what there is, in one statement: a sum that is in no
moment smaller than before, in any process, also after a restart and after old runs were deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.endings import Ended
from cicd_health.model.runs import Outcome, Status
from cicd_health.store.held_runs import Held, read_rows
from cicd_health.store.tables import EndingsRow, PipelineRow, RepositoryRow

ENDINGS, PIPELINE, REPOSITORY = (
    SQLModel.metadata.tables[str(row.__tablename__)] for row in (EndingsRow, PipelineRow, RepositoryRow)
)
OTHERS = 0  # instead of a pipeline: all that have no place of their own
BATCH = 5_000  # rows that one transaction folds
SILENT = timedelta(days=90)  # a pipeline that ended nothing for so long gives its place up
FOLDING = 6_420_417_201  # of PostgreSQL's advisory locks: one process folds at a time

INSERT = sa.insert(ENDINGS)
FORGET = sa.delete(ENDINGS).where(ENDINGS.c.id.in_(sa.bindparam("ids", expanding=True)))
KEPT = sa.select(ENDINGS).where(ENDINGS.c.placed)
ADDED = sa.select(ENDINGS).where(ENDINGS.c.placed.is_(False)).order_by(ENDINGS.c.id).limit(BATCH)
ALL = (
    sa.select(ENDINGS, PIPELINE.c.name.label("pipeline"), REPOSITORY.c.name.label("repo"))
    .join_from(ENDINGS, PIPELINE, PIPELINE.c.id == ENDINGS.c.pipeline_id, isouter=True)
    .join(REPOSITORY, REPOSITORY.c.id == PIPELINE.c.repo_id, isouter=True)
)
Key = tuple[int, str, str]  # pipeline, provider, outcome


@dataclass(frozen=True, slots=True)
class EndedLine:
    """What ended in one way. `pipeline` and `repo` are None for those without a place."""

    pipeline_id: int
    pipeline: str | None
    repo: str | None
    provider: str
    outcome: Outcome
    ended: Ended


def note(session: Session, touched: Iterable[Held], now: datetime) -> None:
    """Count the attempts of these runs that have just ended. History that was fetched later is not counted."""
    sums: dict[Key, Ended] = {}
    for one in touched:
        run = one.state.run
        if run is None or run["quiet"]:
            continue
        for attempt in one.state.attempts.values():
            was = one.was(attempt)
            if attempt["status"] == Status.COMPLETED and (was is None or was["status"] != Status.COMPLETED):
                key = run["pipeline_id"], run["provider"], attempt["outcome"]
                sums.setdefault(key, Ended()).put(attempt["duration_s"], attempt["queue_s"])
    if sums:
        session.connection().execute(INSERT, [_row(key, ended, now, placed=False) for key, ended in sums.items()])


def read(session: Session) -> list[EndedLine]:
    """All that ended, by pipeline and outcome. What ended of a pipeline without a place follows when it is folded."""
    rows: Sequence[Any] = session.connection().execute(ALL).all()
    places = {row.pipeline_id for row in rows if row.placed}
    lines: dict[Key, EndedLine] = {}
    for row in rows:
        if row.pipeline_id not in places:
            continue
        key = row.pipeline_id, row.provider, row.outcome
        if key not in lines:
            named = row.pipeline_id, row.pipeline, row.repo, row.provider
            lines[key] = EndedLine(*named, Outcome(row.outcome), Ended())
        lines[key].ended.add(Ended.from_text(row.sums))
    return [lines[key] for key in sorted(lines)]


def fold(session: Session, places: int, now: datetime) -> int:
    """Put rows of the same kind together, some at a time; how many were added since. At most `places` get their own.

    The first pipelines to end something have the places. The others are counted together, for good: a pipeline that
    gets a place later begins at nothing there, so that neither sum goes down.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(sa.select(sa.func.pg_advisory_xact_lock(FOLDING)))
    kept, added = read_rows(session, KEPT), read_rows(session, ADDED)
    silent = _silent([*kept, *added], now)
    placed = _placed(kept, added, silent, places)
    groups: dict[Key, list[Any]] = {}
    for row in (*(row for row in kept if row["pipeline_id"] not in silent), *added):
        pipeline_id = row["pipeline_id"] if row["pipeline_id"] in placed else OTHERS
        groups.setdefault((pipeline_id, row["provider"], row["outcome"]), []).append(row)
    changed = {key: rows for key, rows in groups.items() if len(rows) > 1 or not rows[0]["placed"]}
    gone = [row["id"] for row in kept if row["pipeline_id"] in silent]
    gone += [row["id"] for rows in changed.values() for row in rows]
    if gone:
        session.connection().execute(FORGET, {"ids": gone})
    if changed:
        session.connection().execute(INSERT, [_folded(key, rows) for key, rows in changed.items()])
    return len(added)


def _silent(rows: Iterable[Any], now: datetime) -> set[int]:
    """Pipelines that ended nothing for long."""
    latest: dict[int, datetime] = {}
    for row in rows:
        latest[row["pipeline_id"]] = max(row["at"], latest.get(row["pipeline_id"], row["at"]))
    return {pipeline_id for pipeline_id, at in latest.items() if at < now - SILENT} - {OTHERS}


def _placed(kept: Iterable[Any], added: Iterable[Any], silent: set[int], places: int) -> set[int]:
    """Who has a place of its own: whoever had one, and then the first to come while there are any left."""
    placed = {row["pipeline_id"] for row in kept} - silent - {OTHERS}
    for row in added:
        if len(placed) < places and row["pipeline_id"] not in silent:
            placed.add(row["pipeline_id"])
    return placed


def _folded(key: Key, rows: Sequence[Any]) -> dict[str, Any]:
    total = Ended()
    for row in rows:
        total.add(Ended.from_text(row["sums"]))
    return _row(key, total, max(row["at"] for row in rows), placed=True)


def _row(key: Key, ended: Ended, at: datetime, *, placed: bool) -> dict[str, Any]:
    pipeline_id, provider, outcome = key
    values = {"pipeline_id": pipeline_id, "provider": provider, "outcome": outcome}
    return values | {"sums": ended.to_text(), "placed": placed, "at": at}
