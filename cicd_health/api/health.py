"""For machines that watch us: alive, and ready to work. What each reason means stands in docs/operations.md."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from cicd_health import __version__
from cicd_health.api.problems import problem
from cicd_health.flow.lookout import Lookout
from cicd_health.model.troubles import Trouble

JobsError = Callable[[], str | None]


def router(jobs_error: JobsError) -> APIRouter:
    """`jobs_error` says what is wrong with the job engine, or None."""
    routes, lookout = APIRouter(tags=["machines"]), Lookout(jobs_error)

    @routes.get("/health")
    async def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok", "version": __version__}

    @routes.get("/ready", responses={503: {"description": "Not ready; the reasons are in `reasons`."}})
    async def ready() -> JSONResponse:
        """Database, migrations and background jobs work. `warnings` are troubles in which this process serves on."""
        found = await lookout.troubles(datetime.now(UTC))
        reasons = [_line(one) for one in found if one.stops]
        warnings = [_line(one) for one in found if not one.stops]
        if reasons:
            return problem(503, "; ".join(reasons), {"Retry-After": "5"}, reasons=reasons, warnings=warnings)
        return JSONResponse({"status": "ready", "version": __version__, "warnings": warnings})

    return routes


def _line(trouble: Trouble) -> str:
    """`slug: what is wrong`, and since when."""
    since = f" since {trouble.since:%Y-%m-%d %H:%M} UTC" if trouble.since else ""
    return f"{trouble.slug}: {trouble.text}{since}"
