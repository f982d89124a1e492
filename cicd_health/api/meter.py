"""What this process counts of itself for Prometheus: requests, open sockets, deliveries. It costs microseconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from time import perf_counter

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import CollectorRegistry
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cicd_health.api import gate
from cicd_health.flow import Receipt
from cicd_health.model.deliveries import Incoming
from cicd_health.providers import PROVIDERS

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "cicd_health_http_requests",
    "Requests that this process answered, by route template, method and status.",
    ("route", "method", "status"),
    registry=REGISTRY,
)
SECONDS = Histogram(
    "cicd_health_http_request_duration_seconds",
    "From the first byte of a request to the last of its answer, in this process.",
    ("route",),
    buckets=(0.005, 0.025, 0.1, 0.5, 2.5, 10),
    registry=REGISTRY,
)
OPEN = Gauge(
    "cicd_health_connections",
    "Lasting connections to this process: page is an open page, api is WS /ws, stream is server-sent events.",
    ("kind",),
    registry=REGISTRY,
)
DELIVERIES = Counter(
    "cicd_health_deliveries",
    "Deliveries that this process took, by what became of them.",
    ("provider", "state"),
    registry=REGISTRY,
)
PROCESS = (ProcessCollector(registry=REGISTRY), PlatformCollector(registry=REGISTRY), GCCollector(registry=REGISTRY))
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
Take = Callable[[Sequence[Incoming], datetime], list[Receipt]]


def counted(receive: Take) -> Take:
    """The same function, whose receipts are counted."""

    def receive_and_count(batch: Sequence[Incoming], now: datetime) -> list[Receipt]:
        receipts = receive(batch, now)
        for incoming, receipt in zip(batch, receipts, strict=True):
            DELIVERIES.labels(incoming.provider, receipt.state).inc()
        return receipts

    return receive_and_count


class Meter:
    """Wraps the whole application, the gate too: what was refused is counted as well."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        # Webhooks are answered before any route is looked for.
        self._hooks = frozenset(f"/{word}/{slug}" for word in ("webhooks", "webhook") for slug in PROVIDERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            with OPEN.labels(_kind(scope["path"])).track_inprogress():
                await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, status, begun = scope["path"], 500, perf_counter()

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if path == gate.STREAM:
            OPEN.labels("stream").inc()
        try:
            await self.app(scope, receive, send_and_see)
        finally:
            if path == gate.STREAM:
                OPEN.labels("stream").dec()
            route = self._route(scope, path)
            method = scope["method"] if scope["method"] in METHODS else "other"
            REQUESTS.labels(route, method, str(status)).inc()
            SECONDS.labels(route).observe(perf_counter() - begun)

    def _route(self, scope: Scope, path: str) -> str:
        """The template of the API's route; one word for all pages and files, and one for what is nowhere."""
        template = getattr(scope.get("route"), "path", None)
        if template:
            return template
        if path in self._hooks:
            return path
        return "unknown" if gate.is_api(path) else "page"


def _kind(path: str) -> str:
    return "page" if path.startswith(gate.EVENTS) else "api"
