"""What ended is counted once, and no counter ever goes down."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cicd_health import flow, settings
from cicd_health.model.runs import Attempt, Pipeline
from cicd_health.store import endings, engine, old_runs, runs
from tests.factories import NOW, attempt

RUNNING = {"outcome": "running", "rank": 1}


def save(*attempts: Attempt, quiet: bool = False) -> None:
    with engine.writing() as session:
        runs.save(session, attempts, NOW, quiet=[quiet] * len(attempts))


def counted() -> dict[tuple[str | None, str], int]:
    """Attempts by pipeline and outcome."""
    with engine.reading() as session:
        return {(line.pipeline, line.outcome.value): line.ended.attempts for line in endings.read(session)}


def of(name: str, number: int = 1, **changes) -> Attempt:
    return attempt(pipeline=Pipeline(name, name), external_id=f"{name}-{number}", **changes)


def test_an_attempt_is_counted_when_it_ends_once_however_often_it_is_told(database: sa.Engine) -> None:
    begun, ended = of("ci", **RUNNING), of("ci", outcome="failure")
    save(begun)
    flow.sums.fold_endings(NOW)
    assert counted() == {}
    save(begun, ended)
    save(ended)
    save(begun)
    flow.sums.fold_endings(NOW)
    assert counted() == {("ci", "failure"): 1}
    save(ended)
    assert flow.sums.fold_endings(NOW) == 0


def test_a_run_that_failed_and_then_passed_was_an_attempt_of_each(database: sa.Engine) -> None:
    save(of("ci", outcome="failure"))
    save(of("ci", attempt=2))
    flow.sums.fold_endings(NOW)
    assert counted() == {("ci", "failure"): 1, ("ci", "success"): 1}


def test_history_that_is_fetched_later_is_not_counted(database: sa.Engine) -> None:
    save(of("ci"), quiet=True)
    assert flow.sums.fold_endings(NOW) == 0


def test_runs_deleted_for_their_age_stay_counted(database: sa.Engine) -> None:
    save(of("ci"))
    flow.sums.fold_endings(NOW)
    with engine.writing() as session:
        assert old_runs.delete(session, NOW + timedelta(days=1), NOW) == 1
    assert counted() == {("ci", "success"): 1}


def test_the_first_to_end_have_places_and_the_others_are_counted_together(
    database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_PIPELINES", "1")
    settings.get.cache_clear()
    save(of("first"))
    save(of("second"), of("third"))
    flow.sums.fold_endings(NOW)
    assert counted() == {("first", "success"): 1, (None, "success"): 2}
    with engine.writing() as session:  # long after: the first gives its place up to whoever ends something now
        endings.fold(session, 1, NOW + timedelta(days=91))
        assert endings.fold(session, 1, NOW + timedelta(days=91)) == 0
    save(of("third", 2))
    with engine.writing() as session:
        endings.fold(session, 1, NOW + timedelta(days=1))
    assert counted() == {("third", "success"): 1, (None, "success"): 2}


def test_no_counter_goes_down_whatever_happens_and_in_the_end_all_are_right(database: sa.Engine) -> None:
    chance, told, before = random.Random(6), set(), {}
    for _ in range(40):
        name, number = chance.choice(("a", "b", "c")), chance.randrange(8)
        outcome = chance.choice(("success", "failure", "running"))
        if outcome != "running" and (name, number) not in told:
            told.add((name, number))
            save(of(name, number, outcome=outcome))
        elif outcome == "running":
            save(of(name, number, **RUNNING))
        if chance.random() < 0.3:
            flow.sums.fold_endings(NOW)
        now = counted()
        assert all(now[key] >= number for key, number in before.items())
        before = now
    flow.sums.fold_endings(NOW)
    assert sum(counted().values()) == len(told)
