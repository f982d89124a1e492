"""Signatures, envelopes and words of GitHub; whole payloads are in test_payloads.py."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest

from cicd_health.model.runs import Attempt, Job, Outcome, Status
from cicd_health.providers.github import PROVIDER
from cicd_health.providers.provider import BadPayload, BadSignature, Ignored, NotJson

# The test vector of https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def run(**changes) -> Attempt:
    subject = {"id": 1, "workflow_id": 2, "created_at": "2026-03-02T09:00:00Z", "status": "queued"} | changes
    payload = {"workflow_run": subject, "repository": {"full_name": "acme/shop"}}
    [event] = PROVIDER.parse({"x-github-event": "workflow_run"}, payload)
    assert isinstance(event, Attempt)
    return event


def job(**changes) -> Job:
    subject = {"id": 1, "run_id": 2, "status": "queued"} | changes
    payload = {"workflow_job": subject, "repository": {"full_name": "acme/shop"}}
    [event] = PROVIDER.parse({"x-github-event": "workflow_job"}, payload)
    assert isinstance(event, Job)
    return event


def test_githubs_own_test_vector_is_accepted():
    PROVIDER.verify({"x-hub-signature-256": SIGNATURE}, {}, BODY, (SECRET,))


def test_any_of_several_secrets_will_do_so_that_they_can_be_rotated():
    PROVIDER.verify({"x-hub-signature-256": SIGNATURE}, {}, BODY, ("the new one", SECRET))


@pytest.mark.parametrize("secrets", [(), ("",), ("another",)], ids=["none", "empty", "another"])
def test_without_the_secret_nothing_is_accepted(secrets: tuple[str, ...]):
    with pytest.raises(BadSignature, match="X-Hub-Signature-256"):
        PROVIDER.verify({"x-hub-signature-256": SIGNATURE}, {}, BODY, secrets)


def test_an_empty_secret_never_counts_even_when_the_sender_signed_with_it():
    signature = "sha256=" + hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    with pytest.raises(BadSignature):
        PROVIDER.verify({"x-hub-signature-256": signature}, {}, BODY, ("",))


@pytest.mark.parametrize("headers", [{}, {"x-hub-signature-256": ""}, {"x-hub-signature-256": "sha256=é\ud800"}])
def test_a_missing_or_odd_signature_is_refused(headers: dict[str, str]):
    with pytest.raises(BadSignature):
        PROVIDER.verify(headers, {}, BODY, (SECRET,))


def test_the_old_sha1_signature_alone_is_refused():
    old = "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest()
    with pytest.raises(BadSignature, match="missing"):
        PROVIDER.verify({"x-hub-signature": old}, {}, BODY, (SECRET,))


def test_a_form_delivery_carries_its_json_in_the_payload_field():
    body = urlencode({"payload": json.dumps({"zen": "Ünïcode & more"})}).encode()
    assert PROVIDER.decode(FORM, body) == {"zen": "Ünïcode & more"}


@pytest.mark.parametrize("body", [b"other=1", b"payload=%7B", b"\xff\xfe", b""])
def test_a_form_without_json_is_not_json(body: bytes):
    with pytest.raises(NotJson):
        PROVIDER.decode(FORM, body)


@pytest.mark.parametrize("body", [b"", b"{", b"<xml/>", b"\xff", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_not_json_is_said_so(body: bytes):
    with pytest.raises(NotJson):
        PROVIDER.decode({"content-type": "application/json"}, body)


def test_a_title_cut_in_mid_emoji_is_taken_without_what_no_database_keeps():
    payload = PROVIDER.decode({}, b'{"title": "ship it \\ud83d\\u0000"}')
    assert isinstance(payload, dict)
    assert run(display_title=payload["title"]).title == "ship it ?"


def test_the_envelope_has_githubs_id_event_and_action():
    headers = {"x-github-delivery": "guid-1", "x-github-event": "workflow_run"}
    known = PROVIDER.envelope(headers, {"action": "completed"}, b"{}")
    assert (known.external_id, known.event, known.action) == ("guid-1", "workflow_run", "completed")


def test_without_a_delivery_id_equal_bodies_of_one_event_are_one_delivery():
    def fingerprint(event: str, body: bytes) -> str:
        return PROVIDER.envelope({"x-github-event": event}, {}, body).external_id

    assert fingerprint("workflow_run", b"{}") == fingerprint("workflow_run", b"{}")
    assert fingerprint("workflow_run", b"{}") != fingerprint("workflow_job", b"{}")
    assert fingerprint("workflow_run", b"{}") != fingerprint("workflow_run", b"{ }")


def test_without_an_event_header_the_body_says_what_it_is():
    payload = {"workflow_run": {"id": 1, "workflow_id": 2, "created_at": "2026-03-02T09:00:00Z"}}
    [event] = PROVIDER.parse({}, payload | {"repository": {"full_name": "acme/shop"}})
    assert event.external_id == "1"


@pytest.mark.parametrize("event", ["push", "check_run", "repository", "star", "meta", "deployment_status"])
def test_other_events_are_ignored(event: str):
    with pytest.raises(Ignored, match=event):
        PROVIDER.parse({"x-github-event": event}, {"action": "created"})


@pytest.mark.parametrize("payload", [None, [], "text", 7, {}, {"workflow_run": None}, {"workflow_run": []}])
def test_a_run_event_without_a_run_names_what_is_missing(payload: object):
    with pytest.raises(BadPayload, match=r"workflow_run|not a JSON object"):
        PROVIDER.parse({"x-github-event": "workflow_run"}, payload)


@pytest.mark.parametrize(
    ("status", "ours", "rank"),
    [
        ("queued", Status.QUEUED, 0),
        ("requested", Status.QUEUED, 0),
        ("pending", Status.QUEUED, 0),
        ("waiting", Status.WAITING, 0),
        ("in_progress", Status.IN_PROGRESS, 1),
        ("completed", Status.COMPLETED, 2),
    ],
)
def test_a_later_status_ranks_higher(status: str, ours: Status, rank: int):
    assert (run(status=status).status, run(status=status).rank) == (ours, rank)
    assert (job(status=status).status, job(status=status).rank) == (ours, rank)


CONCLUSIONS = [
    "success",
    "failure",
    "timed_out",
    "startup_failure",
    "cancelled",
    "skipped",
    "neutral",
    "stale",
    "action_required",
]


@pytest.mark.parametrize("conclusion", CONCLUSIONS)
def test_a_conclusion_is_the_outcome_of_a_completed_run_and_of_no_other(conclusion: str):
    assert run(status="completed", conclusion=conclusion).outcome == Outcome(conclusion)
    assert run(status="in_progress", conclusion=conclusion).outcome == Outcome.RUNNING


def test_words_github_may_add_are_unknown_and_kept():
    ended = run(status="completed", conclusion="vaporised")
    assert (ended.outcome, ended.raw_conclusion) == (Outcome.UNKNOWN, "vaporised")
    odd = run(status="levitating")
    assert (odd.status, odd.outcome, odd.raw_status) == (Status.QUEUED, Outcome.UNKNOWN, "levitating")
    assert run(status="levitating", conclusion="success").outcome == Outcome.SUCCESS


def test_completed_without_a_conclusion_is_unknown():
    assert run(status="completed", conclusion=None).outcome == Outcome.UNKNOWN


def test_a_run_without_any_time_is_as_old_as_its_delivery():
    payload = {"workflow_run": {"id": 1, "workflow_id": 2}, "repository": {"full_name": "acme/shop"}}
    headers = {"x-github-event": "workflow_run"}
    with pytest.raises(BadPayload, match="created_at"):
        PROVIDER.parse(headers, payload)
    [event] = PROVIDER.parse(headers | {"x-received-at": "2026-03-02T09:00:00+00:00"}, payload)
    assert event.created_at is not None
    assert event.created_at.isoformat() == "2026-03-02T09:00:00+00:00"


@pytest.mark.parametrize("zero", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "soon"])
def test_a_zero_or_senseless_time_is_no_time(zero: str):
    assert run(run_started_at=zero).started_at is None


def test_a_job_that_no_runner_took_never_started():
    times = {"started_at": "2026-03-02T09:00:00Z", "completed_at": "2026-03-02T09:30:00Z", "status": "completed"}
    assert job(**times, conclusion="cancelled", runner_name="").started_at is None
    assert job(**times, conclusion="cancelled", runner_name="GitHub Actions 7").started_at is not None
    assert job(**times, conclusion="cancelled").started_at is not None, "old payloads have no runner_name at all"


def test_names_are_cut_to_what_an_index_takes():
    assert len(run(head_branch="b" * 100_000).branch or "") == 500


def test_ids_numbers_and_attempts_that_fit_no_column_are_not_taken():
    with pytest.raises(BadPayload, match=r"workflow_run\.id"):
        run(id=2**70)
    assert (run(run_number=2**70).number, run(run_attempt=2**40).attempt, run(run_attempt=0).attempt) == (None, 1, 1)
