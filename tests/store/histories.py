"""Random histories of events, as they come and as they are edited; and what their rows come to in plain Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model import runs as model
from cicd_health.store import runs, tallies
from cicd_health.store.held_runs import ATTEMPT, JOB, RUN
from cicd_health.store.tables import FlakeRow
from tests.factories import NOW, attempt, job

VERDICTS = ["failure", "timed_out", "startup_failure", "unstable", "success"]
OUTCOMES = ["success", "success", "success", "failure", "failure", "cancelled", "unstable"]
FLAKE = sa.table("flakes", *(sa.column(c.name, c.type) for c in FlakeRow.__table__.columns))  # ty: ignore


def save(session: Session, events: Sequence[model.Event]) -> None:
    """As the flow does it."""
    saved = runs.save(session, events, NOW, quiet=[True] * len(events))
    tallies.change(session, saved.removed, saved.added)


def history(rng: random.Random, runs: int, days: float = 3) -> list[model.Event]:
    """Runs of three pipelines, on few commits and two branches, re-run at times, with jobs or without."""
    events: list[model.Event] = []
    for number in range(1, runs + 1):
        created_at = NOW - timedelta(seconds=rng.randrange(round(days * 86_400)))
        pipeline = model.Pipeline(name := rng.choice("abc"), name)
        usual: dict[str, Any] = {"external_id": str(number), "pipeline": pipeline, "created_at": created_at}
        usual |= {"branch": rng.choice(["main", "main", "fix", None]), "sha": rng.choice([None, *"pqrst"])}
        with_jobs = rng.random() < 0.6
        for again in range(1, rng.choice([2, 2, 2, 3, 4])):
            start = created_at + timedelta(hours=again - 1, seconds=rng.randrange(60))
            events += _attempt(rng, usual, again, start, with_jobs)
    rng.shuffle(events)
    return events + rng.sample(events, len(events) // 5)


def _attempt(rng: random.Random, usual: dict[str, Any], number: int, start: Any, with_jobs: bool) -> list[model.Event]:
    outcome, end = rng.choice(OUTCOMES), start + timedelta(seconds=rng.randrange(-20, 7200))
    again: dict[str, Any] = usual | {"attempt": number, "started_at": start}
    events: list[model.Event] = [
        attempt(**again, outcome="running", rank=1, completed_at=None, updated_at=start),
        attempt(**again, outcome=outcome, completed_at=end, updated_at=end, duration_s=rng.choice([None, 90.5])),
    ]
    if rng.random() < 0.2:  # told later: it ran for another branch, began earlier, belongs to another pipeline
        moved = again | {"branch": rng.choice(["main", "fix"]), "created_at": start - timedelta(hours=rng.randrange(9))}
        moved["pipeline"] = model.Pipeline(name := rng.choice("abc"), name)
        told_at = end + timedelta(minutes=5)
        events.append(attempt(**moved, outcome=rng.choice(OUTCOMES), completed_at=end, updated_at=told_at, rank=3))
    for name in rng.sample(["unit", "lint", "lint", "e2e"], rng.randrange(1, 4) if with_jobs else 0):
        begun = start - timedelta(seconds=rng.choice([0, 3, 5, 6, 900]))
        key = f"{usual['external_id']}-{number}-{name}-{rng.randrange(2)}"
        about: dict[str, Any] = {"run_external_id": usual["external_id"], "external_id": key, "name": name}
        about |= {"attempt": number, "created_at": begun, "started_at": begun}
        for word in rng.sample(OUTCOMES, 2):
            ended = begun + timedelta(milliseconds=rng.randrange(3_000_000))
            one = job(**about, outcome=word, completed_at=ended, updated_at=ended)
            events.append(replace(one, created_at=rng.choice([None, begun])))
    return events


def rows(session: Session, table: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in session.connection().execute(sa.select(table).order_by(*table.primary_key))]


def restored(session: Session) -> dict[int, float]:
    """What each run restored, from the order of the verdicts."""
    found: dict[int, float] = {}
    failing: dict[int, Any] = {}
    for run in sorted(rows(session, RUN), key=lambda run: (run["created_at"], run["id"])):
        if not run["default_branch"] or run["outcome"] not in VERDICTS:
            continue
        ended_at = run["completed_at"] or run["created_at"]
        if run["outcome"] != "success":
            failing.setdefault(run["pipeline_id"], ended_at)
        elif (since := failing.pop(run["pipeline_id"], None)) and ended_at >= since:
            found[run["id"]] = (ended_at - since).total_seconds()
    return found


def machine_time(session: Session) -> dict[int, tuple[float | None, float | None]]:
    """Seconds that each run took of machines, and those of attempts before its last; by the words of the definition."""
    attempts, jobs = rows(session, ATTEMPT), rows(session, JOB)
    found = {}
    for run in rows(session, RUN):
        by_attempt: dict[int, list[float]] = {}
        starts = {one["attempt"]: one["started_at"] for one in attempts if one["run_id"] == run["id"]}
        for one in jobs:
            if one["run_id"] == run["id"] and one["duration_s"] is not None:
                start = starts.get(one["attempt"])
                carried = one["attempt"] > 1 and start and (start - one["started_at"]).total_seconds() > 5
                if not carried:
                    by_attempt.setdefault(one["attempt"], []).append(one["duration_s"])
        for one in attempts:
            if one["run_id"] == run["id"] and one["attempt"] not in by_attempt and one["duration_s"] is not None:
                by_attempt[one["attempt"]] = [one["duration_s"]]
        spent = [second for of_it in by_attempt.values() for second in of_it]
        lost = [second for number, of_it in by_attempt.items() if number < run["attempt"] for second in of_it]
        found[run["id"]] = (sum(spent) if spent else None, sum(lost) if lost else None)
    return found


def flakes(session: Session) -> dict[tuple[int, str, str], tuple[Any, Any, int]]:
    """Each job that failed and then passed on one commit: the last success that a failure of another try precedes."""
    runs_by_id = {run["id"]: run for run in rows(session, RUN)}
    tries: dict[tuple[int, str, str], list[tuple[Any, int, int, bool]]] = {}
    jobs = rows(session, JOB)
    with_jobs = {one["run_id"] for one in jobs}
    singles = [
        one | {"name": "", "counted_at": None} for one in rows(session, ATTEMPT) if one["run_id"] not in with_jobs
    ]
    for one in jobs + singles:
        run = runs_by_id.get(one["run_id"])
        if run and run["sha"] and one["outcome"] in VERDICTS:
            at = one["completed_at"] or one["started_at"] or one["counted_at"] or run["created_at"]
            key = run["pipeline_id"], one["name"], run["sha"]
            tries.setdefault(key, []).append((at, run["id"], one["attempt"], one["outcome"] == "success"))
    found = {}
    for key, of_key in tries.items():
        flips = []
        for failed_at, run_id, number, passed in of_key:
            later = [t for t in of_key if t[3] and t[0] > failed_at and (t[1], t[2]) != (run_id, number)]
            if not passed and later:
                flips.append((min(later)[0], failed_at, min(later)[1]))
        if flips:
            last = max(flip[0] for flip in flips)
            _, failed_at, run_id = min(flip for flip in flips if flip[0] == last)
            found[key] = failed_at, last, run_id
    return found


def kept_flakes(session: Session) -> dict[tuple[int, str, str], tuple[Any, Any, int]]:
    found = session.connection().execute(sa.select(FLAKE))
    return {(row.pipeline_id, row.job, row.sha): (row.failed_at, row.passed_at, row.run_id) for row in found}
