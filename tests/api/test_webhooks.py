"""What providers post: proved first, kept before it is understood, answered when it is on disk."""

import asyncio
import json
import threading

import httpx
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from cicd_health import flow
from cicd_health.api import app as api
from cicd_health.api import bodies
from cicd_health.api.inbox import Inbox, NotKept
from cicd_health.live import Hub
from cicd_health.store import engine
from cicd_health.store.tables import DeliveryRow, RefusalRow
from tests.api.conftest import NOW, RECENTLY, post_github
from tests.bodies import delivery, github_run, jenkins_build, signed


def count(table) -> int:
    with engine.reading() as session:
        return session.connection().execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_a_signed_delivery_is_applied_and_its_run_is_there(client, get):
    answer = post_github(client, github_run(900, created=RECENTLY))
    assert (answer.status_code, answer.json()["state"]) == (202, "applied")
    assert get("/api/v1/runs")["items"][0]["external_id"] == "900"


def test_the_same_delivery_again_is_a_duplicate(client):
    raw = json.dumps(github_run()).encode()
    headers = signed(raw, "hook secret")
    first = client.post("/webhooks/github", content=raw, headers=headers).json()
    again = client.post("/webhooks/github", content=raw, headers=headers)
    assert (again.status_code, again.json()) == (200, {"delivery": first["delivery"], "state": "duplicate"})


def test_the_short_address_is_the_same(client):
    raw = json.dumps(github_run()).encode()
    assert client.post("/webhook/github", content=raw, headers=signed(raw, "hook secret")).status_code == 202


def test_while_a_secret_is_replaced_both_are_good(client):
    assert post_github(client, github_run(), "new hook secret").status_code == 202


def test_a_wrong_signature_is_401_and_nothing_is_kept_but_that_it_happened(client):
    answer = post_github(client, github_run(), "another secret")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert (count(DeliveryRow), count(RefusalRow)) == (0, 1)


def test_a_body_with_one_byte_changed_is_refused(client):
    raw = json.dumps(github_run()).encode()
    changed = raw.replace(b"completed", b"complete-", 1)
    assert client.post("/webhooks/github", content=changed, headers=signed(raw, "hook secret")).status_code == 401


def test_what_is_not_json_is_400(client):
    assert post_github(client, b"{").status_code == 400
    assert count(DeliveryRow) == 0


def test_what_cannot_be_understood_is_kept(client, get):
    answer = post_github(client, {"action": "completed", "workflow_run": {"id": 1}})
    assert (answer.status_code, answer.json()["state"]) == (202, "kept")
    kept = get("/api/v1/deliveries")["items"][0]
    assert kept["state"] == "kept"
    assert kept["error"]


def test_an_event_of_no_interest_is_ignored(client):
    answer = post_github(client, {"zen": "Keep it logically awesome."}, **{"X-GitHub-Event": "ping"})
    assert (answer.status_code, answer.json()["state"]) == (202, "ignored")


def test_a_body_over_25_mb_is_413(client, monkeypatch):
    monkeypatch.setattr(bodies.read, "__defaults__", (1000,))
    assert post_github(client, b" " * 1001).status_code == 413
    assert post_github(client, b" " * 1000).status_code == 400  # not JSON, but not too large


@pytest.mark.parametrize(
    ("query", "headers", "auth"),
    [
        ("?token=jenkins-token", {}, None),
        ("", {"Authorization": "Bearer jenkins-token"}, None),
        ("", {"X-Jenkins-Token": "jenkins-token"}, None),
        ("", {}, ("ci", "jenkins-token")),
    ],
)
def test_jenkins_shows_its_token_in_any_of_four_ways(client, query, headers, auth):
    answer = client.post(f"/webhooks/jenkins{query}", json=jenkins_build(), headers=headers, auth=auth)
    assert (answer.status_code, answer.json()["state"]) == (202, "applied")


def test_jenkins_without_its_token_is_401(client):
    assert client.post("/webhooks/jenkins", json=jenkins_build()).status_code == 401
    assert client.post("/webhook/jenkins?token=wrong", json=jenkins_build()).status_code == 401
    assert count(DeliveryRow) == 0


def test_get_is_405_and_an_unknown_provider_404(client):
    for answer, status in ((client.get("/webhooks/github"), 405), (client.post("/webhooks/nobody"), 404)):
        assert (answer.status_code, answer.json()["status"]) == (status, status)
        assert answer.headers["content-type"] == "application/problem+json"


def test_while_the_database_is_away_senders_are_told_to_come_again(everything, monkeypatch):
    def away(batch, now):
        raise sa.exc.OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(flow, "receive", away)
    with TestClient(api.build(Hub(), lambda: None)) as client:
        answer = post_github(client, github_run())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_deliveries_that_come_together_share_transactions(configured):
    sizes = []

    def counting(batch, now):
        sizes.append(len(batch))
        return flow.receive(batch, now)

    inbox = Inbox(counting)
    receipts = await asyncio.gather(*(inbox.put(delivery(github_run(n), at=NOW)) for n in range(1, 131)))
    assert len({receipt.delivery_id for receipt in receipts}) == 130
    assert len(sizes) < 6
    assert max(sizes) <= 64


async def test_a_full_inbox_refuses_what_it_has_no_room_for_and_takes_the_rest(monkeypatch):
    monkeypatch.setattr("cicd_health.api.inbox.QUEUE", 2)
    go = threading.Event()

    def slow(batch, now):
        go.wait(30)
        return [flow.Receipt(1, "applied") for _ in batch]

    inbox = Inbox(slow)
    waiting = [asyncio.create_task(inbox.put(delivery(github_run(), at=NOW))) for _ in range(10)]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
    assert all(isinstance(task.exception(), NotKept) for task in done)
    go.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    taken = [one for one in answers if isinstance(one, flow.Receipt)]
    assert 2 <= len(taken) < 10
    assert len(taken) + sum(isinstance(one, NotKept) for one in answers) == 10


async def test_nobody_waits_while_a_long_log_that_was_posted_is_read(configured, monkeypatch):
    taken = threading.Event()
    batches = []

    def receive(batch, now):
        batches.extend(batch)
        taken.set()
        return flow.receive(batch, now)

    def read_late(incoming, read=flow.prepare):
        assert taken.wait(timeout=30)
        return read(incoming)

    monkeypatch.setattr(flow, "prepare", read_late)
    inbox = Inbox(receive)
    build = {"pipeline": "p", "repo": "a/b", "status": "failure", "started_at": str(NOW)}
    build["logs"] = "error: no\n" * 30_000
    long = asyncio.create_task(inbox.put(delivery(build, provider="flat:github", at=NOW)))
    await inbox.put(delivery(github_run(), at=NOW))
    assert (await long).state == "applied"
    assert [incoming.provider for incoming in batches] == ["github", "flat:github"]
    assert batches[1].ready[0].packed.lines == 30_000


async def test_one_delivery_that_cannot_be_written_does_not_take_others_with_it():
    def picky(batch, now):
        if any(incoming.external_id == "bad" for incoming in batch):
            raise ValueError("cannot be written")
        return [flow.Receipt(1, "applied") for _ in batch]

    inbox = Inbox(picky)
    sent = [inbox.put(delivery(github_run(), at=NOW, id=id)) for id in ("a", "bad", "b")]
    a, bad, b = await asyncio.gather(*sent, return_exceptions=True)
    assert (a.state, b.state) == ("applied", "applied")
    assert isinstance(bad, NotKept)


async def test_a_request_that_gave_up_does_not_disturb_the_others(everything):
    transport = httpx.ASGITransport(app=everything)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        raw = json.dumps(github_run()).encode()
        posts = [
            asyncio.create_task(client.post("/webhooks/github", content=raw, headers=signed(raw, "hook secret")))
            for _ in range(5)
        ]
        await asyncio.sleep(0)
        posts[0].cancel()
        answers = await asyncio.gather(*posts, return_exceptions=True)
    assert [answer.status_code for answer in answers[1:]] == [202] * 4


@pytest.mark.parametrize(
    "body", [[], None, 1, "text", {}, {"action": "\x00"}, {"action": "a" * 100_000}, {"action": {}}]
)
def test_any_signed_json_is_kept_whatever_it_is(client, body):
    assert post_github(client, body).status_code == 202


def test_a_delivery_id_of_any_length_is_kept_once(client):
    raw = json.dumps(github_run()).encode()
    headers = signed(raw, "hook secret") | {"X-GitHub-Delivery": "x" * 5000, "X-GitHub-Event": "y" * 5000}
    states = [client.post("/webhooks/github", content=raw, headers=headers).json()["state"] for _ in range(2)]
    assert states == ["ignored", "duplicate"]


def test_half_an_emoji_and_a_nul_in_a_title_do_no_harm(client, get):
    raw = json.dumps(github_run(created=RECENTLY, display_title="Retry \ud83d\x00 refunds")).encode()
    assert client.post("/webhooks/github", content=raw, headers=signed(raw, "hook secret")).json()["state"] == "applied"
    assert get("/api/v1/runs")["items"][0]["title"] == "Retry ? refunds"
