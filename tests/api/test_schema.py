"""Every route against its own description: no server error, and no answer that is not described."""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as fuzzing
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from starlette.testclient import TestClient

from cicd_health import flow, settings
from cicd_health.api import stream
from cicd_health.store import engine
from tests.api.conftest import KEY, NOW, RECENTLY, receive
from tests.bodies import github_job, github_run, jenkins_build

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "2"))  # of each route, right ones and as many wrong ones
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
NOTHING_LISTENS = "http://127.0.0.1:9"


@pytest.fixture
def filled(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """One of each thing, so that ids that are tried exist; streams that end, and no limit to how much is asked."""
    monkeypatch.setenv("API_RATE_LIMIT", "0")
    monkeypatch.setenv("ANONYMOUS_RATE_LIMIT", "0")
    settings.get.cache_clear()
    monkeypatch.setattr(stream, "LASTS_S", 0.01)
    receive(
        github_run(900, conclusion="failure", created=RECENTLY),
        github_job(1, conclusion="failure", created=RECENTLY, completed=NOW),
        {"workflow_run": {}},
    )
    receive(jenkins_build(), provider="jenkins")
    flow.keep_log(1, 1, 1, [b"one\nE   AssertionError\n"], NOW)
    flow.connect_jenkins(NOW, url=NOTHING_LISTENS, username=None, token=None)
    return client


def cases(operation: Any, mode: GenerationMode) -> Any:
    return operation.as_strategy(generation_mode=mode)


def try_out(operation: Any, client: TestClient, mode: GenerationMode) -> None:
    @fuzzing(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize="SCHEMA_EXAMPLES" not in os.environ,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=cases(operation, mode))
    def each(case: Any) -> None:
        answer = case.call(session=client, headers=KEY)
        case.validate_response(answer, checks=CHECKS)

    each()


def modes() -> list[GenerationMode]:
    """What is wrong is refused before a database is asked: once is enough, and takes as long again."""
    both = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    return both if engine.engine().dialect.name == "sqlite" or "SCHEMA_EXAMPLES" in os.environ else both[:1]


def test_every_route_answers_as_it_says(filled: TestClient) -> None:
    described = schemathesis.openapi.from_dict(filled.get("/openapi.json").json())
    described.app = filled.app
    wrong: list[str] = []
    for result in described.get_all_operations():
        operation: Any = result.ok()  # ty: ignore[missing-union-attribute] - raises what is wrong with it
        for mode in modes():
            try:
                try_out(operation, filled, mode)
            except Unsatisfiable:  # it takes nothing that could be wrong
                continue
            except (Exception, BaseExceptionGroup) as error:
                wrong.append(f"{operation.label} ({mode.value}): {error}")
    assert not wrong, "\n\n".join(wrong)
