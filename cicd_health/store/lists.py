"""The lists people page through, newest first, and one run with all that belongs to it. Alerts: `alert_lists`.

A page continues after a place: the (moment, id) of the last row of the page before, so that rows that arrive in
between neither repeat nor hide any. Rows are mappings of column names, with the names of what they refer to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.runs import Outcome, Status
from cicd_health.store import counted
from cicd_health.store.counted import Among
from cicd_health.store.reports.lists import source_state
from cicd_health.store.tables import UtcDateTime

SECRETS = ("token", "app_private_key", "webhook_secret", "webhook_secret_before")
Row = sa.RowMapping
Rows = Sequence[Row]
Place = tuple[datetime, int]
Named = tuple[str, int]  # a place in a list that is ordered by name
TABLES = SQLModel.metadata.tables
SOURCE, REPO, PIPELINE, RUN, ATTEMPT, JOB, STEP = (
    TABLES[name] for name in ("sources", "repositories", "pipelines", "runs", "attempts", "jobs", "steps")
)
DELIVERY = TABLES["deliveries"]
ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
LARGEST_ID = 2**63 - 1
NO_SIGNATURE = "none"


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs: those for which everything that is said holds. `start` is included, `end` is not.

    `pipeline` is a pipeline's id in digits, or its name; `sha` may be the beginning of one, of 4 digits or more;
    `q` is looked for in title, branch, actor, commit, and in the names of pipeline and repository; `job` is the name of
    a job that they have; `counted` is one of `store.counted.NAMES`: those that this number counts; `signature` is that
    of what failed, NO_SIGNATURE those that have none.
    """

    provider: str | None = None
    repo: str | None = None
    pipeline: str | None = None
    branch: str | None = None
    statuses: tuple[Status, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    event: str | None = None
    actor: str | None = None
    sha: str | None = None
    q: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    job: str | None = None
    counted: str = ""
    signature: str | None = None


def read(session: Session, query: sa.Select[Any]) -> Rows:
    """What a query finds, as mappings."""
    return session.connection().execute(query).mappings().all()


def newest_first(
    query: sa.Select[Any], moment: sa.Column[Any], id: sa.Column[Any], after: Place | None
) -> sa.Select[Any]:
    """Newest first, going on after a place."""
    query = query.order_by(moment.desc(), id.desc())
    if after is None:
        return query
    place = sa.tuple_(sa.literal(after[0], UtcDateTime()), sa.literal(after[1], sa.BigInteger))
    return query.where(sa.tuple_(moment, id) < place)


def _ordered(session: Session, query: sa.Select[Any], table: sa.Table, after: Any, *, by_name: bool) -> sa.Select[Any]:
    """By name in the order of its characters, alike on both databases; or newest first."""
    if not by_name:
        return newest_first(query, table.c.created_at, table.c.id, after)
    postgres = session.get_bind().dialect.name == "postgresql"
    name = sa.collate(table.c.name, "C") if postgres else table.c.name
    query = query.order_by(name, table.c.id)
    if after is None:
        return query
    place = sa.tuple_(sa.literal(after[0], sa.Text), sa.literal(after[1], sa.BigInteger))
    return query.where(sa.tuple_(name, table.c.id) > place)


RUNS = (
    sa.select(
        *RUN.c,
        PIPELINE.c.name.label("pipeline"),
        REPO.c.name.label("repo"),
        SOURCE.c.name.label("source"),
    )
    .join(PIPELINE, PIPELINE.c.id == RUN.c.pipeline_id)
    .join(REPO, REPO.c.id == RUN.c.repo_id)
    .join(SOURCE, SOURCE.c.id == REPO.c.source_id)
)


def runs(session: Session, wanted: RunFilter, limit: int, after: Place | None = None) -> Rows:
    """Runs by creation, newest first."""
    query = RUNS.where(*conditions(session, wanted))
    return read(session, newest_first(query, RUN.c.created_at, RUN.c.id, after).limit(limit))


def columns_of_runs(
    session: Session, wanted: RunFilter, names: Sequence[str], limit: int, after: Place | None = None
) -> Sequence[Any]:
    """These columns, in this order, of runs by creation, newest first: less to carry where there are many."""
    columns = (RUNS.selected_columns[name] for name in names)
    query = RUNS.with_only_columns(*columns, maintain_column_froms=True).where(*conditions(session, wanted))
    return session.connection().execute(newest_first(query, RUN.c.created_at, RUN.c.id, after).limit(limit)).all()


def number_of_runs(session: Session, wanted: RunFilter, at_most: int) -> int:
    """How many runs there are; counting ends at `at_most`."""
    every = RUNS.with_only_columns(RUN.c.id, maintain_column_froms=True)
    found = every.where(*conditions(session, wanted)).limit(at_most).subquery()
    return session.connection().execute(sa.select(sa.func.count()).select_from(found)).scalar_one()


def asked(wanted: RunFilter) -> list[str]:
    """The fields that narrow the list."""
    values = {one.name: getattr(wanted, one.name) for one in fields(wanted)}
    return [n for n, value in values.items() if value not in (None, ()) and (value or n not in ("sha", "q", "counted"))]


def conditions(session: Session, wanted: RunFilter, answered: Collection[str] = ()) -> list[sa.ColumnElement[bool]]:
    """What holds for each of these runs, apart from the fields `answered`. RUNS joins what it is about."""
    made: dict[str, Callable[[], sa.ColumnElement[bool]]] = {
        "provider": lambda: RUN.c.provider == wanted.provider,
        "branch": lambda: RUN.c.branch == wanted.branch,
        "event": lambda: RUN.c.event == wanted.event,
        "actor": lambda: RUN.c.actor == wanted.actor,
        "repo": lambda: RUN.c.repo_id.in_(repo_ids(session, wanted.repo or "")),
        "pipeline": lambda: RUN.c.pipeline_id.in_(pipeline_ids(session, wanted.pipeline or "")),
        "statuses": lambda: RUN.c.status.in_([status.value for status in wanted.statuses]),
        "outcomes": lambda: RUN.c.outcome.in_([outcome.value for outcome in wanted.outcomes]),
        "sha": lambda: _sha((wanted.sha or "").lower()),
        "start": lambda: RUN.c.created_at >= wanted.start,
        "end": lambda: RUN.c.created_at < wanted.end,
        "job": lambda: sa.exists().where(JOB.c.run_id == RUN.c.id, JOB.c.name == wanted.job),
        "counted": lambda: counted.condition(wanted.counted, Among(session, wanted.branch, wanted.job, wanted.start)),
        "q": lambda: _mentions(session, wanted.q or ""),
        "signature": lambda: _signed(wanted.signature or ""),
    }
    return [made[name]() for name in asked(wanted) if name not in answered]


def repo_ids(session: Session, name: str) -> list[int]:
    """Of the repositories of this name; two sources may have one each."""
    return list(session.connection().execute(sa.select(REPO.c.id).where(REPO.c.name == name)).scalars())


def pipeline_ids(session: Session, pipeline: str, repo: str | None = None) -> list[int]:
    """The pipelines with this id (digits), or else this name, in one repository or in all."""
    query = sa.select(PIPELINE.c.id).join(REPO, REPO.c.id == PIPELINE.c.repo_id).order_by(PIPELINE.c.id)
    if repo is not None:
        query = query.where(REPO.c.name == repo)
    if pipeline.isascii() and pipeline.isdigit() and int(pipeline) <= LARGEST_ID:
        found = list(session.connection().execute(query.where(PIPELINE.c.id == int(pipeline))).scalars())
        if found:
            return found
    return list(session.connection().execute(query.where(PIPELINE.c.name == pipeline)).scalars())


def _sha(sha: str) -> sa.ColumnElement[bool]:
    """Equal, or for a beginning of hexadecimal digits a range, which the index can answer: "g" follows them all."""
    if 4 <= len(sha) < 40 and not sha.strip("0123456789abcdef"):
        return sa.and_(RUN.c.sha >= sha, RUN.c.sha < sha + "g")
    return RUN.c.sha == sha


def _signed(signature: str) -> sa.ColumnElement[bool]:
    return RUN.c.signature.is_(None) if signature == NO_SIGNATURE else RUN.c.signature == signature


def _mentions(session: Session, q: str) -> sa.ColumnElement[bool]:
    columns = (RUN.c.title, RUN.c.branch, RUN.c.actor, RUN.c.sha, PIPELINE.c.name, REPO.c.name)
    found = [has(session, column, q) for column in columns]
    number = q.removeprefix("#")
    if number.isascii() and number.isdigit() and int(number) <= LARGEST_ID:
        found.append(RUN.c.number == int(number))
    return sa.or_(*found)


def has(session: Session, column: sa.Column[Any], q: str) -> sa.ColumnElement[bool]:
    """The text occurs, upper and lower case of a–z being the same: alike on both databases."""
    postgres = session.get_bind().dialect.name == "postgresql"
    text = sa.func.lower(sa.collate(column, "C") if postgres else column)
    return text.contains(q.translate(ASCII_LOWER), autoescape=True)


def run(session: Session, run_id: int) -> Row | None:
    return session.connection().execute(RUNS.where(RUN.c.id == run_id)).mappings().one_or_none()


def runs_of(session: Session, ids: Iterable[int]) -> Rows:
    """These runs, oldest first; those that are not there are left out."""
    return read(session, RUNS.where(RUN.c.id.in_(list(ids))).order_by(RUN.c.id))


def runs_changed_since(session: Session, moment: datetime, limit: int) -> Rows:
    """Runs that changed here at or after a moment, the latest `limit` of them, oldest change first."""
    recent = sa.select(RUN.c.id).where(RUN.c.updated_at >= moment).order_by(RUN.c.updated_at.desc()).limit(limit)
    return read(session, RUNS.where(RUN.c.id.in_(recent)).order_by(RUN.c.updated_at, RUN.c.id))


def attempts(session: Session, run_id: int) -> Rows:
    return read(session, sa.select(ATTEMPT).where(ATTEMPT.c.run_id == run_id).order_by(ATTEMPT.c.attempt))


def jobs(session: Session, run_id: int, attempt: int) -> Rows:
    """The jobs of one attempt in the order they started; those that did not start come last."""
    query = sa.select(JOB).where(JOB.c.run_id == run_id, JOB.c.attempt == attempt)
    return read(session, query.order_by(JOB.c.started_at.asc().nulls_last(), JOB.c.id))


def job(session: Session, job_id: int) -> Row | None:
    return session.connection().execute(sa.select(JOB).where(JOB.c.id == job_id)).mappings().one_or_none()


def steps(session: Session, job_ids: Sequence[int]) -> Rows:
    query = sa.select(STEP).where(STEP.c.job_id.in_(job_ids))
    return read(session, query.order_by(STEP.c.job_id, STEP.c.number))


REPOS = sa.select(
    *(REPO.c[name] for name in ("id", "name", "default_branch", "url", "created_at")),
    SOURCE.c.provider,
    SOURCE.c.name.label("source"),
).join(SOURCE, SOURCE.c.id == REPO.c.source_id)


def repos(
    session: Session, provider: str | None, limit: int, after: Place | Named | None = None, *, by_name: bool = False
) -> Rows:
    """Repositories, the latest to appear first, or by name."""
    query = REPOS if provider is None else REPOS.where(SOURCE.c.provider == provider)
    return read(session, _ordered(session, query, REPO, after, by_name=by_name).limit(limit))


def repo(session: Session, name: str, provider: str | None = None) -> Row | None:
    """The repository of this name, upper and lower case being the same; GitHub's where others have one too."""
    query = REPOS.where(sa.func.lower(REPO.c.name) == name.lower())
    if provider is not None:
        query = query.where(SOURCE.c.provider == provider)
    first = query.order_by(sa.case((SOURCE.c.provider == "github", 0), else_=1), REPO.c.id.desc()).limit(1)
    return session.connection().execute(first).mappings().one_or_none()


PIPELINES = (
    sa.select(
        *(PIPELINE.c[name] for name in ("id", "name", "path", "url", "created_at")),
        REPO.c.name.label("repo"),
        REPO.c.default_branch,
        SOURCE.c.provider,
        SOURCE.c.name.label("source"),
    )
    .join(REPO, REPO.c.id == PIPELINE.c.repo_id)
    .join(SOURCE, SOURCE.c.id == REPO.c.source_id)
)


def pipelines(
    session: Session,
    provider: str | None,
    repo: str | None,
    limit: int,
    after: Place | Named | None = None,
    *,
    by_name: bool = False,
) -> Rows:
    """Pipelines, the latest to appear first, or by name."""
    query = PIPELINES
    if provider is not None:
        query = query.where(SOURCE.c.provider == provider)
    if repo is not None:
        query = query.where(REPO.c.name == repo)
    return read(session, _ordered(session, query, PIPELINE, after, by_name=by_name).limit(limit))


def pipeline(session: Session, pipeline_id: int) -> Row | None:
    return session.connection().execute(PIPELINES.where(PIPELINE.c.id == pipeline_id)).mappings().one_or_none()


def deliveries(
    session: Session,
    provider: str | None,
    states: Sequence[str],
    limit: int,
    after: Place | None = None,
    q: str | None = None,
) -> Rows:
    """What arrived, latest first, without the bodies; `q` is looked for in event, action, id and error."""
    query = sa.select(*(column for column in DELIVERY.c if column.name not in ("body", "headers")))
    if provider is not None:
        query = query.where(DELIVERY.c.provider == provider)
    if states:
        query = query.where(DELIVERY.c.state.in_(states))
    if q:
        columns = (DELIVERY.c.event, DELIVERY.c.action, DELIVERY.c.external_id, DELIVERY.c.error)
        query = query.where(sa.or_(*(has(session, column, q) for column in columns)))
    return read(session, newest_first(query, DELIVERY.c.received_at, DELIVERY.c.id, after).limit(limit))


def delivery(session: Session, delivery_id: int) -> Row | None:
    """One of them, with its headers."""
    query = sa.select(*(column for column in DELIVERY.c if column.name != "body")).where(DELIVERY.c.id == delivery_id)
    return session.connection().execute(query).mappings().one_or_none()


def sources(session: Session, now: datetime) -> list[tuple[Row, str]]:
    """Sources by name, each with its state. Their secrets are not among the columns."""
    columns = (column for column in SOURCE.c if column.name not in SECRETS)
    found = session.connection().execute(sa.select(*columns).order_by(SOURCE.c.name, SOURCE.c.id))
    return [(row._mapping, source_state(row, now)) for row in found]
