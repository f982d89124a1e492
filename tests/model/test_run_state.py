"""A run is the same whatever order its events come in, and however often."""

import copy
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cicd_health.model.counting import contributions
from cicd_health.model.run_state import RunState, apply_attempt, apply_job, finish
from cicd_health.model.runs import Attempt, Job, Outcome, Pipeline, Repo, Status, Step

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
REPO = Repo("kestrel/checkout-api", "7", "main")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def attempt(number: int, status: Status, outcome: Outcome, rank: int, **more) -> Attempt:
    return Attempt(
        provider="github",
        host="github.com",
        repo=REPO,
        pipeline=Pipeline("ci", "11"),
        external_id="900",
        attempt=number,
        status=status,
        outcome=outcome,
        rank=rank,
        raw_status=status.value,
        created_at=START,
        branch="main",
        sha="a" * 40,
        **more,
    )


def job(external_id: str, number: int, status: Status, outcome: Outcome, rank: int, **more) -> Job:
    return Job(
        provider="github",
        host="github.com",
        repo=REPO,
        run_external_id="900",
        external_id=external_id,
        name=f"job {external_id}",
        attempt=number,
        status=status,
        outcome=outcome,
        rank=rank,
        raw_status=status.value,
        **more,
    )


def life(number: int, begin: float, outcome: Outcome) -> list[Attempt | Job]:
    """One attempt with one job: asked for at `begin`, started 5 s later, done 65 s later, told 3 s after that."""
    key = f"{number}01"
    created, started, ended, told = at(begin), at(begin + 5), at(begin + 65), at(begin + 68)
    step = Step(1, "pytest", Status.COMPLETED, outcome, started, ended)
    return [
        attempt(number, Status.QUEUED, Outcome.QUEUED, 0, updated_at=created, started_at=created),
        job(key, number, Status.QUEUED, Outcome.QUEUED, 0, created_at=created, updated_at=created),
        job(key, number, Status.WAITING, Outcome.WAITING, 0, created_at=created, updated_at=created),
        job(key, number, Status.IN_PROGRESS, Outcome.RUNNING, 1, created_at=created, started_at=started,
            updated_at=started, runner="r1"),
        attempt(number, Status.IN_PROGRESS, Outcome.RUNNING, 1, updated_at=started, started_at=created),
        attempt(number, Status.COMPLETED, outcome, 2, updated_at=told, started_at=created, completed_at=told,
                raw_conclusion=outcome.value),
        job(key, number, Status.COMPLETED, outcome, 2, created_at=created, started_at=started, completed_at=ended,
            updated_at=ended, runner="r1", raw_conclusion=outcome.value, steps=(step,)),
        # an annotation, long afterwards, touches the run again
        attempt(number, Status.COMPLETED, outcome, 2, updated_at=at(begin + 9000), started_at=created,
                completed_at=at(begin + 9000), raw_conclusion=outcome.value),
    ]  # fmt: skip


LIFE = [*life(1, 0, Outcome.FAILURE), *life(2, 4000, Outcome.SUCCESS)]


def state_after(events) -> RunState:
    state = RunState(repo_id=1)
    for event in events:
        if isinstance(event, Attempt):
            apply_attempt(state, event, pipeline_id=5, default_branch="main", quiet=False)
        else:
            apply_job(state, event)
        finish(state)
    return state


def said(state: RunState) -> tuple:
    return copy.deepcopy((state.run, state.attempts, state.jobs, sorted(map(repr, contributions(state)))))


@given(st.permutations(LIFE), st.lists(st.sampled_from(LIFE), max_size=8))
def test_a_life_in_any_order_and_twice_ends_the_same(order, repeats):
    assert said(state_after([*order, *repeats])) == said(state_after(LIFE))


def test_a_rerun_rescues_the_run_and_keeps_its_creation():
    run = state_after(LIFE).run
    assert run["outcome"] == "success"
    assert run["first_outcome"] == "failure"
    assert run["created_at"] == START
    assert run["attempt"] == run["attempts"] == 2


def test_a_duration_is_first_job_start_to_last_job_end_and_queue_what_the_job_waited():
    run = state_after(LIFE).run
    assert run["duration_s"] == 60
    assert run["queue_s"] == 5


def test_without_jobs_the_end_is_frozen_at_the_first_completed_event():
    run = state_after([event for event in life(1, 0, Outcome.SUCCESS) if isinstance(event, Attempt)]).run
    assert run["duration_s"] == 68
    assert run["queue_s"] is None


def test_a_lower_attempt_never_overwrites_a_higher_one():
    run = state_after([*life(2, 4000, Outcome.SUCCESS), *life(1, 0, Outcome.FAILURE)]).run
    assert run["outcome"] == "success"


def test_the_failing_job_and_step_are_named():
    run = state_after(life(1, 0, Outcome.FAILURE)).run
    assert (run["failed_job"], run["failed_step"]) == ("job 101", "pytest")


def test_jobs_alone_are_not_yet_a_run():
    state = state_after([event for event in life(1, 0, Outcome.FAILURE) if isinstance(event, Job)])
    assert state.run is None
    assert list(contributions(state)) == []


def test_a_job_carried_over_by_a_rerun_does_not_stretch_the_attempt():
    carried = job("209", 2, Status.COMPLETED, Outcome.SUCCESS, 2, created_at=at(0), started_at=at(5), runner="r2",
                  completed_at=at(65), updated_at=at(65))  # fmt: skip
    assert state_after([*LIFE, carried]).run["duration_s"] == 60
