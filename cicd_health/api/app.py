"""The API put together: one FastAPI app, and a door in front of the pages that leads to it.

FastAPI's own lifespan never runs inside Reflex; nothing here needs one.
"""

from __future__ import annotations

from collections.abc import Collection

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from cicd_health import __version__, flow
from cicd_health.api import (
    alert_settings,
    alerts,
    audit,
    badges,
    bodies,
    cctray,
    channels,
    deliveries,
    docs,
    etags,
    exports,
    failures,
    feed,
    flaky,
    flat,
    gate,
    health,
    ingest,
    keys,
    live_socket,
    logs,
    me,
    meter,
    metrics,
    notifications,
    openapi,
    own_secrets,
    pipelines,
    polling,
    problems,
    processes,
    prometheus,
    repos,
    rules,
    runs,
    series,
    sign_in,
    silences,
    sources,
    sso,
    stream,
    users,
    webhooks,
)
from cicd_health.api.health import JobsError
from cicd_health.api.inbox import Inbox
from cicd_health.live import Hub, rights

ABOUT = """Lists are paged: `next` is the cursor of the following page. Times are ISO 8601 UTC, durations are seconds,
rates are 0–1. Errors are `application/problem+json`. Send a key as `Authorization: Bearer KEY`."""


class Door(BaseRoute):
    """Leads every path of the API to it, unknown ones too: they are its 404, never a page."""

    def __init__(self, app: ASGIApp, express: ASGIApp, express_paths: Collection[str]) -> None:
        self.app = app
        self.express = express
        self.express_paths = frozenset(express_paths)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        ours = scope["type"] in ("http", "websocket") and gate.is_api(scope["path"])
        return (Match.FULL if ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        hurried = scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self.express_paths
        await (self.express if hurried else self.app)(scope, receive, send)


def api(
    hub: Hub, jobs_error: JobsError, inbox: Inbox, hooks: dict[str, webhooks.Endpoint], *, pages: bool = True
) -> FastAPI:
    """Every route; those that lead to pages, if there are `pages`.

    `jobs_error` says what is wrong with the job engine, or None: /ready asks it.
    """
    app = FastAPI(
        title="CI/CD Health",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        max_body_size=bodies.SPOKEN,
        generate_unique_id_function=openapi.operation_id,
    )
    problems.install(app)
    app.add_middleware(etags.Tags)
    openapi.describe(app)
    told = feed.Feed(hub, rights)
    for router in (
        webhooks.router(hooks),
        ingest.router(inbox),
        runs.router,
        metrics.router,
        series.router,
        pipelines.router,
        flaky.router,
        failures.router,
        exports.router,
        alert_settings.router,
        alerts.router,
        rules.router,
        channels.router,
        silences.router,
        notifications.router,
        deliveries.router,
        sources.router,
        repos.router,
        own_secrets.router,
        keys.router,
        polling.router,
        logs.router,
        flat.router,
        live_socket.router(told),
        stream.router(told),
        users.router,
        me.router,
        audit.router,
        processes.router,
        health.router(jobs_error),
        prometheus.router(),
        cctray.router,
        badges.router,
        *((sign_in.router(), sso.router(), docs.router) if pages else ()),
    ):
        app.include_router(router)
    return app


def build(hub: Hub, jobs_error: JobsError, *, pages: bool = True) -> Starlette:
    """For `rx.App(api_transformer=[…, build(hub, jobs_error), gate.Gate])`: Reflex mounts its pages behind it."""
    inbox = Inbox(meter.counted(flow.receive))
    hooks = webhooks.endpoints(inbox)
    return Starlette(routes=[Door(api(hub, jobs_error, inbox, hooks, pages=pages), webhooks.express(hooks), hooks)])
