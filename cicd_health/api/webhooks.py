"""What providers post to us: proved, decoded, kept, and only then understood."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from cicd_health import access, flow, settings
from cicd_health.api import bodies, limits
from cicd_health.api.client_address import client_address
from cicd_health.api.inbox import Inbox, NotKept
from cicd_health.api.problems import HANDLERS, problem, unavailable
from cicd_health.api.webhook_secrets import OwnSecrets
from cicd_health.flow import Receipt
from cicd_health.model.deliveries import Incoming
from cicd_health.providers import PROVIDERS
from cicd_health.providers.provider import BadSignature, NotJson, Provider

log = structlog.get_logger(__name__)
Endpoint = Callable[[Request], Awaitable[JSONResponse]]
ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"description": "Kept: `state` is applied, ignored or kept (not understood, can be replayed)."},
    200: {"description": "A repeat: `state` is duplicate."},
    400: {"description": "Not JSON."},
    401: {"description": "Wrong signature or token; nothing is stored."},
    408: {"description": "The body came too slowly."},
    413: {"description": "Over 25 MB."},
    429: {"description": "Too many wrong signatures from this address in a minute; right ones are never limited."},
    503: {"description": "Could not be kept; try again."},
}

# How each proves itself, in words and as a parameter.
PROOF: dict[str, tuple[str, dict[str, Any]]] = {
    "github": (
        "The header is the HMAC of the raw body with GITHUB_WEBHOOK_SECRET, or with the repository's own secret.",
        {"name": "X-Hub-Signature-256", "in": "header", "schema": {"type": "string"}},
    ),
    "jenkins": (
        "JENKINS_WEBHOOK_TOKEN is given in the query, as a Bearer token, as Basic password or in X-Jenkins-Token.",
        {"name": "token", "in": "query", "schema": {"type": "string"}},
    ),
}


def _sent(parameter: dict[str, Any]) -> dict[str, Any]:
    """The body and the proof, as the description of the API tells them."""
    body = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    return {"parameters": [parameter], "requestBody": body}


class Refusals:
    """Remembers refused deliveries, one write at a time: a flood of them is not counted one by one."""

    def __init__(self) -> None:
        self._writing = False

    async def add(self, provider: str, reason: str, now: datetime) -> None:
        if self._writing:
            return
        self._writing = True
        try:
            await run_in_threadpool(flow.refuse, provider, reason, now)
        except Exception as error:  # the answer stays 401 whatever the database says
            log.warning("refusal not noted", provider=provider, error=str(error))
        finally:
            self._writing = False


def secrets_of(slug: str) -> tuple[str, ...]:
    """The instance's secrets for a provider."""
    chosen = settings.get()
    kept = {"github": chosen.github_webhook_secret, "jenkins": chosen.jenkins_webhook_token}
    return access.several(kept.get(slug))


def endpoints(inbox: Inbox) -> dict[str, Endpoint]:
    """What answers a POST to each webhook address; every provider has one, and an alias."""
    refusals, own = Refusals(), OwnSecrets()
    found: dict[str, Endpoint] = {}
    for provider in PROVIDERS.values():
        found[f"/webhooks/{provider.slug}"] = found[f"/webhook/{provider.slug}"] = _endpoint(
            provider, inbox, refusals, own
        )
    return found


def _endpoint(provider: Provider, inbox: Inbox, refusals: Refusals, own: OwnSecrets) -> Endpoint:
    async def webhook(request: Request) -> JSONResponse:
        return await _take(request, provider, inbox, refusals, own)

    return webhook


def router(found: dict[str, Endpoint]) -> APIRouter:
    """The webhook addresses as part of the described API."""
    routes = APIRouter(tags=["webhooks"], max_body_size=bodies.READ)
    for provider in PROVIDERS.values():
        for first in ("webhooks", "webhook"):
            path = f"/{first}/{provider.slug}"
            routes.add_api_route(
                path,
                found[path],
                methods=["POST"],
                status_code=202,
                responses=ANSWERS,
                name=f"{first}_{provider.slug}",
                description=f"What {provider.label} sends. {PROOF[provider.slug][0]}",
                openapi_extra=_sent(PROOF[provider.slug][1]),
            )
    return routes


def express(found: dict[str, Endpoint]) -> ASGIApp:
    """The same addresses without FastAPI's layers, which cost a delivery more than all that is done with it here."""
    routes = [Route(path, endpoint, methods=["POST"]) for path, endpoint in found.items()]
    return ExceptionMiddleware(Router(routes), handlers=HANDLERS)


async def _take(
    request: Request, provider: Provider, inbox: Inbox, refusals: Refusals, own: OwnSecrets
) -> JSONResponse:
    now = datetime.now(UTC)
    body = await bodies.read(request)
    headers = dict(request.headers)
    try:
        await _prove(request, provider, headers, body, own, now)
    except BadSignature as error:
        await limits.failed(client_address(request.scope))
        await refusals.add(provider.slug, str(error), now)
        return problem(401, f"Not proved to come from {provider.label}: {error}.")
    try:
        payload = await bodies.reading(body, provider.decode, headers, body)
    except NotJson as error:
        raise HTTPException(400, f"The body is not JSON: {error}") from None
    envelope = provider.envelope(headers, payload, body)
    incoming = Incoming(
        provider=provider.slug,
        external_id=envelope.external_id,
        event=envelope.event,
        action=envelope.action,
        body=body,
        payload=payload,
        received_at=now,
        headers=headers,
    )
    try:
        receipt = await inbox.put(incoming)
    except NotKept:
        return unavailable()
    return _answer(receipt)


async def _prove(
    request: Request, provider: Provider, headers: dict[str, str], body: bytes, own: OwnSecrets, now: datetime
) -> None:
    """By the instance's secret, else by one of the source or repository that the body is about. Raises BadSignature."""
    try:
        await bodies.reading(body, provider.verify, headers, request.query_params, body, secrets_of(provider.slug))
    except BadSignature:
        if not await run_in_threadpool(own.any, provider, now):
            raise
        await run_in_threadpool(_prove_by_own, provider, headers, request.query_params, body, own, now)


def _prove_by_own(
    provider: Provider,
    headers: dict[str, str],
    query: Mapping[str, str],
    body: bytes,
    own: OwnSecrets,
    now: datetime,
) -> None:
    try:
        payload = provider.decode(headers, body)
    except NotJson:
        raise BadSignature("the signature is not ours, and the body is not JSON") from None
    own.verify(provider, headers, query, payload, body, now)


def _answer(receipt: Receipt) -> JSONResponse:
    """A delivery that failed here is kept all the same: sending it again would not help, replaying it will."""
    state = "kept" if receipt.state == "failed" else receipt.state
    answer = {"delivery": receipt.delivery_id, "state": state}
    if receipt.error:
        answer["error"] = receipt.error
    return JSONResponse(answer, status_code=200 if state == "duplicate" else 202)
