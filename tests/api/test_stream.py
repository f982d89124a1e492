"""What changed, told as server-sent events to who listens and to who comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.datastructures import Headers

from cicd_health import access
from cicd_health.api import feed, stream
from cicd_health.api.cursors import EPOCH
from cicd_health.live import Changing, Hub
from tests.api.conftest import KEY, NOW, RECENTLY, receive
from tests.bodies import github_run

PATH = "/api/v1/stream"


def read(text: str) -> dict[str, Any]:
    """One event: its fields, the data as JSON."""
    fields = dict(line.split(": ", 1) for line in text.strip().split("\n"))
    return fields | {"data": json.loads(fields["data"])}


def id_of(moment: datetime) -> str:
    return str((moment - EPOCH) // timedelta(microseconds=1))


async def until(events: AsyncGenerator[str], kind: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        async for text in events:
            if f"event: {kind}\n" in text:
                return read(text)
    raise AssertionError(f"no {kind} came")


def listen(hub: Hub, rights: Changing, key: str, since: datetime | None = None) -> AsyncGenerator[str]:
    return stream._events(feed.Feed(hub, rights), Headers({"authorization": f"Bearer {key}"}), since)


async def test_what_happens_is_told_with_the_id_to_come_back_with(configured: None, hub: Hub) -> None:
    events = listen(hub, Changing(), "admin-key")
    assert await anext(events) == "retry: 2000\n\n"
    assert (await until(events, "summary"))["data"]["total"] == 0
    await until(events, "summary")  # of the first look, with which later ones are compared
    receive(github_run(900, created=RECENTLY, conclusion="failure"), at=datetime.now(UTC))
    hub.publish()
    run, alert = await until(events, "build_ingested"), await until(events, "alert")
    assert (run["data"]["number"], alert["data"]["state"]) == (900, "open")
    assert int(run["id"]) < int((await until(events, "summary"))["id"])
    await events.aclose()


def test_who_comes_back_is_told_what_was_missed(client: Any, configured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LASTS_S", 0.05)
    receive(github_run(900, created=RECENTLY, conclusion="failure"), at=datetime.now(UTC))

    def kinds(since: datetime) -> list[str]:
        answer = client.get(PATH, headers=KEY | {"Last-Event-ID": id_of(since)})
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        return [line.removeprefix("event: ") for line in answer.text.split("\n") if line.startswith("event")][:3]

    assert kinds(datetime.now(UTC) - timedelta(minutes=1)) == ["build_ingested", "alert", "summary"]
    assert kinds(datetime.now(UTC) + timedelta(minutes=1))[0] == "summary"
    monkeypatch.setattr(feed, "MOST_MISSED", 0)
    assert kinds(datetime.now(UTC) - timedelta(minutes=1))[:2] == ["missed", "summary"]


def test_more_at_once_than_is_read_is_said_to_be_missed(configured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "AT_ONCE", 2)
    changes = feed.Changes(NOW)
    changes.read(NOW)

    def kinds(*numbers: int) -> list[str]:
        receive(*(github_run(number, created=RECENTLY) for number in numbers))
        return [told.event for told in changes.read(NOW) if told.event != "alert"]

    assert kinds(900) == ["build_ingested"]
    assert kinds(901) == ["build_ingested"]
    assert kinds(902, 903, 904) == ["missed", "build_ingested", "build_ingested"]


async def test_a_revoked_key_ends_it_at_once(configured: None, hub: Hub) -> None:
    rights = Changing()
    made = access.create_key("a wall", ["read"], NOW)
    events = listen(hub, rights, made.key)
    await until(events, "summary")
    rest = asyncio.create_task(_all(events))
    await asyncio.sleep(0)
    access.revoke_key(made.id, NOW)
    rights.publish()
    async with asyncio.timeout(10):
        assert not any("build_ingested" in text for text in await rest)


async def _all(events: AsyncGenerator[str]) -> list[str]:
    return [text async for text in events]


async def test_a_heartbeat_comes_when_nothing_happens(
    configured: None, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "BEAT_S", 0.01)
    events = listen(hub, Changing(), "admin-key")
    async for text in events:
        if text.startswith(":"):
            break
    await events.aclose()


async def test_who_does_not_keep_up_has_to_come_back(
    configured: None, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "UNREAD", 1)
    listener = feed.Listener()
    for _ in range(2):
        listener.tell(feed.Message("summary", "{}", NOW))
    assert listener.behind
    assert len(await listener.hear()) == 1


@pytest.mark.parametrize("id", ["x", "-1", "1e3", "٣", "9" * 17])
def test_an_id_that_is_not_ours_is_400(client: Any, id: str) -> None:
    assert client.get(PATH, headers=KEY | {"Last-Event-ID": id.encode()}).status_code == 400


def test_nobody_hears_anything(client: Any) -> None:
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers={"Authorization": "Bearer ingest-token"}).status_code == 403
