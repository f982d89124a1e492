"""Kept tallies always are what the rows say."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from cicd_health.model.tally import Tally
from cicd_health.store import engine, tallies
from cicd_health.store.tables import TallyRow
from tests.factories import NOW, at, contribution


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        yield session


def kept(session: Session, scope: str = "all", grain: str = "day", subject: str = "run") -> dict[tuple, Tally]:
    """Kept tallies by scope id and bucket."""
    where = TallyRow.scope == scope, TallyRow.grain == grain, TallyRow.subject == subject
    found = session.exec(select(TallyRow).where(*where).execution_options(populate_existing=True))
    return {(row.scope_id, row.bucket_at): Tally.from_text(row.tally) for row in found}


def everything(session: Session) -> Tally:
    return Tally.sum(kept(session).values())


def test_what_is_added_is_read_back_for_all_the_repository_and_the_pipeline(session: Session) -> None:
    one, other = contribution(), contribution(repo_id=2, pipeline_id=7, outcome="failure")
    tallies.change(session, [], [one, other])
    day, hour = at("2026-03-12 00:00"), at("2026-03-12 10:00")
    assert kept(session) == {(0, day): Tally.of(one, other)}
    assert kept(session, "repo", "hour") == {(1, hour): Tally.of(one), (2, hour): Tally.of(other)}
    assert kept(session, "pipeline") == {(1, day): Tally.of(one), (7, day): Tally.of(other)}


def test_jobs_and_runs_are_counted_apart(session: Session) -> None:
    run, job = contribution(), contribution(subject="job", first_outcome=None)
    tallies.change(session, [], [run, job])
    assert everything(session) == Tally.of(run)


def test_a_finished_run_takes_the_place_of_the_running_one(session: Session) -> None:
    running = contribution(outcome="running", duration_s=None, queue_s=None)
    finished = contribution(outcome="failure", duration_s=90.0)
    tallies.change(session, [], [running])
    tallies.change(session, [running], [finished])
    assert everything(session) == Tally.of(finished)


def test_a_run_whose_time_turns_out_earlier_moves_to_its_hour(session: Session) -> None:
    late, early = contribution(), contribution(at=NOW - timedelta(hours=3))
    tallies.change(session, [], [late])
    tallies.change(session, [late], [early])
    early_hour, late_hour = at("2026-03-12 07:00"), at("2026-03-12 10:00")
    assert kept(session, grain="hour") == {(0, early_hour): Tally.of(early), (0, late_hour): Tally()}


def test_equal_contributions_cancel_and_nothing_is_written(session: Session) -> None:
    tallies.change(session, [contribution()], [contribution()])
    assert session.exec(select(TallyRow)).all() == []


def test_what_has_become_empty_is_forgotten_once_it_is_old(session: Session) -> None:
    tallies.change(session, [], [contribution(), contribution(at=at("2026-03-13 09:00"))])
    tallies.change(session, [contribution()], [])
    tallies.forget_empty(session, at("2026-03-12 00:00"))
    assert len(kept(session)) == 2
    tallies.forget_empty(session, at("2026-03-14 00:00"))
    assert list(kept(session)) == [(0, at("2026-03-13 00:00"))]


def test_the_same_contribution_twice_counts_twice(session: Session) -> None:
    tallies.change(session, [], [contribution(), contribution()])
    assert everything(session).total == 2


def test_processes_that_add_at_the_same_time_lose_nothing(database: sa.Engine) -> None:
    """Each thread touches the same new keys in another order; without locks the last writer would win."""
    pipelines = list(range(1, 7))
    problems: list[BaseException] = []

    def add(seed: int) -> None:
        order = pipelines[:]
        random.Random(seed).shuffle(order)
        try:
            for pipeline_id in order:
                with engine.writing() as session:
                    batch = [contribution(pipeline_id=p, repo_id=p % 2) for p in order if p >= pipeline_id]
                    tallies.change(session, [], batch)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=add, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with engine.reading() as session:
        assert everything(session).total == 4 * sum(range(1, 7))
