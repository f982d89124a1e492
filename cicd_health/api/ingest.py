"""Runs that people post themselves: any CI in the run shape, and the flat form."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from cicd_health.api import bodies, shapes
from cicd_health.api.auth import INGESTER
from cicd_health.api.clock import Now
from cicd_health.api.flat import Build
from cicd_health.api.inbox import Inbox, NotKept
from cicd_health.api.paging import Page
from cicd_health.api.problems import answers
from cicd_health.flow import Receipt
from cicd_health.model.deliveries import Incoming
from cicd_health.providers.flat import parse_flat, parse_generic
from cicd_health.providers.json_reader import decode_json
from cicd_health.providers.provider import BadPayload, NotJson
from cicd_health.store import engine, lists

FLAT = ("github", "jenkins")
MOST_RUNS = 1000  # of one request: they are saved in one transaction
FLAT_EXAMPLE = {
    "pipeline": "build",
    "repo": "acme/shop",
    "branch": "main",
    "status": "success",
    "started_at": "2026-01-31T12:00:00Z",
    "completed_at": "2026-01-31T12:03:20Z",
    "duration_seconds": 200,
    "url": "https://ci.example.com/build/42",
}
RUN_EXAMPLE = {
    "provider": "buildkite",
    "repo": "acme/shop",
    "pipeline": "build",
    "external_id": "42",
    "status": "completed",
    "conclusion": "success",
    "branch": "main",
    "started_at": "2026-01-31T12:00:00Z",
    "completed_at": "2026-01-31T12:03:20Z",
    "jobs": [{"name": "test", "outcome": "success"}],
}


def _json_body(example: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": {}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def router(inbox: Inbox) -> APIRouter:
    """The routes, which wait until what they were sent is on disk."""
    routes = APIRouter(tags=["ingest"], dependencies=[INGESTER], max_body_size=bodies.READ)

    @routes.post("/api/v1/ingest", status_code=201, responses=answers(400), openapi_extra=_json_body(RUN_EXAMPLE))
    async def ingest(request: Request, now: Now) -> Page[shapes.Run]:
        """One run, or a list of at most 1,000.

        The same provider, repo, pipeline, external_id and attempt is the same run again.
        """
        body, payload = await _read(request)
        if isinstance(payload, list) and len(payload) > MOST_RUNS:
            raise HTTPException(422, f"More than {MOST_RUNS:,} runs in one list: send them in several.")
        await bodies.reading(body, _check, parse_generic, payload, now)
        receipt = await _keep(inbox, "ingest", body, payload, now)
        return Page(items=[shapes.Run.of(row) for row in await _stored(receipt)])

    for slug in FLAT:
        _add_flat(routes, inbox, slug)
    return routes


def _add_flat(routes: APIRouter, inbox: Inbox, slug: str) -> None:
    @routes.post(
        f"/ingest/{slug}",
        status_code=201,
        name=f"flat_{slug}",
        responses=answers(400),
        openapi_extra=_json_body(FLAT_EXAMPLE),
    )
    async def ingest_flat(request: Request, now: Now) -> Build:
        """One build in the flat form; the same url, without one the same started_at, is the same build again."""
        body, payload = await _read(request)
        await bodies.reading(body, _check, partial(parse_flat, slug), payload, now)
        receipt = await _keep(inbox, f"flat:{slug}", body, payload, now)
        return Build.of((await _stored(receipt))[0])


async def _read(request: Request) -> tuple[bytes, object]:
    body = await bodies.read(request)
    try:
        return body, await bodies.reading(body, decode_json, body)
    except NotJson:
        raise HTTPException(400, "The body is not JSON.") from None


def _check(parse: Any, payload: object, now: Any) -> None:
    """Refuse at once what makes no sense, so that the sender hears of it. 422"""
    try:
        parse(payload, now)
    except BadPayload as error:
        raise HTTPException(422, str(error)) from None


async def _keep(inbox: Inbox, provider: str, body: bytes, payload: object, now: Any) -> Receipt:
    incoming = Incoming(
        provider=provider,
        external_id=uuid.uuid4().hex,
        event="ingest",
        action=None,
        body=body,
        payload=payload,
        received_at=now,
    )
    try:
        receipt = await inbox.put(incoming)
    except NotKept:
        raise HTTPException(503, "It could not be stored; please try again.", {"Retry-After": "5"}) from None
    if receipt.state == "failed":
        raise HTTPException(
            500, f"Delivery {receipt.delivery_id} is kept but could not be applied; it can be replayed."
        )
    return receipt


async def _stored(receipt: Receipt) -> Sequence[lists.Row]:
    """The runs that a delivery became, in the order they were posted. 503 while they are kept and not yet applied."""

    def read() -> Sequence[lists.Row]:
        with engine.reading() as session:
            return lists.runs_of(session, receipt.run_ids)

    rows = {row["id"]: row for row in await run_in_threadpool(read)}
    if receipt.state == "kept":
        raise HTTPException(503, "It is kept and will be applied shortly.", {"Retry-After": "5"})
    return [rows[id] for id in receipt.run_ids if id in rows]
