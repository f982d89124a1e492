"""A Jenkins job deleted and made anew counts from 1 again: two builds, and each keeps what is its own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from cicd_health.model.runs import Event
from cicd_health.providers import PROVIDERS
from cicd_health.providers.flat import parse_generic
from cicd_health.store import engine, recount, runs, tallies
from cicd_health.store.tables import JobRow, RunRow
from tests.jenkins_world import FREESTYLE, PIPELINE, Build, Job, ms

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
JENKINS = PROVIDERS["jenkins"]


def life(day: int, result: str, *, finalized_s: float = 0.04) -> list[Event]:
    """Build 1 of a job made on this day, as its notifications tell it: it took a minute."""
    job = Job("app", FREESTYLE, Job("", FREESTYLE))
    job.play(MONDAY + timedelta(days=day), result, waited=timedelta(seconds=5))
    bodies = job.notifications
    bodies[-1]["build"]["timestamp"] = ms(MONDAY + timedelta(days=day, seconds=60 + finalized_s))
    return [event for body in bodies for event in JENKINS.parse({}, {**body, "build": build_of(body)})]


def build_of(body: dict[str, Any]) -> dict[str, Any]:
    return body["build"] | {"full_url": body["build"]["full_url"].format(root="https://ci.kestrel.example")}


def polled(day: int, result: str | None) -> list[Event]:
    """The same build as Jenkins tells it when asked, with two stages."""
    at = MONDAY + timedelta(days=day)
    job = Job("app", PIPELINE)
    build = Build(1, at, at)
    job.stage(build, "Build", at, at + timedelta(seconds=30))
    job.stage(build, "Test", at + timedelta(seconds=30), at + timedelta(seconds=60))
    document = {
        "number": 1,
        "timestamp": ms(at),
        "building": result is None,
        "result": result,
        "duration": 60_000 if result else 0,
    }
    said = {"host": "ci.kestrel.example", "api_url": "https://ci.kestrel.example", "path": "app"}
    payload = {"polled": said, "build": document, "described": {"stages": build.stages}}
    return JENKINS.parse({"x-received-at": at.isoformat()}, payload)


def save(*events: Event) -> None:
    with engine.writing() as session:
        saved = runs.save(session, events, MONDAY, quiet=[False] * len(events))
        tallies.change(session, saved.removed, saved.added)


def kept() -> dict[str, tuple[str, datetime]]:
    """Outcome and creation of every run; the sums must be those of the rows."""
    with engine.reading() as session:
        assert recount.check(session) == []
        return {
            run.external_id: (run.outcome, run.created_at)
            for run in session.exec(select(RunRow).order_by(RunRow.external_id))
        }


def created(day: int, seconds: float = -5) -> datetime:
    return MONDAY + timedelta(days=day, seconds=seconds)


TWO = {"app#1": ("success", created(3)), "app#1~1": ("failure", created(0))}


@pytest.mark.parametrize("one_by_one", [True, False])
def test_two_builds_of_one_number_are_two_runs(database: sa.Engine, one_by_one: bool):
    events = [*life(0, "FAILURE"), *life(3, "SUCCESS")]
    for batch in [[event] for event in events] if one_by_one else [events]:
        save(*batch)
    assert kept() == TWO


def test_the_first_build_keeps_its_row_and_its_id_in_the_database(database: sa.Engine):
    save(*life(0, "FAILURE"))
    with Session(database) as session:
        before = session.exec(select(RunRow)).one().id
    save(*life(3, "SUCCESS"))
    with Session(database) as session:
        assert session.exec(select(RunRow).where(RunRow.external_id == "app#1~1")).one().id == before


@pytest.mark.parametrize("seed", range(8))
def test_repeats_and_late_words_of_either_make_no_third(database: sa.Engine, seed: int):
    old, new = life(0, "FAILURE"), life(3, "SUCCESS")
    save(old[1], old[2])
    save(new[0])
    rest = [*old, *old, *new, *new]
    random.Random(seed).shuffle(rest)
    for event in rest:
        save(event)
    assert kept() == TWO


def test_a_word_of_the_first_that_comes_after_the_second_goes_to_the_first(database: sa.Engine):
    queued, started, completed, finalized = life(0, "UNSTABLE")
    save(started, completed)
    save(*life(3, "SUCCESS"))
    save(finalized)
    save(queued)
    assert kept() == {"app#1": ("success", created(3)), "app#1~1": ("unstable", created(0))}


def test_a_number_may_be_used_many_times(database: sa.Engine):
    for day, result in enumerate(("SUCCESS", "FAILURE", "ABORTED", "UNSTABLE")):
        save(*life(day, result))
    save(*life(1, "FAILURE"), *life(0, "SUCCESS"))  # again
    assert {run_id: outcome for run_id, (outcome, _) in kept().items()} == {
        "app#1": "unstable",
        "app#1~1": "success",
        "app#1~2": "failure",
        "app#1~3": "cancelled",
    }


def test_the_stages_go_with_their_build(database: sa.Engine):
    save(*polled(0, "FAILURE"))
    save(*polled(3, "SUCCESS"))
    save(*polled(0, "FAILURE"))  # a kept document, replayed
    assert set(kept()) == {"app#1", "app#1~1"}
    with Session(database) as session:
        rows = session.exec(select(JobRow, RunRow).join(RunRow).order_by(JobRow.external_id)).all()
        assert [(job.external_id, run.external_id) for job, run in rows] == [
            ("app#1/11", "app#1"),
            ("app#1/6", "app#1"),
            ("app#1~1/11", "app#1~1"),
            ("app#1~1/6", "app#1~1"),
        ]
        assert all(job.run_external_id == run.external_id for job, run in rows)


@pytest.mark.parametrize("events", [polled(3, None), polled(3, "SUCCESS"), life(3, "SUCCESS")[:1]], ids=len)
def test_whoever_tells_first_of_the_second_makes_it_known(database: sa.Engine, events: Sequence[Event]):
    save(*life(0, "FAILURE"))
    save(*events)
    assert kept()["app#1~1"] == TWO["app#1~1"]


def test_an_end_that_nobody_told_does_not_swallow_the_next_build(database: sa.Engine):
    save(*life(0, "FAILURE")[:2])
    save(*polled(3, "SUCCESS"))
    outcomes = {run_id: outcome for run_id, (outcome, _) in kept().items()}
    assert outcomes == {"app#1": "success", "app#1~1": "running"}


@pytest.mark.parametrize("minutes", [2, 600])
def test_long_post_build_steps_are_part_of_the_same_build(database: sa.Engine, minutes: int):
    for event in life(0, "FAILURE", finalized_s=60 * minutes):
        save(event)
    assert kept() == {"app#1": ("failure", created(0))}


def test_only_builds_of_jenkins_begin_anew(database: sa.Engine):
    payload = {"provider": "gitlab", "pipeline": "ci", "external_id": "1", "status": "success", "repo": "kestrel/app"}
    for day in (0, 3):
        started = (MONDAY + timedelta(days=day)).isoformat()
        save(*parse_generic(payload | {"started_at": started, "completed_at": started}))
    assert list(kept()) == ["ci#1"]
