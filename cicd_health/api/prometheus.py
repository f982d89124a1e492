"""`GET /metrics` for Prometheus: pipelines under OpenTelemetry's names, and how we do ourselves.

What is told of pipelines, queues and deliveries comes from the database, the same in every process; what `meter`
counts is of this process only. See docs/machines.md.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder
from starlette.concurrency import run_in_threadpool

from cicd_health import queue
from cicd_health.api import meter, prometheus_families
from cicd_health.api.auth import READER
from cicd_health.api.problems import answers, unavailable
from cicd_health.store import endings, engine, vitals
from cicd_health.store.shared_reading import SharedReading

FRESH_S = 5.0  # several servers that scrape the same process share what was read
WITHIN_S = 8.0  # Prometheus itself waits for 10
WORTH_PACKING = 10_000  # bytes
DESCRIBED = {
    200: {
        "description": "The Prometheus text format, or OpenMetrics where `Accept` asks for it.",
        "content": {
            "text/plain": {"schema": {"type": "string"}},
            "application/openmetrics-text": {"schema": {"type": "string"}},
        },
    }
}


@dataclass(frozen=True, slots=True)
class Families:
    """What the encoder asks for its samples."""

    families: Sequence[Metric]
    registry: CollectorRegistry

    def collect(self) -> Iterable[Metric]:
        yield from self.families
        yield from self.registry.collect()


def read_now() -> list[Metric]:
    return read(datetime.now(UTC))


def read(now: datetime) -> list[Metric]:
    """Everything that the database says, in eleven short questions."""
    with engine.reading() as session:
        ended, state = endings.read(session), vitals.read(session, now)
    return list(prometheus_families.all_of(ended, state, queue.lanes(), now))


def _encoder(accept: str) -> tuple[Callable[[Families], bytes], str]:
    """How to write it, and what that is called: the plain text format where `Accept` makes no sense."""
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is no number
        return choose_encoder("")


def router() -> APIRouter:
    disable_created_metrics()  # a second series for each, of what nobody asks
    routes, kept = APIRouter(tags=["machines"], dependencies=[READER]), SharedReading(read_now, FRESH_S)

    @routes.get("/metrics", response_class=Response, responses={**DESCRIBED, **answers(503)})
    async def metrics(request: Request) -> Response:
        """For Prometheus: pipelines under OpenTelemetry's CI/CD names, and our own health."""
        try:
            families = await kept.newest(WITHIN_S)
        except TimeoutError:
            return unavailable("The database does not answer.")
        return await run_in_threadpool(_page, families, request)

    return routes


def _page(families: Sequence[Metric], request: Request) -> Response:
    encoder, kind = _encoder(request.headers.get("accept", ""))
    body = encoder(Families(families, meter.REGISTRY))
    headers = {"Content-Type": kind or CONTENT_TYPE_PLAIN_0_0_4, "Vary": "Accept, Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", "") and len(body) > WORTH_PACKING:
        body = gzip.compress(body, compresslevel=1)
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers)
