"""Which logs to ask the provider for, and what is needed to ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from cicd_health.model.logs import LogState
from cicd_health.model.runs import FAILED, Status
from cicd_health.store.logs.reading import key_of
from cicd_health.store.logs.writing import FAILED_OUTCOMES, show_state
from cicd_health.store.tables import LogRow

TABLES = SQLModel.metadata.tables
LOG, RUN, ATTEMPT, JOB, REPO = (TABLES[name] for name in ("logs", "runs", "attempts", "jobs", "repositories"))
NEVER_RAN = ("skipped", "stale", "action_required")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose log it is: a job's, or with `job_id` None that of an attempt of a run. Ids as the provider has them."""

    provider: str
    source_id: int
    repo: str
    run_id: int
    run_external_id: str
    job_id: int | None
    job_external_id: str | None
    attempt: int
    finished: bool
    failed: bool


@dataclass(frozen=True, slots=True)
class Errand:
    """One log to be fetched. `since` is when it was first asked for; `lines` are those that are here already."""

    owner: Owner
    state: LogState
    complete: bool
    posted: bool  # what is here was sent to us, perhaps in part: what can be fetched replaces it
    position: int
    lines: int
    tries: int
    since: datetime


OWNERS = (
    sa.select(
        RUN.c.provider,
        REPO.c.source_id,
        REPO.c.name.label("repo"),
        RUN.c.id.label("run_id"),
        RUN.c.external_id.label("run_external_id"),
    )
    .select_from(RUN)
    .join(REPO, REPO.c.id == RUN.c.repo_id)
)
OF_JOBS = OWNERS.join(JOB, JOB.c.run_id == RUN.c.id).add_columns(
    JOB.c.id.label("job_id"), JOB.c.external_id.label("job_external_id"), JOB.c.attempt, JOB.c.status, JOB.c.outcome
)
OF_ATTEMPTS = OWNERS.join(ATTEMPT, ATTEMPT.c.run_id == RUN.c.id).add_columns(
    sa.null().label("job_id"), sa.null().label("job_external_id"), ATTEMPT.c.attempt, ATTEMPT.c.status,
    ATTEMPT.c.outcome,
)  # fmt: skip


def owner(session: Session, run_id: int, job_id: int | None = None, attempt: int | None = None) -> Owner:
    """Of a job of this run, else of one attempt (None: the last). Raises LookupError when there is no such thing."""
    query = OF_JOBS.where(JOB.c.id == job_id) if job_id is not None else OF_ATTEMPTS
    query = query.where(RUN.c.id == run_id)
    if job_id is None:
        query = query.where(ATTEMPT.c.attempt == (RUN.c.attempt if attempt is None else attempt))
    row = session.connection().execute(query).one_or_none()
    if row is None:
        raise LookupError(f"There is no such job or attempt of run {run_id}.")
    return _owner(row)


def _owner(row: sa.Row) -> Owner:
    of_row = {name: getattr(row, name) for name in Owner.__dataclass_fields__ if name not in ("finished", "failed")}
    return Owner(**of_row, finished=row.status == Status.COMPLETED, failed=row.outcome in FAILED)


def to_fetch(session: Session, run_ids: Sequence[int], since: datetime, *, every: bool) -> list[Owner]:
    """Jobs and last attempts of these runs that ended since then, failed ones or with `every` all, without a log.

    A log that was posted, or read while the build ran, may be a part of it only: it counts as none.
    """
    found: list[Owner] = []
    for query, row in ((OF_JOBS, JOB), (OF_ATTEMPTS.where(ATTEMPT.c.attempt == RUN.c.attempt), ATTEMPT)):
        # In the words of the key, so that its index finds the row.
        key = (
            sa.literal("job:") + sa.cast(JOB.c.id, sa.Text)
            if row is JOB
            else sa.literal("run:") + sa.cast(RUN.c.id, sa.Text) + ":" + sa.cast(ATTEMPT.c.attempt, sa.Text)
        )
        ended = row.c.status == Status.COMPLETED.value, row.c.completed_at >= since
        chosen = row.c.outcome.not_in(NEVER_RAN) if every else row.c.outcome.in_(FAILED_OUTCOMES)
        missing = sa.or_(LOG.c.id.is_(None), _is_part(LOG.c))
        query = query.outerjoin(LOG, LOG.c.key == key).where(RUN.c.id.in_(run_ids), *ended, chosen, missing)
        found += [_owner(row) for row in session.connection().execute(query)]
    return found


def _is_part(log: Any) -> sa.ColumnElement[bool]:
    """Perhaps not the whole of it, and the whole was not tried for and given up yet."""
    part = sa.or_(log.position == 0, log.complete.is_(False))
    return sa.and_(log.state == LogState.KEPT.value, part, log.next_try_at.is_(None), log.tries == 0)


def to_follow(session: Session, run_ids: Sequence[int], provider: str) -> list[Owner]:
    """Runs of this provider among these that are in progress and whose log nobody asked for yet."""
    query = OF_ATTEMPTS.where(
        RUN.c.id.in_(run_ids),
        RUN.c.provider == provider,
        RUN.c.status == Status.IN_PROGRESS.value,
        RUN.c.log_state == LogState.NONE.value,
        ATTEMPT.c.attempt == RUN.c.attempt,
    )
    return [_owner(row) for row in session.connection().execute(query)]


def following(session: Session) -> int:
    """How many logs of running builds are read on as they grow."""
    unfinished = LOG.c.state == LogState.PENDING.value, LOG.c.complete.is_(False), RUN.c.status != Status.COMPLETED
    query = sa.select(sa.func.count()).select_from(LOG).join(RUN, RUN.c.id == LOG.c.run_id).where(*unfinished)
    return session.connection().execute(query).scalar_one()


def ensure(session: Session, whose: Owner, now: datetime) -> LogRow | None:
    """The log's row, made if it is missing, and locked; None while somebody else writes this log."""
    key = key_of(whose.run_id, whose.attempt, whose.job_id)
    dialect = sa.dialects.postgresql if session.get_bind().dialect.name == "postgresql" else sa.dialects.sqlite
    new = LogRow(
        key=key,
        run_id=whose.run_id,
        job_id=whose.job_id,
        attempt=whose.attempt,
        state=LogState.NONE.value,
        created_at=now,
    )
    insert = dialect.insert(LOG).values(**new.model_dump(exclude={"id"}))
    session.connection().execute(insert.on_conflict_do_nothing(index_elements=["key"]))
    return session.exec(select(LogRow).where(LogRow.key == key).with_for_update(skip_locked=True)).one_or_none()


def ask(session: Session, whose: Owner, now: datetime) -> int | None:
    """Note that this log is wanted; its id. What is here of it stays until it comes. None when it is just coming."""
    row = ensure(session, whose, now)
    if row is None:
        return None
    row.tries, row.next_try_at, row.error, row.created_at = 0, now, None, now
    if not row.lines:
        row.state = LogState.PENDING.value
    show_state(session, row)
    return row.id


def has_better(session: Session, run_id: int, attempt: int, lines: int) -> bool:
    """Whether the log of an attempt is here already: fetched, or sent to us with more lines than these."""
    row = session.exec(select(LogRow).where(LogRow.key == key_of(run_id, attempt, None))).one_or_none()
    return row is not None and (row.position > 0 or row.lines > lines)


def errand(session: Session, log_id: int) -> Errand | None:
    """What is needed to fetch it; None when it is not there, or not wanted any more."""
    row = session.get(LogRow, log_id)
    if row is None or (row.state != LogState.PENDING and row.next_try_at is None):
        return None
    return Errand(
        owner=owner(session, row.run_id, row.job_id, row.attempt),
        state=LogState(row.state),
        complete=row.complete,
        posted=row.position == 0 and row.lines > 0,
        position=row.position,
        lines=row.lines,
        tries=row.tries,
        since=row.created_at,
    )


def failed_without_excerpt(session: Session, run_ids: Sequence[int]) -> list[int]:
    """Logs of failed runs and jobs among these that were kept before it was known that they failed."""
    failed = sa.case((LOG.c.job_id.is_(None), RUN.c.outcome), else_=JOB.c.outcome).in_(FAILED_OUTCOMES)
    query = (
        sa.select(LOG.c.id)
        .join(RUN, sa.and_(RUN.c.id == LOG.c.run_id, RUN.c.attempt == LOG.c.attempt))
        .outerjoin(JOB, JOB.c.id == LOG.c.job_id)
        .where(LOG.c.run_id.in_(run_ids), LOG.c.state == LogState.KEPT.value, LOG.c.cause.is_(None))
        .where(LOG.c.next_try_at.is_(None), LOG.c.lines > 0, failed)
    )
    return list(session.connection().execute(query).scalars())


def pending_since(session: Session, before: datetime, limit: int) -> list[int]:
    """Logs that should have been tried again before this moment: their job was lost."""
    query = select(LogRow.id).where(LogRow.state == LogState.PENDING.value, col(LogRow.next_try_at) < before)
    return [id for id in session.exec(query.order_by(col(LogRow.next_try_at)).limit(limit)) if id is not None]
