"""Kept tallies always are what the rows say."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from cicd_health.model.tally import Contribution, Tally
from cicd_health.store import engine, tallies
from cicd_health.store.reports.reading import between, per_bucket, per_scope
from cicd_health.store.tables import TallyRow
from cicd_health.store.tallies import ALL, Scope
from tests.factories import NOW, Rows, at, contribution

DAY = timedelta(days=1)


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        yield session


def everything(session: Session) -> Tally:
    return between(session, ALL, "run", at("2026-01-01 00:00"), at("2027-01-01 00:00"))


def test_what_is_added_is_read_back_for_all_the_repository_and_the_pipeline(session: Session) -> None:
    one, other = contribution(), contribution(repo_id=2, pipeline_id=7, outcome="failure")
    tallies.change(session, [], [one, other])
    day = (at("2026-03-12 00:00"), at("2026-03-13 00:00"))
    assert between(session, ALL, "run", *day) == Tally.of(one, other)
    assert between(session, Scope("repo", (2,)), "run", *day) == Tally.of(other)
    assert between(session, Scope("repo", (1, 2)), "run", *day) == Tally.of(one, other)
    assert per_scope(session, Scope("pipeline", (1, 7, 8)), "run", *day) == {1: Tally.of(one), 7: Tally.of(other)}


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
    edges = [at("2026-03-12 07:00"), at("2026-03-12 08:00"), at("2026-03-12 10:00"), at("2026-03-12 11:00")]
    assert per_bucket(session, ALL, "run", edges) == [Tally.of(early), Tally(), Tally()]


def test_equal_contributions_cancel_and_nothing_is_written(session: Session) -> None:
    tallies.change(session, [contribution()], [contribution()])
    assert session.exec(select(TallyRow)).all() == []


def test_the_same_contribution_twice_counts_twice(session: Session) -> None:
    tallies.change(session, [], [contribution(), contribution()])
    assert everything(session).total == 2


def random_rows(session: Session, seed: int, runs: int = 120) -> list[Contribution]:
    """Runs and jobs of three pipelines over a few days, kept as rows; what they contribute."""
    rng, rows = random.Random(seed), Rows(session)
    pipelines = [rows.pipeline("a", "x/a"), rows.pipeline("b", "x/b"), rows.pipeline("c", "x/c")]
    found = []
    for _ in range(runs):
        pipeline = rng.choice(pipelines)
        outcome = rng.choice(["success", "success", "failure", "cancelled", "running", "unstable"])
        run = rows.run(
            pipeline,
            outcome=outcome,
            created_at=NOW - timedelta(seconds=rng.randrange(4 * 86400)),
            duration_s=None if outcome == "running" else rng.choice([None, rng.lognormvariate(5, 1)]),
            queue_s=rng.choice([None, rng.lognormvariate(2, 1)]),
        )
        job = rows.job(run, created_at=rng.choice([None, run.created_at + timedelta(seconds=rng.randrange(9000))]))
        found.append(_contribution("run", run, run.created_at, run.first_outcome))
        found.append(_contribution("job", job, job.counted_at, None))
    return found


def _contribution(subject: str, row: object, moment: datetime, first_outcome: str | None) -> Contribution:
    values = {name: getattr(row, name) for name in ("pipeline_id", "repo_id", "outcome", "duration_s", "queue_s")}
    return contribution(subject=subject, at=moment, first_outcome=first_outcome, **values)


def test_windows_are_exact_to_the_second_whatever_their_edges(session: Session) -> None:
    found = random_rows(session, seed=1)
    tallies.change(session, [], found)
    rng = random.Random(2)
    for _ in range(25):
        start = NOW - timedelta(seconds=rng.randrange(5 * 86400))
        end = start + timedelta(seconds=rng.choice([rng.randrange(3600), rng.randrange(4 * 86400)]))
        for subject in ("run", "job"):
            inside = [one for one in found if one.subject == subject and start <= one.at < end]
            assert between(session, ALL, subject, start, end) == Tally.of(*inside)
            for pipeline_id in {one.pipeline_id for one in found}:
                mine = Tally.of(*(one for one in inside if one.pipeline_id == pipeline_id))
                assert between(session, Scope("pipeline", (pipeline_id,)), subject, start, end) == mine


def test_buckets_of_a_zone_with_half_hours_add_up_to_the_whole(session: Session) -> None:
    found = random_rows(session, seed=3)
    tallies.change(session, [], found)
    start = at("2026-03-08 18:30")
    edges = [start + n * DAY for n in range(5)]
    expected = [
        Tally.of(*(one for one in found if one.subject == "run" and a <= one.at < b)) for a, b in pairwise(edges)
    ]
    assert per_bucket(session, ALL, "run", edges) == expected


def test_check_finds_nothing_when_all_is_well(session: Session) -> None:
    tallies.change(session, [], random_rows(session, seed=4, runs=40))
    assert tallies.check(session) == []


def test_check_names_what_is_wrong_and_rebuild_puts_it_right(session: Session) -> None:
    found = random_rows(session, seed=5, runs=40)
    tallies.change(session, [], found[2:])
    stray = contribution(pipeline_id=99, repo_id=99)
    tallies.change(session, [], [stray])
    wrong = tallies.check(session)
    assert {difference.key[0] for difference in wrong} == {"all", "repo", "pipeline"}
    assert any(difference.key[1] == 99 and difference.counted == Tally() for difference in wrong)
    tallies.rebuild(session)
    assert tallies.check(session) == []
    assert everything(session) == Tally.of(*(one for one in found if one.subject == "run"))


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
