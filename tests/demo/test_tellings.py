"""What the demo tells is what GitHub and Jenkins would have sent: the providers understand all of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cicd_health.demo.fill import BATCH, batches, tell
from cicd_health.demo.runs import Run
from cicd_health.demo.story import story
from cicd_health.demo.telling import Telling
from cicd_health.model.runs import Attempt, Job, Outcome, Status
from cicd_health.providers import PROVIDERS

NOW = datetime(2026, 11, 20, 10, 42, tzinfo=UTC)


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return story(NOW)


@pytest.fixture(scope="module")
def tellings(runs: list[Run]) -> list[Telling]:
    return tell(runs, NOW)


@pytest.fixture(scope="module")
def events(tellings: list[Telling]) -> list[Attempt | Job]:
    found = []
    for telling in tellings:
        incoming = telling.write()
        found += PROVIDERS[incoming.provider].parse(incoming.headers, incoming.payload)
    return found


def test_every_delivery_has_an_id_of_its_own_which_its_provider_reads_too(tellings: list[Telling]) -> None:
    seen = set()
    for telling in tellings[-500:]:
        incoming = telling.write()
        envelope = PROVIDERS[incoming.provider].envelope(incoming.headers, incoming.payload, incoming.body)
        assert (envelope.external_id, envelope.event, envelope.action) == (
            incoming.external_id,
            incoming.event,
            incoming.action,
        )
        seen.add(incoming.external_id)
    assert len(seen) == 500


def test_every_run_and_job_arrives_as_it_was_planned(runs: list[Run], events: list[Attempt | Job]) -> None:
    ended = {
        (event.repo.name, event.number, event.pipeline.name, event.attempt): event
        for event in events
        if isinstance(event, Attempt) and event.status is Status.COMPLETED
    }
    for run in runs:
        for attempt in run.attempts:
            event = ended[run.plan.repo, run.number, run.plan.name, attempt.number]
            assert event.outcome == Outcome(attempt.outcome)
            assert (event.branch, event.sha, event.title) == (run.branch, run.sha, run.title)
    jobs = [event for event in events if isinstance(event, Job) and event.status is Status.COMPLETED]
    planned = [job for run in runs if run.plan.provider == "github" for a in run.attempts for job in a.jobs]
    assert len(jobs) == len(planned)
    assert sum(len(job.steps) for job in jobs) == sum(len(job.steps) for job in planned)


def test_what_is_under_way_is_told_as_it_stands(tellings: list[Telling]) -> None:
    state: dict[str, Attempt | Job] = {}
    for telling in tellings:
        if telling.at <= NOW:
            incoming = telling.write()
            for event in PROVIDERS[incoming.provider].parse(incoming.headers, incoming.payload):
                known = state.get(event.external_id)
                if known is None or (event.attempt, event.rank) >= (known.attempt, known.rank):
                    state[event.external_id] = event
    runs = [event for event in state.values() if isinstance(event, Attempt)]
    assert sorted(run.pipeline.name for run in runs if run.status is Status.IN_PROGRESS) >= ["ci", "ci"]
    assert [run.pipeline.name for run in runs if run.status is Status.QUEUED] == ["ios-archive"] * 3
    assert [run.pipeline.name for run in runs if run.status is Status.WAITING] == ["terraform-plan"]


def test_a_batch_holds_successes_of_a_pipeline_or_one_failure(tellings: list[Telling]) -> None:
    found = list(batches(tellings))
    assert [telling for batch in found for telling in batch] == tellings
    for batch in found:
        assert len(batch) <= BATCH
        verdicts = [telling.verdict for telling in batch if telling.verdict]
        for pipeline in {pipeline for pipeline, failed in verdicts if failed}:
            assert [name for name, _ in verdicts].count(pipeline) == 1
