"""For machines that watch us: alive, and ready to work."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from cicd_health import __version__
from cicd_health.api.problems import problem
from cicd_health.store import engine, migrations

JobsError = Callable[[], str | None]


@cache
def _head() -> str | None:
    return migrations.head()


def router(jobs_error: JobsError) -> APIRouter:
    """`jobs_error` says what is wrong with the job engine, or None."""
    routes = APIRouter(tags=["machines"])

    @routes.get("/health")
    async def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok", "version": __version__}

    @routes.get("/ready", responses={503: {"description": "Not ready; the reasons are in `reasons`."}})
    def ready() -> JSONResponse:
        """Database, migrations and background jobs work."""
        reasons = [*_database_errors(), *_jobs_errors(jobs_error)]
        if reasons:
            return problem(503, "; ".join(reasons), {"Retry-After": "5"}, reasons=reasons)
        return JSONResponse({"status": "ready", "version": __version__})

    return routes


def _database_errors() -> list[str]:
    try:
        with engine.engine().execution_options(reads_only=True).connect() as connection:
            at = migrations.current(connection)
    except SQLAlchemyError:
        return ["database: cannot be reached"]
    return [] if at == _head() else [f"migrations: the database stands at {at}, this program needs {_head()}"]


def _jobs_errors(jobs_error: JobsError) -> list[str]:
    error = jobs_error()
    return [f"jobs: {error}"] if error else []
