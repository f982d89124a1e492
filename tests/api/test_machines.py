"""For machines that watch us, and the API's own description."""

import re
import socket
import threading
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from cicd_health import __version__
from cicd_health.api import app as api
from cicd_health.api import prometheus
from cicd_health.flow import lookout
from cicd_health.live import Hub
from cicd_health.store import engine
from tests.api.conftest import KEY
from tests.conftest import ROOT


def test_alive_without_a_database(configured, monkeypatch):
    monkeypatch.setattr(engine, "engine", None)
    with TestClient(api.build(Hub(), lambda: None)) as client:
        assert client.get("/health").json() == {"status": "ok", "version": __version__}


def test_ready_when_database_migrations_and_jobs_are(client):
    assert client.get("/ready").json()["status"] == "ready"


def test_not_ready_while_the_job_engine_is_down(configured):
    with TestClient(api.build(Hub(), lambda: "starting")) as client:
        answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["jobs-starting: The background jobs of this process are just starting"]


def test_not_ready_while_a_migration_is_missing(client):
    with engine.writing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0'")
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert "migrations" in answer.json()["detail"]


def test_not_ready_without_a_database(client, monkeypatch, tmp_path):
    nowhere = engine.create_engine("postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.setattr(engine, "engine", lambda: nowhere)
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["reasons"][0].startswith("database: The database does not answer since 20")


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that lets everybody in and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_database_that_hangs_keeps_nobody_who_watches_us(client, monkeypatch, silent):
    hanging = engine.create_engine(f"postgresql://nobody@127.0.0.1:{silent}/nothing")
    monkeypatch.setattr(engine, "engine", lambda: hanging)
    monkeypatch.setattr(lookout, "WITHIN_S", 0.1)
    monkeypatch.setattr(prometheus, "WITHIN_S", 0.1)
    before = threading.active_count()
    for _ in range(10):
        answer = client.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["reasons"][0].startswith("database: The database does not answer since 20")
        assert client.get("/metrics", headers=KEY).status_code == 503
    assert threading.active_count() - before < 10


def test_the_description_names_every_route_of_the_contract(client):
    paths = client.get("/openapi.json").json()["paths"]
    v1 = [
        "sources",
        "repos",
        "pipelines",
        "pipelines/{pipeline_id}",
        "runs",
        "runs/{run_id}",
        "metrics",
        "metrics/series",
        "deliveries",
    ]
    v1 += ["deliveries/{delivery_id}/replay", "alerts", "rules", "channels", "ingest"]
    flat = "/webhooks/github /webhooks/jenkins /ingest/github /ingest/jenkins /metrics/summary /builds /builds/latest"
    assert {*(f"/api/v1/{path}" for path in v1), *flat.split(), "/health", "/ready"} <= set(paths)
    wanted = {parameter["name"] for parameter in paths["/api/v1/runs"]["get"]["parameters"]}
    names = "provider repo pipeline branch status conclusion event actor sha q from to job counted signature"
    assert wanted == {*names.split(), "limit", "cursor"}


def test_the_documentation_loads_our_own_files_only(client):
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    files = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert len(files) == 4
    assert all((ROOT / "assets" / file.lstrip("/")).exists() for file in files)


@pytest.mark.parametrize("file", ["swagger-ui-bundle.js", "swagger-ui.css", "start.js"])
def test_the_documentations_files_refer_to_no_source_map(file):
    assert "sourceMappingURL" not in (ROOT / "assets" / "docs" / file).read_text(encoding="utf-8")
