"""Real and published deliveries, where the team's collection of them is at hand."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cicd_health.model.runs import Attempt, Event, Job, Outcome, Status
from cicd_health.providers import PROVIDERS
from cicd_health.providers.provider import BadPayload, BadSignature, Ignored
from tests.conftest import SHARED_DATA

HOOKS = SHARED_DATA / "github" / "webhooks"
NOTIFICATIONS = SHARED_DATA / "jenkins" / "notification"
RECEIVED = {"x-received-at": "2026-01-01T00:00:00+00:00"}
# Published by its owner for tests, with the captures.
CAPTURE_SECRET = "402786017574bd28f9d8f7a18648939751c47fe09077d56e10f0444f14fbb73b"

pytestmark = pytest.mark.skipif(
    not SHARED_DATA.exists(), reason=f"the collection of published deliveries is not at {SHARED_DATA}"
)


def github_payloads() -> Iterator[tuple[str, str, Any]]:
    """Name, event and payload of each."""
    for path in sorted([*HOOKS.glob("octokit/*.json"), *HOOKS.glob("other/*.json")]):
        payload = json.loads(path.read_text())
        if isinstance(payload, dict) and "payload" in payload:
            payload = payload["payload"]
        yield path.name, path.name.partition(".")[0], payload


def jenkins_payloads() -> Iterator[tuple[str, Any]]:
    for path in sorted(NOTIFICATIONS.glob("*.json")):
        yield path.name, json.loads(path.read_text())
    for number, line in enumerate((NOTIFICATIONS / "captured.jsonl").read_text().splitlines(), 1):
        yield f"captured line {number}", json.loads(line)["payload"]


def of_github(name: str) -> Event:
    payload = next(payload for known, _, payload in github_payloads() if known == name)
    [event] = PROVIDERS["github"].parse({"x-github-event": name.partition(".")[0]}, payload)
    return event


def attempt_of_github(name: str) -> Attempt:
    event = of_github(name)
    assert isinstance(event, Attempt)
    return event


def job_of_github(name: str) -> Job:
    event = of_github(name)
    assert isinstance(event, Job)
    return event


def attempt_of_jenkins(name: str) -> Attempt:
    [event] = PROVIDERS["jenkins"].parse(RECEIVED, next(body for known, body in jenkins_payloads() if known == name))
    assert isinstance(event, Attempt)
    return event


def test_every_run_and_job_event_of_github_is_read_and_every_other_is_ignored():
    seen = 0
    for name, event, payload in github_payloads():
        seen += 1
        if event in ("workflow_run", "workflow_job"):
            assert PROVIDERS["github"].parse({"x-github-event": event}, payload), name
        else:
            with pytest.raises(Ignored):
                PROVIDERS["github"].parse({"x-github-event": event}, payload)
    assert seen > 25


def test_every_notification_of_jenkins_is_read():
    seen = [PROVIDERS["jenkins"].parse(RECEIVED, payload) for _, payload in jenkins_payloads()]
    assert len(seen) >= 8


def test_no_payload_fails_in_another_way_when_read_as_another_event_or_provider():
    for _, _, payload in github_payloads():
        for provider, headers in (("github", {"x-github-event": "workflow_job"}), ("github", {}), ("jenkins", {})):
            with contextlib.suppress(Ignored, BadPayload):
                assert PROVIDERS[provider].parse(headers, payload)


def captures() -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(HOOKS.glob("signed-captures/*.json"))]


def test_every_signed_capture_verifies_and_fails_when_any_one_byte_changes():
    assert len(captures()) >= 3
    for capture in captures():
        body = base64.b64decode(capture["body_raw_base64"])
        PROVIDERS["github"].verify(capture["headers"], {}, body, ("another", CAPTURE_SECRET))
        for place in (0, len(body) // 2, len(body) - 1):
            forged = bytearray(body)
            forged[place] ^= 1
            with pytest.raises(BadSignature):
                PROVIDERS["github"].verify(capture["headers"], {}, bytes(forged), (CAPTURE_SECRET,))


def test_a_signed_capture_written_anew_from_its_json_does_not_verify():
    for capture in captures():
        body = json.dumps(json.loads(base64.b64decode(capture["body_raw_base64"]))).encode()
        with pytest.raises(BadSignature):
            PROVIDERS["github"].verify(capture["headers"], {}, body, (CAPTURE_SECRET,))


def test_every_signed_capture_has_its_own_envelope_and_is_about_no_run():
    envelopes = set()
    for capture in captures():
        body = base64.b64decode(capture["body_raw_base64"])
        payload = PROVIDERS["github"].decode(capture["headers"], body)
        envelopes.add(PROVIDERS["github"].envelope(capture["headers"], payload, body))
        with pytest.raises(Ignored):
            PROVIDERS["github"].parse(capture["headers"], payload)
    assert {one.external_id for one in envelopes} == {one["headers"]["x-github-delivery"] for one in captures()}


def test_the_thirteenth_attempt_took_94_seconds():
    run = attempt_of_github("workflow_run.completed.attempt13.json")
    assert run.started_at is not None
    assert run.completed_at is not None
    assert (run.attempt, run.outcome) == (13, Outcome.FAILURE)
    assert (run.completed_at - run.started_at).total_seconds() == 94
    assert (run.completed_at - run.created_at).total_seconds() == 148_700


def test_its_job_belongs_to_that_attempt():
    job, run = (
        job_of_github("workflow_job.completed.attempt13.json"),
        attempt_of_github("workflow_run.completed.attempt13.json"),
    )
    assert (job.run_external_id, job.attempt, job.repo) == (run.external_id, 13, run.repo)


def test_a_pull_request_from_a_fork_is_filed_under_the_repository_it_is_for():
    assert (
        attempt_of_github("workflow_run.completed.fork-other-repository.json").repo.name
        == "gsmet/quarkus-bot-java-playground"
    )


def test_a_run_without_a_name_is_called_after_its_workflow():
    assert attempt_of_github("workflow_run.completed.json").pipeline.name == "test"


@pytest.mark.parametrize("name", ["workflow_job.queued.json", "workflow_job.waiting.json"])
def test_a_job_that_waits_has_not_started_whatever_its_started_at_says(name: str):
    assert job_of_github(name).started_at is None


def test_a_job_of_2021_has_no_creation_so_its_queue_time_cannot_be_told():
    job = job_of_github("workflow_job.queued.2021-no-created_at.json")
    assert (job.created_at, job.started_at, job.attempt, job.status) == (None, None, 1, Status.QUEUED)


def test_finished_is_finalized_by_its_old_name():
    old, new = attempt_of_jenkins("idobata.finished.json"), attempt_of_jenkins("idobata.finalized.json")
    assert (old.external_id, old.rank, old.outcome) == (new.external_id, new.rank, new.outcome)


def test_where_two_addresses_name_different_jobs_the_relative_one_holds():
    assert attempt_of_jenkins("idobata.started.json").external_id == "support#162"


def test_the_two_phases_of_a_cloud_event_are_one_build():
    started, ended = (
        attempt_of_jenkins("cloudevents.started.1.json"),
        attempt_of_jenkins("cloudevents.finalized.3.json"),
    )
    assert (started.host, started.external_id) == (ended.host, ended.external_id) == ("3.101.116.80", "test2#13")
    assert (ended.duration_s, ended.branch, started.outcome) == (5.583, "main", Outcome.RUNNING)
    assert started.started_at is not None
    assert ended.started_at is not None
    assert started.started_at < ended.started_at, "merging keeps the earlier, which is the true one"


def test_a_very_old_body_has_no_duration():
    old = attempt_of_jenkins("captured line 2")
    assert (old.outcome, old.duration_s, old.started_at, old.branch) == (Outcome.UNSTABLE, None, None, "master")
