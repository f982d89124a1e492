"""What is asked of each data set: the questions behind the pages, the API and the lists, each with a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session

from bench.dataset.places import Profile, profiles
from cicd_health.flow import examining
from cicd_health.metrics import report
from cicd_health.model.health import Query
from cicd_health.model.runs import FAILED, UNFINISHED, Outcome, Status
from cicd_health.model.windows import window_ending
from cicd_health.store.lists import LARGEST_ID, RUN, Place, RunFilter
from cicd_health.store.run_pages import run_page

Ask = Callable[[Session, datetime], Any]
WINDOWS = ("24h", "7d", "30d", "90d")
PAGE = 50  # runs
MONTHS_BACK = (1, 6, 12, 23)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Question:
    """`count` says how many runs or rows the answer is about. `limited`: the kind of limit that it has, if any."""

    group: str
    name: str
    ask: Ask
    count: Callable[[Any], int]
    limited: str | None = None


@dataclass(frozen=True, slots=True)
class Cast:
    """The names that filters are tried with; `sha` is of a recent run."""

    pipeline: Profile
    sha: str
    branch: str
    actor: str = "dev-07"


def cast(session: Session, pipelines: int) -> Cast:
    """A usual pipeline of a data set, and a branch of its repository."""
    profile = profiles(pipelines)[0]
    recent = sa.select(RUN.c.sha, RUN.c.branch).where(RUN.c.repo_id == profile.repo_id, RUN.c.default_branch.is_(False))
    sha, branch = session.connection().execute(recent.order_by(RUN.c.created_at.desc()).limit(1)).one()
    return Cast(profile, sha, branch)


def floor() -> Ask:
    """The least that any answer needs: a session, and one row by an index."""
    newest = sa.select(RUN.c.id).order_by(RUN.c.created_at.desc(), RUN.c.id.desc()).limit(1)
    return lambda session, now: session.connection().execute(newest).scalar()


def questions(known: Cast, now: datetime) -> list[Question]:
    return [*_pages(known), *_metrics(known), *_grouped(known), *_runs(known, now)]


def _pages(known: Cast) -> Iterator[Question]:
    for window in WINDOWS:
        yield Question("pages", f"overview snapshot, {window}", _overview(window), _total_of_summary, "overview")
    yield Question("pages", "pipelines, 7d", _of("pipelines"), len)
    yield Question("pages", "flaky jobs", _of("flaky"), len)
    for window in WINDOWS[1:]:
        yield Question("pages", f"one pipeline, {window}", _pipeline(window, known), _total_of_summary)
    yield Question("pages", "looking for changes of one pipeline", _changes(known), len)
    yield Question("pages", "explain success rate, 7d", _explain("success_rate"), lambda found: found.m)


def _metrics(known: Cast) -> Iterator[Question]:
    usual = known.pipeline
    kept = {
        "": {},
        "provider": {"provider": "github"},
        "repo": {"repo": usual.repo},
        "pipeline": {"pipeline_id": usual.pipeline_id},
    }
    rows = {
        "feature branch": {"branch": known.branch},
        "main of a repo": {"branch": usual.main, "repo": usual.repo},
        "event=schedule": {"event": "schedule"},
        "actor": {"actor": known.actor},
        "job of a repo": {"job": usual.first_job, "repo": usual.repo, "subject": "job"},
    }
    for group, filters, windows in (("kept", kept, WINDOWS), ("filtered", rows, WINDOWS[1:3])):
        for name, values in filters.items():
            for window in windows:
                yield Question(
                    group, _named(name, window), _metric(window, values), lambda found: found.total, "metrics"
                )


def _rows_of_page(found: Any) -> int:
    return len(found.rows)


def _total_of_summary(found: Any) -> int:
    return found.summary.total


def _named(name: str, window: str) -> str:
    return f"metrics {window}" + (f", {name}" if name else "")


def _grouped(known: Cast) -> Iterator[Question]:
    of_pipeline = {"pipeline_id": known.pipeline.pipeline_id}
    yield Question("groups", "metrics by pipeline, 7d", _groups("7d", "pipeline", {}), len)
    yield Question("groups", "metrics by repo, 30d", _groups("30d", "repo", {}), len)
    yield Question("groups", "metrics by day, 30d", _groups("30d", "day", {}), len)
    yield Question("groups", "metrics by day, 90d", _groups("90d", "day", {}), len)
    yield Question("groups", "metrics by hour, 7d", _groups("7d", "hour", {}), len)
    yield Question(
        "groups", "metrics by branch of a repo, 7d", _groups("7d", "branch", {"repo": known.pipeline.repo}), len
    )
    yield Question("groups", "metrics by job of a pipeline, 7d", _groups("7d", "job", of_pipeline), len)
    yield Question("groups", "series 7d, hours", _series("7d", timedelta(hours=1)), len)
    yield Question("groups", "series 90d, days", _series("90d", timedelta(days=1)), len)


def filters(known: Cast, now: datetime) -> dict[str, RunFilter]:
    """Each filter of the runs list, and the pairs that people are likely to choose."""
    usual = known.pipeline
    failed = tuple(sorted(FAILED))
    pipeline = str(usual.pipeline_id)
    found = {
        "no filter": RunFilter(),
        "provider": RunFilter(provider="jenkins"),
        "repo": RunFilter(repo=usual.repo),
        "pipeline": RunFilter(pipeline=pipeline),
        "branch main": RunFilter(branch="main"),
        "feature branch": RunFilter(branch=known.branch),
        "failed": RunFilter(outcomes=failed),
        "passed": RunFilter(outcomes=(Outcome.SUCCESS,)),
        "unstable": RunFilter(outcomes=(Outcome.UNSTABLE,)),
        "unfinished": RunFilter(outcomes=tuple(sorted(UNFINISHED))),
        "in progress": RunFilter(statuses=(Status.IN_PROGRESS,)),
        "event": RunFilter(event="schedule"),
        "actor": RunFilter(actor=known.actor),
        "commit": RunFilter(sha=known.sha),
        "beginning of a commit": RunFilter(sha=known.sha[:7]),
        "7 days": RunFilter(start=now - timedelta(days=7), end=now),
        "pipeline, failed": RunFilter(pipeline=pipeline, outcomes=failed),
        "pipeline, branch": RunFilter(pipeline=pipeline, branch=known.branch),
        "pipeline, main, failed": RunFilter(pipeline=pipeline, branch=usual.main, outcomes=failed),
        "repo, failed": RunFilter(repo=usual.repo, outcomes=failed),
        "repo, actor": RunFilter(repo=usual.repo, actor=known.actor),
        "repo, event": RunFilter(repo=usual.repo, event="schedule"),
        "repo, unstable (never)": RunFilter(repo=usual.repo, outcomes=(Outcome.UNSTABLE,)),
        "branch main, failed": RunFilter(branch="main", outcomes=failed),
        "feature branch, failed": RunFilter(branch=known.branch, outcomes=failed),
        "feature branch, actor": RunFilter(branch=known.branch, actor=known.actor),
        "actor, failed": RunFilter(actor=known.actor, outcomes=failed),
        "event, failed": RunFilter(event="schedule", outcomes=failed),
        "provider, failed": RunFilter(provider="jenkins", outcomes=failed),
        "provider, branch of the other": RunFilter(provider="jenkins", branch="main"),
        "search, found often": RunFilter(q="cache"),
        "search, never found": RunFilter(q="no such words"),
        "search in a repo, never found": RunFilter(q="no such words", repo=usual.repo),
    }
    return found | _counted(pipeline, now)


def _counted(pipeline: str, now: datetime) -> dict[str, RunFilter]:
    week = RunFilter(start=now - timedelta(days=7), end=now)
    slugs = ("success_rate", "failed", "rescued", "duration_s", "time_to_restore_s", "rerun_s", "flaky")
    found = {f"counted in {slug}, 7d": replace(week, counted=slug) for slug in slugs}
    return found | {
        "counted in failure_streak of a pipeline, 7d": replace(week, counted="failure_streak", pipeline=pipeline)
    }


def _runs(known: Cast, now: datetime) -> Iterator[Question]:
    for name, wanted in filters(known, now).items():
        yield Question("runs", f"{name}: first page", _page(wanted, None), _rows_of_page, "runs")
        if wanted.start is None:
            for months in MONTHS_BACK:
                after = now - months * MONTH, LARGEST_ID
                yield Question("runs", f"{name}: {months} months back", _page(wanted, after), _rows_of_page, "runs")


def _page(wanted: RunFilter, after: Place | None) -> Ask:
    return lambda session, now: run_page(session, wanted, PAGE, after)


def _overview(window: str) -> Ask:
    """As the page asks: its window moves once a minute."""
    return lambda session, now: report.overview(session, Query(window_ending(window, now.replace(second=59))), now)


def _of(name: str) -> Ask:
    return lambda session, now: getattr(report, name)(session, Query(window_ending("7d", now)), now)


def _pipeline(window: str, known: Cast) -> Ask:
    pipeline_id = known.pipeline.pipeline_id
    return lambda session, now: report.pipeline(
        session, Query(window_ending(window, now), pipeline_id=pipeline_id), now
    )


def _changes(known: Cast) -> Ask:
    """What a job does in the background, for each pipeline that ran; it reads and computes, and this writes nothing."""
    return lambda session, now: examining.find(session, known.pipeline.pipeline_id, [], now)


def _explain(slug: str) -> Ask:
    return lambda session, now: report.explain(session, Query(window_ending("7d", now)), slug, now)


def _metric(window: str, values: dict[str, Any]) -> Ask:
    """As the API answers: the window, and the one before."""

    def ask(session: Session, now: datetime) -> Any:
        query = Query(window_ending(window, now), **values)
        report.summary(session, query, now, previous=True)
        return report.summary(session, query, now)

    return ask


def _groups(
    window: str, by: Literal["pipeline", "repo", "branch", "job", "day", "hour"], values: dict[str, Any]
) -> Ask:
    return lambda session, now: report.groups(session, Query(window_ending(window, now), **values), by)


def _series(window: str, step: timedelta) -> Ask:
    return lambda session, now: report.series(session, Query(window_ending(window, now)), step, now)
