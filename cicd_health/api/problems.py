"""Every error as `application/problem+json`. Source: RFC 9457"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from starlette.exceptions import HTTPException

from cicd_health.log_store import LogStoreError, ObjectGone
from cicd_health.model.logs import LogState
from cicd_health.store import patience

log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
LOG_STORE_RETRY_S = 15  # longer than a log store that failed is left alone
TOO_LONG = "The answer took too long to work out and was given up. Ask for less: a shorter window, or fewer groups."
TOO_BUSY = "Something else was being written for too long. Nothing was changed; please try again."


class Problem(JSONResponse):
    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        """Half a character that somebody sent, as JSON allows, is told as it came: UTF-8 has none."""
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")


def problem(status: int, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """One error as the client sees it; `more` are members beside the four usual ones."""
    title = HTTPStatus(status).phrase
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail or title, **more}
    return Problem(content, status_code=status, headers=headers)


EXPLAINED = {
    400: "What was said cannot be read: a cursor that is not one of ours, a body that is not JSON.",
    401: "No key and no session, or one that is not valid.",
    403: "The key or the person may not do this.",
    404: "There is no such thing.",
    408: "The body came too slowly.",
    409: "It cannot be done as things are now; `detail` says why.",
    413: "The body is too large.",
    422: "Some value is not allowed; `errors` says which.",
    429: "Too many requests; `Retry-After` says when to come back.",
    503: "The database, or what else it needs, cannot be reached at the moment; try again.",
}
SCHEMA = {
    "title": "Problem",
    "description": "What went wrong. Some problems say more in members of their own. Source: RFC 9457",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "message"],
                "properties": {"at": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
    "examples": [{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "There is no run 7."}],
}


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These errors, as the description of a route names them."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": EXPLAINED.get(status, HTTPStatus(status).phrase), "content": content}
        for status in statuses
    }


def unavailable(
    detail: str = "The database cannot be reached. Nothing was accepted; please try again.",
) -> JSONResponse:
    return problem(503, detail, {"Retry-After": str(RETRY_AFTER_S)})


async def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    detail = str(error.detail)
    if error.status_code == 404 and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"There is nothing at {request.url.path}."
    if error.status_code == 405:
        detail = f"{request.method} is not allowed at {request.url.path}."
    return problem(error.status_code, detail, dict(error.headers or {}))


async def _of_validation(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    wrong = [{"at": ".".join(str(part) for part in e["loc"][1:]), "message": e["msg"]} for e in error.errors()]
    detail = "; ".join(f"{w['at']}: {w['message']}" if w["at"] else w["message"] for w in wrong)
    return problem(422, detail, errors=wrong)


async def _of_database(request: Request, error: Exception) -> JSONResponse:
    if patience.was_cut_off(error):
        log.warning("question cut off", path=request.url.path)
        return unavailable(TOO_LONG)
    if patience.was_locked_out(error):
        log.warning("waited too long to write", path=request.url.path)
        return unavailable(TOO_BUSY)
    log.warning("database unavailable", error=str(error))
    return unavailable("The database cannot be reached at the moment.")


async def _of_log_store(_request: Request, error: Exception) -> JSONResponse:
    headers = {"Retry-After": str(LOG_STORE_RETRY_S)}
    return problem(503, f"The log cannot be read at the moment. {error}", headers)


async def _of_lost_log(_request: Request, error: Exception) -> JSONResponse:
    return problem(404, f"The log is not there any more. {error}", log=LogState.GONE.value)


async def _of_bug(_request: Request, _error: Exception) -> JSONResponse:
    return problem(500, "Something went wrong here. It has been logged.")  # the server logs the stack


HANDLERS: dict[Any, Any] = {
    HTTPException: _of_http,
    RequestValidationError: _of_validation,
    OperationalError: _of_database,
    InterfaceError: _of_database,
    TimeoutError: _of_database,
    LogStoreError: _of_log_store,
    ObjectGone: _of_lost_log,
}


def install(app: FastAPI) -> None:
    """Let the app answer every error this way."""
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(Exception, _of_bug)
