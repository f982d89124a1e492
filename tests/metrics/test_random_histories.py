"""The numbers against plain Python on random histories, on either way: row by row, and from the kept tallies."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from statistics import fmean

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from cicd_health.metrics import report
from cicd_health.metrics.metric import nearest_rank
from cicd_health.model.health import Query
from cicd_health.model.runs import FAILED, VERDICTS, Outcome
from cicd_health.model.windows import Window, window_ending
from cicd_health.store import engine, recount
from cicd_health.store.reports import rows as counted
from cicd_health.store.tables import AttemptRow, RunRow
from tests.factories import NOW, Rows


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        yield session


@pytest.fixture
def rows(session: Session) -> Rows:
    return Rows(session)


def history(rows: Rows, seed: int, runs: int) -> list[RunRow]:
    """Runs at distinct moments, of three pipelines, with everything that can vary."""
    rng = random.Random(seed)
    pipelines = [rows.pipeline(name, f"acme/{name}") for name in ("a", "b", "c")]
    moments = rng.sample(range(30 * 86400), runs)
    found = []
    for moment in moments:
        outcome = rng.choice(["success"] * 6 + ["failure", "timed_out", "unstable", "cancelled", "running"])
        values: dict = {"branch": rng.choice(["main", "main", "dev"])}
        if outcome != "running" and rng.random() < 0.2:
            values |= {"attempt": 2, "first_outcome": rng.choice(["failure", "cancelled", None])}
        duration_s = None if outcome == "running" or rng.random() < 0.1 else round(rng.lognormvariate(5, 1), 3)
        queue_s = None if rng.random() < 0.2 else float(rng.randrange(300))
        run = rows.run(
            rng.choice(pipelines),
            outcome=outcome,
            created_at=NOW - timedelta(seconds=moment),
            duration_s=duration_s,
            queue_s=queue_s,
            **values,
        )
        for number in range(1, run.attempts + 1):
            rows.attempt(run, attempt=number, duration_s=rng.choice([None, float(rng.randrange(9000))]))
        found.append(run)
    return found


def plain_distribution(values: list[float]) -> tuple:
    if not values:
        return 0, None, None, None
    ordered = sorted(values)
    p50, p95 = (ordered[nearest_rank(percent, len(ordered)) - 1] for percent in (50, 95))
    return len(values), pytest.approx(fmean(values)), p50, p95


def plain_restore(runs: list[RunRow], window: Window) -> tuple[list[float], int]:
    """Seconds of each recovery in the window, and how many pipelines are broken at its end."""
    closed, lasting = [], 0
    verdicts = [run for run in runs if run.default_branch and run.outcome in VERDICTS and run.created_at < window.end]
    for _, of_pipeline in groupby(
        sorted(verdicts, key=lambda r: (r.pipeline_id, r.created_at)), lambda r: r.pipeline_id
    ):
        failed = None
        for run in of_pipeline:
            ended = run.completed_at or run.created_at
            if run.outcome in FAILED:
                failed = failed or ended
            elif failed:
                if run.created_at >= window.start and ended >= failed:
                    closed.append((ended - failed).total_seconds())
                failed = None
        lasting += failed is not None
    return sorted(closed), lasting


def plain_spent(session: Session, run_ids: list[int | None], *, last: bool) -> float:
    """Machine time of the last attempts of these runs, or of those before."""
    attempts = session.exec(select(AttemptRow)).all()
    highest = Counter(attempt.run_id for attempt in attempts)
    of_runs = [a for a in attempts if a.run_id in run_ids and (a.attempt == highest[a.run_id]) is last]
    return sum(attempt.duration_s or 0 for attempt in of_runs)


@pytest.mark.parametrize("many", [False, True], ids=["counted one by one", "from kept tallies"])
def test_the_summary_is_what_plain_python_counts(
    session: Session, rows: Rows, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    runs = history(rows, seed=11, runs=300)
    recount.rebuild(session)
    if many:
        monkeypatch.setattr(counted, "MANY", -1)
    rng = random.Random(12)
    for _ in range(12):
        start = NOW - timedelta(seconds=rng.randrange(40 * 86400))
        window = Window("custom", start, start + timedelta(seconds=rng.randrange(1, 20 * 86400)))
        summary = report.summary(session, Query(window), NOW)
        inside = [run for run in runs if window.start <= run.created_at < window.end]
        verdicts = [run for run in inside if run.outcome in VERDICTS]
        passed = [run for run in verdicts if run.outcome == "success"]
        assert summary.counts == Counter(Outcome(run.outcome) for run in inside)
        assert (summary.total, summary.verdicts, summary.successes) == (len(inside), len(verdicts), len(passed))
        assert summary.success_rate == (len(passed) / len(verdicts) if verdicts else None)
        first = Counter(run.first_outcome for run in inside if run.first_outcome in VERDICTS)
        assert (summary.first_successes, summary.first_verdicts) == (first["success"], sum(first.values()))
        assert summary.rescued == sum(run.outcome == "success" and run.first_outcome in FAILED for run in inside)
        assert summary.duration.unmeasured == sum(run.duration_s is None for run in passed)
        assert summary.queue.unmeasured == sum(run.queue_s is None for run in verdicts)
        for shown, values in (
            (summary.duration, [run.duration_s for run in passed if run.duration_s is not None]),
            (summary.queue, [run.queue_s for run in inside if run.queue_s is not None]),
        ):
            n, mean, p50, p95 = plain_distribution(values)
            assert (shown.n, shown.mean) == (n, mean)
            assert shown.p50 == (pytest.approx(p50, rel=0.005) if many and values else p50)
            assert shown.p95 == (pytest.approx(p95, rel=0.005) if many and values else p95)
            assert shown.exact is not many
        closed, lasting = plain_restore(runs, window)
        assert (summary.restore.n, summary.restore.open) == (len(closed), lasting)
        n, mean, p50, _ = plain_distribution(closed)
        assert (n, summary.restore.mean) == (len(closed), mean)
        assert summary.restore.median == (pytest.approx(p50, rel=0.005) if many and closed else p50)
        spent = plain_spent(session, [run.id for run in inside], last=True)
        rerun = plain_spent(session, [run.id for run in inside], last=False)
        assert (summary.spent_s, summary.rerun_s) == (pytest.approx(spent + rerun), pytest.approx(rerun))


def test_groups_and_buckets_add_up_to_the_summary_either_way(
    session: Session, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(rows, seed=21, runs=200)
    recount.rebuild(session)
    query = Query(window_ending("30d", NOW), tz="Asia/Kolkata")

    def told() -> list[tuple]:
        """All but the median, which is within 0.5 % when it comes from the kept tallies."""
        groups = [group for by in ("day", "pipeline", "repo") for group in report.groups(session, query, by)]
        return [
            (key, one.counts, replace(one.restore, median=None, mean=round(one.restore.mean or 0, 6)))
            for key, one in groups
        ]

    one_by_one = told()
    monkeypatch.setattr(counted, "MANY", -1)
    assert told() == one_by_one
    whole = Counter(report.summary(session, query, NOW).counts)
    for by in ("day", "pipeline", "repo"):
        assert sum((Counter(s.counts) for _, s in report.groups(session, query, by)), Counter()) == whole
