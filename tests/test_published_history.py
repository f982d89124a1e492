"""Three weeks of a real project, told as GitHub tells them, give the published figures through the API."""

import csv
import json
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from cicd_health import flow, settings
from cicd_health.api import app as api
from cicd_health.live import Hub
from cicd_health.metrics import report
from cicd_health.model.health import Query
from cicd_health.model.windows import window_ending
from cicd_health.store import engine
from cicd_health.store.reports import rows
from cicd_health.ui import cards
from tests.bodies import delivery, github_job, github_run, iso
from tests.conftest import SHARED_DATA

HISTORY = SHARED_DATA / "github" / "history" / "bitcoin-jobs.csv"
CONCLUSIONS = {"COMPLETED": "success", "FAILED": "failure", "ABORTED": "cancelled"}
NOW = datetime(2025, 9, 26, tzinfo=UTC)
WINDOW = {"from": "2025-09-01T00:00:00Z", "to": "2025-09-26T00:00:00Z"}
BATCH = 400

if not HISTORY.exists():
    pytest.skip(
        f"LOUD: {HISTORY} is not on this machine, so the published history is NOT compared with our numbers",
        allow_module_level=True,
    )


def moment(seconds: str | float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def told() -> list:
    """Every job's end, then its run's: the deliveries in the order of the file."""
    bodies, runs = [], {}
    with HISTORY.open() as file:
        for row in csv.DictReader(file):
            created = moment(row["run_created_at"])
            job = github_job(
                int(row["job_id"]),
                int(row["run_id"]),
                name=row["job_name"],
                conclusion=CONCLUSIONS[row["status"]],
                created=created,
                started=moment(row["started_at"]),
                completed=moment(row["completed_at"]),
            )
            bodies.append(job)
            ended = max(moment(row["completed_at"]), runs.get(row["run_id"], (created,))[0])
            runs[row["run_id"]] = (ended, created, CONCLUSIONS[row["run_status"]], row["branch"])
    for run_id, (ended, created, conclusion, branch) in runs.items():
        seconds = (ended - created).total_seconds()
        bodies.append(github_run(int(run_id), conclusion=conclusion, created=created, seconds=seconds, branch=branch))
    return [delivery(body, at=NOW, quiet=True) for body in bodies]


@pytest.fixture
def client(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("API_KEY", "test-key")
    settings.get.cache_clear()
    flow.start(NOW)
    deliveries = told()
    for begin in range(0, len(deliveries), BATCH):
        flow.receive(deliveries[begin : begin + BATCH], NOW)
    return TestClient(api.build(Hub(), lambda: None), headers={"Authorization": "Bearer test-key"})


def test_the_published_figures_come_out_exactly_on_every_way(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    """One test, because telling the history takes longer than everything that is asked about it."""
    the_deliveries_are_all_applied(client)
    jobs_are_as_published(client, exact=True)
    runs_are_as_published(client)
    days_add_up(client)
    a_window_is_exact_to_the_second(client)
    the_page_shows_them()
    with monkeypatch.context() as patched:
        patched.setattr(rows, "MANY", -1)  # from here on from the kept tallies
        jobs_are_as_published(client, exact=False)
        runs_are_as_published(client)
        days_add_up(client)
        a_window_is_exact_to_the_second(client)
        the_page_shows_them()


def the_deliveries_are_all_applied(client: TestClient) -> None:
    page = client.get("/api/v1/deliveries", params={"limit": 500}).json()
    assert {row["state"] for row in page["items"]} == {"applied"}, json.dumps(page["items"][:3])
    assert page["next"]


def jobs_are_as_published(client: TestClient, exact: bool) -> None:
    jobs = client.get("/api/v1/metrics", params=WINDOW | {"subject": "job", "durations": "verdicts"}).json()
    assert jobs["total"] == 7712
    assert jobs["counts"] == {"success": 6422, "failure": 220, "cancelled": 1070}
    assert jobs["verdicts"] == 6642
    assert round(jobs["success_rate"] * 100, 4) == 96.6877
    assert jobs["duration_s"]["n"] == 6642
    assert jobs["duration_s"]["sum"] == 7_589_333
    assert round(jobs["duration_s"]["mean"], 3) == 1142.628
    assert (jobs["duration_s"]["exact"], jobs["queue_s"]["exact"]) == (exact, exact)
    near = {} if exact else {"rel": 0.005}
    assert jobs["duration_s"]["p50"] == pytest.approx(964, **near)
    assert jobs["queue_s"]["p50"] == pytest.approx(28, **near)
    assert jobs["queue_s"]["max"] == pytest.approx(20_280, **near)


def runs_are_as_published(client: TestClient) -> None:
    runs = client.get("/api/v1/metrics", params=WINDOW).json()
    left_out = runs["counts"].get("cancelled", 0) + runs["counts"].get("superseded", 0)
    assert (runs["counts"]["success"], runs["counts"]["failure"], left_out) == (286, 50, 91)
    assert runs["total"] == 427
    assert round(runs["success_rate"] * 100, 4) == 85.1190


def days_add_up(client: TestClient) -> None:
    days = client.get("/api/v1/metrics", params=WINDOW | {"subject": "job", "group_by": "day"}).json()["groups"]
    assert sum(day["total"] for day in days) == 7712
    assert [day["key"] for day in days] == sorted(day["key"] for day in days)


def a_window_is_exact_to_the_second(client: TestClient) -> None:
    with HISTORY.open() as file:
        created = {row["run_id"]: int(row["run_created_at"]) for row in csv.DictReader(file)}
    begin, end = sorted(created.values())[37], sorted(created.values())[300]
    inside = sum(begin <= at < end for at in created.values())
    asked = {"from": iso(moment(begin)), "to": iso(moment(end))}
    assert client.get("/api/v1/metrics", params=asked).json()["total"] == inside


def the_page_shows_them() -> None:
    with engine.reading() as session:
        shown = report.overview(session, Query(window_ending("30d", NOW)), NOW)
    rate = cards.success_rate(shown)
    assert (rate.value, rate.unit, rate.first) == ("85.1", "%", "286 of 336 verdicts")
    assert rate.second.startswith("91 left out")
