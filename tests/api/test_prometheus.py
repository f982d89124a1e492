"""`GET /metrics`, as Prometheus reads it."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from starlette.testclient import TestClient

from cicd_health import access, flow
from cicd_health.api import meter
from cicd_health.api.meter import Meter
from tests.api.conftest import KEY, NOW, RECENTLY, post_github, receive
from tests.bodies import github_job, github_run, iso
from tests.conftest import ROOT
from tests.hostile_text import BIDI, CONTROL, MARKUP, QUOTES

PROMTOOL = shutil.which("promtool")
# Prometheus' own judge of a page of metrics; a package of its own that no Python environment brings along.
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not here: apt-get install prometheus")
once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # the database makes no difference
CI = {"cicd_pipeline_name": "ci", "repo": "kestrel/checkout-api", "provider": "github"}


def scraped(client: TestClient, **headers: str) -> str:
    answer = client.get("/metrics", headers=KEY | headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def value(text: str, name: str, **labels: str) -> float | None:
    """Of one series; None when it is not there."""
    samples = (sample for family in read_text(text) for sample in family.samples if sample.name == name)
    found = [sample.value for sample in samples if labels.items() <= sample.labels.items()]
    assert len(found) <= 1
    return found[0] if found else None


def some_runs() -> None:
    """One that failed after 90 s and 30 s in the queue, one that passed, one that runs, one that waits."""
    begun = RECENTLY + timedelta(seconds=30)
    ended = begun + timedelta(seconds=90)
    receive(
        github_job(1, 900, conclusion="failure", created=RECENTLY, started=begun, completed=ended),
        github_run(900, created=RECENTLY, seconds=120, conclusion="failure"),
        github_run(901, created=RECENTLY - timedelta(minutes=5), seconds=45),
        github_run(902, created=RECENTLY, status="in_progress"),
        github_run(903, created=RECENTLY, status="queued"),
    )
    flow.recover(NOW)


def test_pipelines_are_told_under_opentelemetrys_names(client: TestClient) -> None:
    some_runs()
    text = scraped(client)
    ran = CI | {"cicd_pipeline_run_state": "executing"}
    seconds = "cicd_pipeline_run_duration_seconds"
    assert value(text, f"{seconds}_count", **ran, cicd_pipeline_result="failure") == 1
    assert value(text, f"{seconds}_sum", **ran, cicd_pipeline_result="failure") == 90
    assert value(text, f"{seconds}_bucket", **ran, cicd_pipeline_result="failure", le="60.0") == 0
    assert value(text, f"{seconds}_bucket", **ran, cicd_pipeline_result="failure", le="120.0") == 1
    assert value(text, f"{seconds}_sum", **CI, cicd_pipeline_run_state="pending") == 30
    assert value(text, "cicd_pipeline_run_errors_total", **CI, error_type="failure") == 1
    assert value(text, "cicd_pipeline_run_active", **CI, cicd_pipeline_run_state="executing") == 1
    assert value(text, "cicd_pipeline_run_active", **CI, cicd_pipeline_run_state="pending") == 1
    assert value(text, "cicd_health_pipeline_attempts_total", **CI, cicd_pipeline_result="success") == 1
    assert value(text, "cicd_health_incidents_open", severity="critical") == 1


def test_our_own_health_is_told(client: TestClient) -> None:
    some_runs()
    text = scraped(client)
    assert value(text, "cicd_health_deliveries_open", state="failed") == 0
    assert value(text, "cicd_health_deliveries_open", state="waiting") == 0
    assert value(text, "cicd_health_deliveries_lag_seconds") == 0
    assert value(text, "cicd_health_notifications_open", state="queued") == 0
    assert value(text, "cicd_health_jobs", lane="messages", state="waiting") == 0
    assert value(text, "cicd_health_source_state", source="github.com", state="ok") == 1
    assert value(text, "cicd_health_source_state", source="github.com", state="error") == 0
    last = value(text, "cicd_health_source_last_event_timestamp_seconds", source="github.com")
    assert last is not None
    assert last > 0
    # A series is about no branch, no commit and no person.
    assert not re.search(r"\bmain\b|0000384|wren", text)


@once
def test_names_with_markup_quotes_and_control_characters_are_read_back_as_they_were(client: TestClient) -> None:
    name = MARKUP + QUOTES + BIDI + CONTROL + "\\\n"
    body = github_run(900, created=RECENTLY, workflow=name)
    receive(body)
    flow.recover(NOW)
    known = client.get("/api/v1/pipelines", headers=KEY).json()["items"][0]["name"]
    for accept, read in (("text/plain", read_text), ("application/openmetrics-text; version=1.0.0", read_openmetrics)):
        families: Any = read(scraped(client, Accept=accept))
        names = {sample.labels.get("cicd_pipeline_name") for family in families for sample in family.samples}
        assert known in names


@once
def test_openmetrics_is_spoken_to_whoever_asks_for_it_and_long_answers_are_packed(client: TestClient) -> None:
    some_runs()
    wanted = {"Accept": "application/openmetrics-text; version=1.0.0; charset=utf-8", "Accept-Encoding": "gzip"}
    answer = client.get("/metrics", headers=KEY | wanted)
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")
    assert answer.headers["content-encoding"] == "gzip"
    with client.stream("GET", "/metrics", headers=KEY | wanted) as raw:
        assert gzip.decompress(b"".join(raw.iter_raw())).endswith(b"# EOF\n")


@once
def test_nonsense_about_the_format_gets_the_plain_one(client: TestClient) -> None:
    for nonsense in ("application/openmetrics-text;version=abc", "text/plain;version=x;escaping"):
        answer = client.get("/metrics", headers=KEY | {"Accept": nonsense})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


@once
def test_only_who_may_read_may_scrape(client: TestClient) -> None:
    key = access.create_key("prometheus", ["read"], NOW).key
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert client.get("/metrics/summary", headers=KEY).json()["window"] == "7d"


@once
def test_requests_are_counted_by_the_template_of_their_route(everything) -> None:
    def so_far(**labels: str) -> float:
        return meter.REGISTRY.get_sample_value("cicd_health_http_requests_total", labels) or 0

    paths = {
        "/api/v1/runs/12345": ("/api/v1/runs/{run_id}", "404"),
        "/api/v1/nowhere/12345": ("unknown", "404"),
        "/pipelines/12345": ("page", "303"),
    }
    taken = {"provider": "github", "state": "applied"}
    deliveries = meter.REGISTRY.get_sample_value("cicd_health_deliveries_total", taken) or 0
    hooks = so_far(route="/webhooks/github", method="POST", status="202")
    before = {route: so_far(route=route, method="GET", status=status) for route, status in paths.values()}
    with TestClient(Meter(everything), follow_redirects=False) as client:
        for path in paths:
            client.get(path, headers=KEY if path.startswith("/api") else {})
        post_github(client, github_run(905, created=RECENTLY, updated_at=iso(NOW)))
    after = {route: so_far(route=route, method="GET", status=status) for route, status in paths.values()}
    assert after == {route: number + 1 for route, number in before.items()}
    assert so_far(route="/webhooks/github", method="POST", status="202") == hooks + 1
    assert meter.REGISTRY.get_sample_value("cicd_health_deliveries_total", taken) == deliveries + 1


@needs_promtool
@once
def test_promtool_has_nothing_to_say_against_the_metrics(client: TestClient) -> None:
    some_runs()
    checked = subprocess.run(
        [str(PROMTOOL), "check", "metrics"], input=scraped(client), capture_output=True, text=True, timeout=30
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@needs_promtool
def test_promtool_accepts_the_rules_and_the_example() -> None:
    checked = subprocess.run(
        [str(PROMTOOL), "check", "rules", str(ROOT / "docs/prometheus/alerts.yml")],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert checked.returncode == 0, checked.stderr
    assert "SUCCESS" in checked.stdout


@once
def test_the_dashboard_and_the_rules_ask_for_series_that_there_are(client: TestClient) -> None:
    some_runs()
    text = scraped(client)
    known = {sample.name for family in read_text(text) for sample in family.samples}
    # What a family has no sample of yet is known by its description.
    known |= set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    dashboard = json.loads((ROOT / "docs/grafana/cicd-health.json").read_text(encoding="utf-8"))
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    asked = "\n".join(target["expr"] for panel in panels for target in panel["targets"])
    asked += (ROOT / "docs/prometheus/alerts.yml").read_text(encoding="utf-8")
    names = set(re.findall(r"\b(?:cicd_health|cicd_pipeline_run|process)_\w+(?=[{\[) ])", asked))
    in_series = {name for name in names if not name.startswith("cicd_pipeline_run_state")}
    assert len(in_series) > 15
    assert {name for name in in_series if name not in known and name.removesuffix("_bucket") not in known} == set()
    assert [panel["id"] for panel in dashboard["panels"]] == list(dict.fromkeys(p["id"] for p in dashboard["panels"]))
