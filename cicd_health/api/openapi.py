"""The API's description of itself: what holds for every route is said here once, and added to what each says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from cicd_health.api import etags
from cicd_health.api.examples import EXAMPLES
from cicd_health.api.problems import SCHEMA, answers

METHODS = ("get", "post", "put", "patch", "delete")
ALWAYS_ANSWERS = frozenset({"/health"})  # it needs nothing, and is never refused
KEY, SESSION = "key", "session"
SECURITY_SCHEMES = {
    KEY: {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer KEY`."},
    SESSION: {
        "type": "apiKey",
        "in": "cookie",
        "name": "cicd_session",
        "description": "The session of a browser that is signed in.",
    },
}
WHO = {
    "read": "Needs the scope `read`: any key or person that may look.",
    "ingest": "Needs the scope `ingest`: a key that may post runs, or INGEST_TOKEN.",
    "operate": "For operators and administrators, and keys with the scope `admin`.",
    "admin": "For administrators, and keys with the scope `admin`.",
}
TAGS = {
    "webhooks": "What GitHub and Jenkins send. Each proves itself by its secret.",
    "ingest": "Runs of any other CI, posted in our shape or in the flat one.",
    "runs": "Runs with their attempts, jobs and steps.",
    "logs": "Logs as text, and lines found in them.",
    "pipelines": "Pipelines, their state and their numbers.",
    "metrics": "The numbers, with what stands behind each, and flaky jobs.",
    "failures": "Failed runs grouped by what failed.",
    "exports": "The same as CSV. A cell that a spreadsheet would take for a formula begins with an apostrophe.",
    "alerts": "Alerts, and what people say of them.",
    "rules": "What opens an alert.",
    "channels": "Where messages go. Their addresses only ever go in.",
    "silences": "Times without messages.",
    "notifications": "Every message to every channel.",
    "deliveries": "What arrived, and what became of it. Bodies are kept for replaying, and are not shown.",
    "sources": "Where runs come from: GitHub hosts and Jenkins servers. Their credentials only ever go in.",
    "repos": "Repositories and folders, and which of them are watched.",
    "users": "People: who may sign in, and as what.",
    "keys": "API keys. One is shown once, when it is made.",
    "me": "Whoever asks.",
    "audit": "Who changed what, when, and from where.",
    "processes": "Which processes serve and work.",
    "live": "What changes, as it happens.",
    "flat aliases": "The same in few words: bare arrays, four status words, rates in per cent.",
    "machines": "For programs that watch CI, or watch us.",
}


def operation_id(route: APIRoute) -> str:
    """Such as `runs_run`: tag and name of the function."""
    return f"{route.tags[0] if route.tags else 'api'}_{route.name}".replace(" ", "_")


def describe(app: FastAPI) -> None:
    """Let the app's OpenAPI document say all of this."""
    plain = app.openapi
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(_described(plain()))
        return made

    app.openapi = openapi


def _described(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = SCHEMA
    for name, example in EXAMPLES.items():
        if name in schemas:
            schemas[name]["examples"] = [example]
    components["securitySchemes"] = SECURITY_SCHEMES
    used = {tag for _, _, operation in operations(document) for tag in operation.get("tags", ())}
    document["tags"] = [{"name": name, "description": about} for name, about in TAGS.items() if name in used]
    for path, method, operation in operations(document):
        _complete(path, method, operation)
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of each operation."""
    for path, methods in document["paths"].items():
        yield from ((path, method, methods[method]) for method in METHODS if method in methods)


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    about = operation.get("description", "")
    operation["summary"] = about.split("\n")[0].split(". ")[0].rstrip(".") or operation["summary"]
    scope = _scope(operation)
    if scope is not None:
        operation["description"] = f"{about}\n\n{WHO[scope]}".strip()
        operation["security"] = [{KEY: []}, {SESSION: []}]
    said = operation["responses"]
    for status in _errors(path, operation, protected=scope is not None):
        described = answers(status)[status]
        known = said.get(str(status), {})
        framework = status == 422 and known.get("description") == "Validation Error"
        said[str(status)] = described if framework else {**described, **known}
    if "422" in said and not _takes_something(operation):
        del said["422"]
    if (
        method == "get"
        and path.startswith(etags.UNDER)
        and "application/json" in said.get("200", {}).get("content", {})
    ):
        _tag(said)
    operation["responses"] = dict(sorted(said.items()))


def _scope(operation: dict[str, Any]) -> str | None:
    """The scope that the dependencies of the route ask for; the strictest, where several do."""
    scopes = {scope for needed in operation.get("security", ()) for some in needed.values() for scope in some}
    return max(scopes, key=list(WHO).index) if scopes else None


def _takes_something(operation: dict[str, Any]) -> bool:
    return bool(operation.get("parameters")) or "requestBody" in operation


def _errors(path: str, operation: dict[str, Any], *, protected: bool) -> Iterator[int]:
    """What any route like this one may answer, and every error that it names itself."""
    yield from (int(status) for status in operation["responses"] if status.isdigit() and int(status) >= 400)
    parameters = operation.get("parameters", [])
    if protected:
        yield from (401, 403)
    if "requestBody" in operation or any(one["name"] == "cursor" for one in parameters):
        yield 400
    if any(one["in"] == "path" for one in parameters):
        yield 404
    if "requestBody" in operation:
        yield from (408, 413, 422)
    if path not in ALWAYS_ANSWERS:
        yield from (429, 503)


def _tag(said: dict[str, Any]) -> None:
    header = {"description": "To be sent back as `If-None-Match`.", "schema": {"type": "string"}}
    said["200"] = {**said["200"], "headers": {**said["200"].get("headers", {}), "ETag": header}}
    said["304"] = {"description": "Nothing changed since the answer that had this `ETag`."}
