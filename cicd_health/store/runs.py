"""Runs, attempts, jobs and steps: a batch of events in, the rows merged, and what changed out.

A batch costs the same few statements whether it holds one event or fifty. Existing rows are locked before
they are read, so that two processes never merge into the same old state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import sqlalchemy as sa
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlmodel import Session, SQLModel

from cicd_health.model import runs as model
from cicd_health.model.counting import contributions, of_run
from cicd_health.model.run_state import Values, apply_attempt, apply_job, finish
from cicd_health.model.runs import Outcome
from cicd_health.model.tally import Contribution
from cicd_health.store import breakages, endings, names
from cicd_health.store.consequences import keep_flakes, moved_verdicts, tried_commits
from cicd_health.store.held_runs import ATTEMPT, JOB, RUN, Held, load, read_rows
from cicd_health.store.numbers_anew import Numbers
from cicd_health.store.tables import PipelineRow, StepRow

PIPELINE, STEP = (SQLModel.metadata.tables[str(row.__tablename__)] for row in (PipelineRow, StepRow))

# Statements are built once: building one costs as much as running it.
PIPELINES = (
    sa.select(PIPELINE.c.id)
    .where(PIPELINE.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(PIPELINE.c.id)
    .with_for_update(key_share=True)
)
FORGET_STEPS = sa.delete(STEP).where(STEP.c.job_id.in_(sa.bindparam("ids", expanding=True)))
JOBS_KNOWN = (
    sa.update(RUN)
    .where(RUN.c.id == sa.bindparam("key"), RUN.c.jobs_known < sa.bindparam("known"))
    .values(jobs_known=sa.bindparam("known"))
)
NEWER = RUN.alias("newer")
# Cancelled while a newer run of the same pipeline and branch was there: of these runs, or of these pipelines since.
OVERTAKEN = sa.select(RUN).where(
    sa.text("runs.outcome = 'cancelled'"),  # in the words of the partial index, or SQLite does not use it
    sa.or_(
        RUN.c.id.in_(sa.bindparam("ids", expanding=True)),
        sa.and_(
            RUN.c.pipeline_id.in_(sa.bindparam("pipelines", expanding=True)),
            RUN.c.completed_at > sa.bindparam("since", type_=RUN.c.completed_at.type),
        ),
    ),
    sa.exists().where(
        NEWER.c.pipeline_id == RUN.c.pipeline_id,
        NEWER.c.branch.is_not_distinct_from(RUN.c.branch),
        NEWER.c.created_at > RUN.c.created_at,
        NEWER.c.created_at < RUN.c.completed_at,
    ),
)


class Collided(Exception):
    """Another process made the same row at the same moment: roll back and save again."""


@dataclass(frozen=True, slots=True)
class Change:
    """One run that a batch touched. `ended`: its last attempt has a new or different end; `failed`: a bad one;
    `spoke`: one with a verdict. `quiet`: it is history, of which nobody is told.

    The pipelines of runs that are new or have ended stay locked until the transaction ends.
    """

    run_id: int
    pipeline_id: int
    default_branch: bool
    new: bool
    ended: bool
    failed: bool
    branch: str | None = None
    quiet: bool = False
    spoke: bool = True


@dataclass(frozen=True, slots=True)
class Saved:
    """What a batch changed: runs, the sums to take away and to add, and the run of each event."""

    changes: tuple[Change, ...]
    removed: tuple[Contribution, ...]
    added: tuple[Contribution, ...]
    run_ids: tuple[int | None, ...]  # in the order of the events; None for a job whose run is not here yet


def save(
    session: Session,
    events: Sequence[model.Event],
    now: datetime,
    *,
    quiet: Sequence[bool],
    pushed: Sequence[bool] | None = None,
) -> Saved:
    """Merge events into the rows. Saving never moves a thing backwards, and saving again changes nothing.

    `quiet` says of each event whether it is history, `pushed` whether its source sent it by itself (None: all).
    Raises Collided when another process was first.
    """
    places = names.resolve(session, events, now)
    names.heard(session, places if pushed is None else [p for p, sent in zip(places, pushed, strict=True) if sent], now)
    keys = [(place.repo_id, _run_key(event)) for place, event in zip(places, events, strict=True)]
    held = load(session, keys)
    numbers = Numbers(session, held)
    for index, (event, place, is_quiet) in enumerate(zip(events, places, quiet, strict=True)):
        keys[index], event = numbers.settle(keys[index], event)
        state = held[keys[index]].state
        if isinstance(event, model.Attempt) and place.pipeline_id is not None:
            at = {"pipeline_id": place.pipeline_id, "default_branch": place.default_branch}
            apply_attempt(state, event, **at, quiet=is_quiet)
        elif isinstance(event, model.Job):
            apply_job(state, event)
    touched = list(held.values())
    for one in touched:
        finish(one.state)
    _write_runs(session, touched, now)
    _write_attempts(session, touched)
    _write_jobs(session, touched)
    endings.note(session, touched, now)
    changes = tuple(_changes(touched))
    moved, tried = moved_verdicts(touched), tried_commits(touched)
    settled = {change.pipeline_id for change in changes if change.new or change.ended}
    lock_pipelines(session, settled.union((place[0] for place in moved), (commit[0] for commit in tried)))
    cancelled, superseded = _supersede(session, touched, now)
    rows = {one.state.run["id"]: one.state.run for one in touched if one.state.run is not None}
    were_restored, are_restored = breakages.mend(session, moved, rows) if moved else ([], [])
    if tried:
        keep_flakes(session, tried)
    return Saved(
        changes=changes,
        removed=(*(c for one in touched for c in one.before), *cancelled, *were_restored),
        added=(*(c for one in touched for c in contributions(one.state)), *superseded, *are_restored),
        run_ids=tuple(held[key].run_id for key in keys),
    )


def note_jobs_known(session: Session, known: Mapping[int, int]) -> None:
    """Remember of these runs up to which attempt all jobs were read."""
    rows = [{"key": run_id, "known": attempt} for run_id, attempt in sorted(known.items())]
    session.connection().execute(JOBS_KNOWN, rows)


def lock_pipelines(session: Session, pipeline_ids: Iterable[int]) -> None:
    """Until the transaction ends, so that whoever looks at their verdicts sees what the one before saved."""
    read_rows(session, PIPELINES, ids=sorted(set(pipeline_ids)))


def _run_key(event: model.Event) -> str:
    return event.external_id if isinstance(event, model.Attempt) else event.run_external_id


def _write_runs(session: Session, touched: list[Held], now: datetime) -> None:
    runs = [run for one in touched if (run := one.state.run) is not None and one.changed(run)]
    for run in runs:
        run["updated_at"] = now
    _write(session, RUN, runs, ("repo_id", "external_id"))


def _write_attempts(session: Session, touched: list[Held]) -> None:
    rows = []
    for one in touched:
        for attempt in one.state.attempts.values():
            attempt["run_id"] = one.run_id
            if one.changed(attempt):
                rows.append(attempt)
    _write(session, ATTEMPT, rows, ("run_id", "attempt"))


def _write_jobs(session: Session, touched: list[Held]) -> None:
    rows = []
    for one in touched:
        for job in one.state.jobs.values():
            job["run_id"] = one.run_id
            if one.changed(job):
                rows.append(job)
    _write(session, JOB, rows, ("repo_id", "external_id"))
    steps = {
        one.state.jobs[external_id]["id"]: steps for one in touched for external_id, steps in one.state.steps.items()
    }
    if steps:
        session.connection().execute(FORGET_STEPS, {"ids": sorted(steps)})
        session.connection().execute(
            sa.insert(STEP), [_step_values(job_id, s) for job_id, of_job in steps.items() for s in of_job]
        )


def _step_values(job_id: int, step: model.Step) -> Values:
    return {
        "job_id": job_id,
        "number": step.number,
        "name": step.name,
        "status": step.status.value,
        "outcome": step.outcome.value,
        "started_at": step.started_at,
        "completed_at": step.completed_at,
        "duration_s": model.seconds_between(step.started_at, step.completed_at),
    }


def _write(session: Session, table: sa.Table, rows: list[Values], unique: tuple[str, ...]) -> None:
    """Insert the rows that have no id yet, setting it; update the others. Raises Collided."""
    new = [row for row in rows if row.get("id") is None]
    old = [row for row in rows if row.get("id") is not None]
    connection = session.connection()
    if new:
        usual = _usual_values(table)
        insert = _insert(table, connection.dialect.name, unique)
        found = connection.execute(insert, [usual | {n: row[n] for n in usual if n in row} for row in new])
        ids = {tuple(one[1:]): one[0] for one in found}
        if len(ids) < len(new):
            raise Collided(table.name)
        for row in new:
            row["id"] = ids[tuple(row[name] for name in unique)]
    if old:
        connection.execute(_update(table), [row | {"key": row["id"]} for row in old])


@cache
def _usual_values(table: sa.Table) -> Values:
    """The columns a new row needs, with their defaults."""
    defaults = {column.name: column.default for column in table.c if column.name != "id"}
    return {n: d.arg if isinstance(d, ScalarElementColumnDefault) else None for n, d in defaults.items()}


@cache
def _insert(table: sa.Table, dialect: str, unique: tuple[str, ...]) -> sa.Insert:
    module = sa.dialects.postgresql if dialect == "postgresql" else sa.dialects.sqlite
    insert = module.insert(table).on_conflict_do_nothing(index_elements=list(unique))
    return insert.returning(table.c.id, *(table.c[name] for name in unique))


@cache
def _update(table: sa.Table) -> sa.Update:
    names = [column.name for column in table.c if column.name != "id"]
    return sa.update(table).where(table.c.id == sa.bindparam("key")).values({n: sa.bindparam(n) for n in names})


def _supersede(session: Session, touched: list[Held], now: datetime) -> tuple[list[Contribution], list[Contribution]]:
    """Turn cancelled runs that a newer run had overtaken before they ended into superseded ones.

    Looks at the cancelled runs of this batch, and at older ones that a new run of this batch overtook.
    Returns what those runs added to the tallies before, and what they add now.
    """
    runs = [one.state.run for one in touched if one.state.run is not None]
    cancelled = [run["id"] for run in runs if run["outcome"] == Outcome.CANCELLED]
    new = [one.state.run for one in touched if one.state.run is not None and not one.before]
    if not cancelled and not new:
        return [], []
    pipelines = {run["pipeline_id"] for run in new}
    since = min((run["created_at"] for run in new), default=now)
    found = read_rows(session, OVERTAKEN, ids=cancelled, pipelines=sorted(pipelines), since=since)
    after = [_superseded(run) for run in found]
    for run in after:
        changed = {"outcome": run["outcome"], "first_outcome": run["first_outcome"], "updated_at": now}
        session.connection().execute(sa.update(RUN).where(RUN.c.id == run["id"]).values(changed))
        of_last = sa.and_(ATTEMPT.c.run_id == run["id"], ATTEMPT.c.attempt == run["attempt"])
        session.connection().execute(sa.update(ATTEMPT).where(of_last).values(outcome=run["outcome"]))
    return [of_run(run) for run in found], [of_run(run) for run in after]


def _superseded(run: Values) -> Values:
    word = Outcome.SUPERSEDED.value
    return run | {"outcome": word, "first_outcome": word if run["attempt"] == 1 else run["first_outcome"]}


def _changes(touched: list[Held]) -> Iterable[Change]:
    for one in touched:
        run = one.state.run
        if run is not None:
            ended = one.state.verdict != one.verdict and run["status"] == "completed"
            failed = run["outcome"] in model.FAILED
            place = run["id"], run["pipeline_id"], run["default_branch"]
            more = {"branch": run["branch"], "quiet": run["quiet"], "spoke": run["outcome"] in model.VERDICTS}
            yield Change(*place, not one.before, ended, failed, **more)
