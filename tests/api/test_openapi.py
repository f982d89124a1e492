"""The API's description of itself: complete, and true of every route."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from cicd_health.api import app as api
from cicd_health.api import webhooks
from cicd_health.api.examples import EXAMPLES
from cicd_health.api.inbox import Inbox
from cicd_health.api.openapi import KEY, SESSION, TAGS, operations
from cicd_health.api.problems import MEDIA_TYPE
from cicd_health.live import Hub


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    inbox = Inbox(lambda batch, now: [])
    return api.api(Hub(), lambda: None, inbox, webhooks.endpoints(inbox)).openapi()


def test_every_operation_says_what_it_does_under_a_name_of_its_own(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for path, method, operation in operations(document):
        assert operation["description"], (method, path)
        assert 0 < len(operation["summary"]) <= 120, (method, path, operation["summary"])
        assert set(operation["tags"]) <= set(TAGS), (method, path)
    assert {tag["name"] for tag in document["tags"]} <= set(TAGS)


def test_every_error_is_a_problem_and_every_secured_route_may_refuse(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        answers = operation["responses"]
        errors = {status: answer for status, answer in answers.items() if status >= "400"}
        if not path.endswith(".svg"):
            assert all(list(answer["content"]) == [MEDIA_TYPE] for answer in errors.values()), (method, path)
        if operation.get("security"):
            assert {"401", "403", "429", "503"} <= set(errors), (method, path)
        if "requestBody" in operation:
            assert {"413", "422"} <= set(errors), (method, path)
        if "{" in path:
            assert "404" in errors, (method, path)
    assert operations_asking(document) >= {"/api/v1/runs", "/api/v1/alerts/{alert_id}/ack", "/api/v1/ingest"}


def operations_asking(document: dict[str, Any]) -> set[str]:
    """The paths that a key or a session opens."""
    both = [{KEY: []}, {SESSION: []}]
    return {path for path, _, operation in operations(document) if operation.get("security") == both}


def test_lists_and_files_say_how_they_are_read(document: dict[str, Any]) -> None:
    runs = document["paths"]["/api/v1/runs"]["get"]
    assert {"200", "304", "400", "422"} <= set(runs["responses"])
    assert "ETag" in runs["responses"]["200"]["headers"]
    stream = document["paths"]["/api/v1/stream"]["get"]
    assert "text/event-stream" in stream["responses"]["200"]["content"]
    assert "text/csv" in document["paths"]["/api/v1/runs.csv"]["get"]["responses"]["200"]["content"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_one_of_its_shape(document: dict[str, Any], name: str) -> None:
    schemas = document["components"]["schemas"]
    shape = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
    jsonschema_rs.validate(shape, EXAMPLES[name])
    assert schemas[name]["examples"] == [EXAMPLES[name]]
