"""Every answer carries the id of its request, and so does every line that is logged for it."""

from __future__ import annotations

import re

import pytest
import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from structlog.contextvars import get_contextvars

from cicd_health.api.gate import Gate
from cicd_health.api.inbox import Inbox
from cicd_health.api.tracing import Traced
from cicd_health.flow import Receipt
from tests.api.conftest import NOW
from tests.bodies import delivery, github_run


def in_thread() -> str:
    return str(get_contextvars().get("request_id"))


async def endpoint(_request: object) -> PlainTextResponse:
    return PlainTextResponse(f"{get_contextvars()['request_id']} {await run_in_threadpool(in_thread)}")


@pytest.mark.parametrize("given", ["", "short", "with space in it", "x" * 65, 'quoted"id"here', "-begins-oddly"])
def test_an_id_is_made_where_none_or_an_odd_one_was_given(given: str):
    answer = TestClient(Traced(Starlette(routes=[Route("/", endpoint)]))).get("/", headers={"X-Request-Id": given})
    id = answer.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{16}", id)
    assert answer.text == f"{id} {id}"


def test_the_id_of_a_proxy_holds_and_ends_with_its_request():
    client = TestClient(Traced(Starlette(routes=[Route("/", endpoint)])))
    answer = client.get("/", headers={"X-Request-Id": "0af7651916cd43dd8448eb211c80319c"})
    assert answer.headers.get_list("x-request-id") == ["0af7651916cd43dd8448eb211c80319c"]
    assert client.get("/").headers["x-request-id"] != "0af7651916cd43dd8448eb211c80319c"
    assert client.get("/nowhere").headers["x-request-id"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_refusals_and_errors_carry_it_too(everything: Gate):
    client = TestClient(Traced(everything), follow_redirects=False)
    for path in ("/", "/api/v1/runs", "/nowhere.css", "/health"):
        assert client.get(path).headers["x-request-id"], path
    assert client.post("/webhooks/github", content=b"{}").headers["x-request-id"]


async def test_what_is_done_for_a_batch_names_its_requests_and_no_others():
    seen: list[dict[str, object]] = []

    def receive(batch, _now):
        seen.append(dict(get_contextvars()))
        return [Receipt(1, "applied") for _ in batch]

    inbox = Inbox(receive)
    for id in ("first-request", "second-request"):
        with structlog.contextvars.bound_contextvars(request_id=id):
            await inbox.put(delivery(github_run(1, created=NOW), at=NOW))
    assert seen == [{"request_ids": ["first-request"]}, {"request_ids": ["second-request"]}]
