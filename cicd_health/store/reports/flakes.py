"""Jobs that lately failed and then passed on one commit, and what else is known of these jobs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Session

from cicd_health.model.health import Query
from cicd_health.model.runs import FAILED, Outcome
from cicd_health.store.flakes import FLAKE
from cicd_health.store.held_runs import ATTEMPT
from cicd_health.store.reports.days import DAY, Days, each, floor
from cicd_health.store.reports.pieces import A_PIECE, MEMORY, remembered
from cicd_health.store.reports.rows import JOB, PIPELINE, REPOSITORY, RUN, SOURCE, of_pipelines
from cicd_health.store.tables import UtcDateTime
from cicd_health.store.tables.columns import VERDICT_WORDS

Suspect = tuple[int, str]  # pipeline and job, "" for runs without jobs
Counts = tuple[int, int]  # verdicts, and how many of them failed
A_COUNT = 4  # what one weighs in memory, in bins
LOOK_AT = 15  # of a job's verdicts, at first: nearly always enough to see that it is cleared


@dataclass(frozen=True, slots=True)
class Flipped:
    """A job that failed and then passed on some commits: from the first failure to the last success."""

    pipeline_id: int
    pipeline: str
    repo: str
    provider: str
    job: str
    first_at: datetime
    last_at: datetime
    commits: frozenset[str]

    @property
    def suspect(self) -> Suspect:
        return self.pipeline_id, self.job


def flipped(session: Session, query: Query, since: datetime) -> list[Flipped]:
    """Of successes after a moment. Of a branch, event or actor: of successes in such runs."""
    whose = FLAKE.c.pipeline_id, PIPELINE.c.name, REPOSITORY.c.name, SOURCE.c.provider, FLAKE.c.job
    found = sa.func.min(FLAKE.c.failed_at), sa.func.max(FLAKE.c.passed_at), sa.func.aggregate_strings(FLAKE.c.sha, " ")
    selected = _flips(of_pipelines(query, *whose, *found), query, since).group_by(*whose)
    rows: Sequence[Any] = session.connection().execute(selected).all()
    return [Flipped(*row[:-1], frozenset(row[-1].split(" "))) for row in rows]


def runs_of(
    session: Session, query: Query, since: datetime, suspects: Collection[Suspect]
) -> dict[Suspect, tuple[int, ...]]:
    """The runs of those successes, latest first."""
    columns = FLAKE.c.pipeline_id, FLAKE.c.job, FLAKE.c.run_id
    selected = _flips(of_pipelines(query, *columns), query, since)
    selected = selected.where(sa.tuple_(FLAKE.c.pipeline_id, FLAKE.c.job).in_(list(suspects)))
    found: dict[Suspect, list[int]] = {}
    rows: Sequence[Any] = session.connection().execute(selected.order_by(FLAKE.c.passed_at.desc(), FLAKE.c.sha)).all()
    for pipeline_id, job, run_id in rows:
        of_job = found.setdefault((pipeline_id, job), [])
        if run_id not in of_job:
            of_job.append(run_id)
    return {suspect: tuple(of_job) for suspect, of_job in found.items()}


def _flips(selected: sa.Select[Any], query: Query, since: datetime) -> sa.Select[Any]:
    selected = selected.join(FLAKE, FLAKE.c.pipeline_id == PIPELINE.c.id).where(FLAKE.c.passed_at > since)
    if query.job is not None:
        selected = selected.where(FLAKE.c.job == query.job)
    of_run = [(RUN.c.branch, query.branch), (RUN.c.event, query.event), (RUN.c.actor, query.actor)]
    wanted = [column == value for column, value in of_run if value is not None]
    return selected.join(RUN, RUN.c.id == FLAKE.c.run_id).where(*wanted) if wanted else selected


def tries(session: Session, start: datetime, end: datetime, *, without_jobs: bool) -> dict[Suspect, Counts]:
    """Verdicts of every job from the day of UTC in which `start` lies until the end, and how many of them failed.

    Whole days, so that what was counted of one can be remembered until it changes. `without_jobs`: the attempts of
    runs without jobs too.
    """
    total: dict[Suspect, Counts] = {}
    for subject, count in (("job", _count_jobs), ("run", _count_attempts))[: 2 if without_jobs else 1]:
        days = Days(session, subject, start, end)
        for day in each(floor(start, DAY), end, DAY):
            key = session.get_bind().engine.url, "tries", subject, day, days.revision(day)
            counted = remembered(MEMORY, key, partial(count, session, day), _weight)
            for suspect, (verdicts, failed) in counted.items():
                before = total.get(suspect, (0, 0))
                total[suspect] = before[0] + verdicts, before[1] + failed
    return total


def _weight(counted: dict[Suspect, Counts]) -> int:
    return A_PIECE + A_COUNT * len(counted)


def clean_commits(session: Session, jobs: Collection[Flipped], enough: int) -> dict[Suspect, int]:
    """On how many commits each job has only passed since it last flipped; of more than `enough` at least those."""
    found = _clean(session, jobs, LOOK_AT)
    unsure = [job for job in jobs if found[job.suspect][0] < enough and not found[job.suspect][1]]
    found |= _clean(session, unsure, None)
    return {suspect: clean for suspect, (clean, _) in found.items()}


def _clean(session: Session, jobs: Collection[Flipped], limit: int | None) -> dict[Suspect, tuple[int, bool]]:
    """Clean commits among the newest verdicts of each job since it last flipped, and whether those are all of them."""
    passed: dict[Suspect, dict[str, bool]] = {job.suspect: {} for job in jobs}
    seen, flaky = dict.fromkeys(passed, 0), {job.suspect: job.commits for job in jobs}
    for pipeline_id, name, sha, outcome in _verdicts_since(session, jobs, limit):
        suspect = pipeline_id, name
        seen[suspect] += 1
        if sha is not None and sha not in flaky[suspect]:
            passed[suspect][sha] = passed[suspect].get(sha, True) and outcome == Outcome.SUCCESS
    return {
        suspect: (sum(by_commit.values()), limit is None or seen[suspect] < limit)
        for suspect, by_commit in passed.items()
    }


def _verdicts_since(session: Session, jobs: Collection[Flipped], limit: int | None) -> Iterator[Any]:
    for without_jobs in (False, True):
        wanted = [(*job.suspect, job.last_at) for job in jobs if (job.job == "") is without_jobs]
        if wanted:
            yield from _newest_verdicts(session, wanted, without_jobs, limit)


def _newest_verdicts(
    session: Session, wanted: Collection[tuple[int, str, datetime]], without_jobs: bool, limit: int | None
) -> Iterator[Any]:
    connection, named = session.connection(), _OF_ATTEMPTS if without_jobs else _OF_JOBS
    if connection.dialect.name == "postgresql":
        pipelines, jobs, moments = (list(column) for column in zip(*wanted, strict=True))
        asked = {"pipelines": pipelines, "jobs": jobs, "moments": moments, "most": limit}
        yield from connection.execute(_of_each(named), asked)
        return
    for pipeline_id, job, since in wanted:
        asked = {"pipeline_id": pipeline_id, "job": job, "since": since, "most": -1 if limit is None else limit}
        yield from connection.execute(_of_one(named), asked)


# In the words of both databases; what is asked for is a row `asked` (pipeline_id, job, since).
_OF_JOBS = f"""
    SELECT asked.pipeline_id, asked.job, runs.sha, jobs.outcome FROM jobs LEFT JOIN runs ON runs.id = jobs.run_id
    WHERE jobs.pipeline_id = asked.pipeline_id AND jobs.name = asked.job AND jobs.counted_at > asked.since
    AND jobs.outcome IN {VERDICT_WORDS}
    ORDER BY jobs.counted_at DESC, jobs.id DESC LIMIT :most
"""
_OF_ATTEMPTS = f"""
    SELECT asked.pipeline_id, asked.job, runs.sha, attempts.outcome FROM runs
    JOIN attempts ON attempts.run_id = runs.id
    WHERE runs.pipeline_id = asked.pipeline_id AND runs.created_at > asked.since
    AND attempts.outcome IN {VERDICT_WORDS}
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.run_id = runs.id)
    ORDER BY runs.created_at DESC, attempts.id DESC LIMIT :most
"""


def _of_each(newest: str) -> sa.TextClause:
    asked = "unnest(:pipelines, :jobs, :moments) AS asked (pipeline_id, job, since)"
    return sa.text(f"SELECT newest.* FROM {asked} CROSS JOIN LATERAL ({newest}) AS newest").bindparams(
        sa.bindparam("pipelines", type_=postgresql.ARRAY(sa.BigInteger)),
        sa.bindparam("jobs", type_=postgresql.ARRAY(sa.Text)),
        sa.bindparam("moments", type_=postgresql.ARRAY(UtcDateTime())),
    )


def _of_one(newest: str) -> sa.TextClause:
    text = newest.replace("asked.pipeline_id", ":pipeline_id").replace("asked.job", ":job")
    return sa.text(text.replace("asked.since", ":since")).bindparams(sa.bindparam("since", type_=UtcDateTime()))


def _count_jobs(session: Session, day: datetime) -> dict[Suspect, Counts]:
    counted = sa.select(JOB.c.pipeline_id, JOB.c.name, sa.func.count(), _failed(JOB.c.outcome)).where(
        JOB.c.counted_at >= day,
        JOB.c.counted_at < day + DAY,
        JOB.c.pipeline_id.is_not(None),
        sa.text(f"jobs.outcome IN {VERDICT_WORDS}"),
    )
    return _counts(session, counted.group_by(JOB.c.pipeline_id, JOB.c.name))


def _count_attempts(session: Session, day: datetime) -> dict[Suspect, Counts]:
    counted = sa.select(RUN.c.pipeline_id, sa.literal(""), sa.func.count(), _failed(ATTEMPT.c.outcome))
    counted = counted.join_from(RUN, ATTEMPT, ATTEMPT.c.run_id == RUN.c.id).where(
        RUN.c.created_at >= day,
        RUN.c.created_at < day + DAY,
        sa.text(f"attempts.outcome IN {VERDICT_WORDS}"),
        ~sa.exists().where(JOB.c.run_id == RUN.c.id),
    )
    return _counts(session, counted.group_by(RUN.c.pipeline_id))


def _failed(outcome: Any) -> Any:
    return sa.func.sum(sa.case((outcome.in_([word.value for word in sorted(FAILED)]), 1), else_=0))


def _counts(session: Session, counted: sa.Select[Any]) -> dict[Suspect, Counts]:
    rows: Sequence[Any] = session.connection().execute(counted).all()
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}
