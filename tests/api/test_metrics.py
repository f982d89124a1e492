"""Numbers through the API, in full and flat."""

from datetime import timedelta

import pytest

from cicd_health.metrics import METRICS
from tests.api.conftest import KEY, NOW, RECENTLY, listed, receive
from tests.bodies import github_run, jenkins_build


@pytest.fixture
def week(configured) -> None:
    """Three successes of 60, 60 and 120 s, one failure and one cancelled on GitHub; one success on Jenkins."""
    conclusions = [("success", 60), ("success", 60), ("failure", 30), ("cancelled", 5), ("success", 120)]
    receive(
        *(
            github_run(900 + n, created=RECENTLY + timedelta(minutes=n), conclusion=conclusion, seconds=seconds)
            for n, (conclusion, seconds) in enumerate(conclusions)
        )
    )
    receive(jenkins_build(ended=RECENTLY), provider="jenkins")


def test_the_numbers_of_a_window(get, week):
    numbers = get("/api/v1/metrics", provider="github")
    assert numbers["window"] == "7d"
    assert numbers["counts"] == {"success": 3, "failure": 1, "cancelled": 1}
    assert (numbers["total"], numbers["verdicts"], numbers["successes"]) == (5, 4, 3)
    assert (numbers["success_rate"], numbers["failure_rate"]) == (0.75, 0.25)
    assert (numbers["duration_s"]["n"], numbers["duration_s"]["mean"], numbers["duration_s"]["max"]) == (3, 80, 120)
    assert numbers["last_outcome_by_pipeline"] == {"kestrel/checkout-api » ci": "success"}
    assert numbers["previous"]["total"] == 0
    assert numbers["previous"]["to"] == numbers["from"]


def test_every_number_leads_to_its_runs_and_to_the_page_that_explains_it(client, get, week):
    asked = {"provider": "github", "event": "push", "actor": "wren"}
    numbers = get("/api/v1/metrics", explain="all", **asked)
    assert list(numbers["explain"]) == [metric.slug for metric in METRICS]
    rate = numbers["explain"]["success_rate"]
    assert (rate["value"], rate["n"], rate["m"], rate["unit"]) == (numbers["success_rate"], 3, 4, "rate")
    assert rate["left_out"] == [
        {"word": "cancelled", "count": 1, "why": "ended by someone before it had a verdict"},
    ]
    assert {run["outcome"] for run in listed(client, rate["runs"])} == {"success", "failure"}
    for slug in ("success_rate", "duration_s", "throughput_per_day", "failure_streak", "last_outcome"):
        one = numbers["explain"][slug]
        assert len(listed(client, one["runs"])) == (one["m"] if one["unit"] == "rate" else one["n"]), slug
    assert rate["page"].startswith("/runs?provider=github&event=push&actor=wren&counted=success_rate&from=")
    assert client.get("/api/v1/runs?counted=beauty", headers=KEY).status_code == 422


def test_what_costs_nothing_is_explained_unless_told_otherwise(client, get, week):
    usual = get("/api/v1/metrics", repo="kestrel/checkout-api")["explain"]
    assert {"success_rate", "spent_s", "queue_s"} < set(usual)
    assert "flaky" not in usual
    assert usual["spent_s"]["page"] == "/?repo=kestrel%2Fcheckout-api&window=7d&explain=spent_s"
    id = next(one["id"] for one in get("/api/v1/repos/kestrel/checkout-api/workflows")["items"])
    few = get("/api/v1/metrics", pipeline=id, window="30d", branch="main", explain="queue_s,flaky")["explain"]
    assert {slug: one["page"] for slug, one in few.items()} == {
        slug: f"/pipelines/{id}?window=30d&branch=main&explain={slug}" for slug in ("queue_s", "flaky")
    }
    assert get("/api/v1/metrics", explain="none")["explain"] == {}
    assert client.get("/api/v1/metrics?explain=beauty", headers=KEY).status_code == 422


def test_durations_of_all_verdicts_when_asked(get, week):
    assert get("/api/v1/metrics", provider="github", durations="verdicts")["duration_s"]["n"] == 4


def test_a_custom_window_includes_its_start_and_not_its_end(get, week):
    window = {"from": RECENTLY.isoformat(), "to": (RECENTLY + timedelta(minutes=2)).isoformat()}
    numbers = get("/api/v1/metrics", provider="github", **window)
    assert (numbers["window"], numbers["counts"]) == ("custom", {"success": 2})


def test_groups_by_pipeline_carry_id_name_and_repo(get, week):
    groups = get("/api/v1/metrics", group_by="pipeline")["groups"]
    assert {(group["name"], group["repo"], group["total"]) for group in groups} == {
        ("ci", "kestrel/checkout-api", 5),
        ("nightly", "payments", 1),
    }
    ids = {one["name"]: one["id"] for one in get("/api/v1/pipelines")["items"]}
    assert {group["name"]: group["key"] for group in groups} == ids


def test_groups_by_day_have_days_as_keys(get, week):
    groups = get("/api/v1/metrics", group_by="day", tz="Europe/Berlin")["groups"]
    assert sum(group["total"] for group in groups) == 6
    assert all(len(group["key"]) == 10 for group in groups)


def test_a_pipeline_is_asked_for_by_name_or_id(get, week):
    id = next(one["id"] for one in get("/api/v1/pipelines")["items"] if one["name"] == "nightly")
    assert get("/api/v1/metrics", pipeline="nightly")["total"] == 1
    assert get("/api/v1/metrics", pipeline=id)["total"] == 1


def test_the_buckets_of_a_series_add_up_to_the_window(get, week):
    series = get("/api/v1/metrics/series", window="24h")
    assert sum(sum(bucket["counts"].values()) for bucket in series["items"]) == 6
    assert len(series["items"]) >= 24
    assert series["items"][-1]["running"]
    assert series["changes"] == []


def test_nothing_is_null_and_never_zero(get, configured):
    numbers = get("/api/v1/metrics")
    assert (numbers["success_rate"], numbers["duration_s"]["p50"], numbers["counts"]) == (None, None, {})


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("window=1y", 422),
        ("from=2026-02-01&to=2026-01-01", 422),
        ("from=0001-01-01", 422),
        ("to=0001-01-01", 422),
        ("tz=Mars/Olympus", 422),
        ("tz=../../etc/passwd", 422),
        ("group_by=colour", 422),
        ("pipeline=nobody", 404),
        ("repo=%00", 422),
    ],
)
def test_a_wrong_question_is_a_problem(client, configured, query, status):
    assert client.get(f"/api/v1/metrics?{query}", headers=KEY).status_code == status


def test_more_groups_than_anybody_can_read_are_refused(client, configured):
    asked = {"from": "2016-12-01", "to": "2026-11-01"}
    for group_by, status in {"hour": 422, "day": 200, "pipeline": 200}.items():
        assert client.get("/api/v1/metrics", params=asked | {"group_by": group_by}, headers=KEY).status_code == status


def test_a_series_of_too_many_buckets_is_refused(client, configured):
    assert client.get("/api/v1/metrics/series?window=90d&step=1h", headers=KEY).status_code == 422


def test_a_name_that_two_pipelines_share_needs_the_repo(client, get, configured):
    receive(github_run(created=RECENTLY, workflow="nightly"))
    receive(jenkins_build(ended=RECENTLY), provider="jenkins")
    assert client.get("/api/v1/metrics?pipeline=nightly", headers=KEY).status_code == 400
    assert get("/api/v1/metrics", pipeline="nightly", repo="payments")["total"] == 1


@pytest.mark.parametrize("path", ["/metrics/summary", "/api/summary", "/api/metrics"])
def test_the_flat_summary_speaks_per_cent(get, week, path):
    assert get(path, window="7d", provider="github") == {
        "window": "7d",
        "success_rate": 75.0,
        "failure_rate": 25.0,
        "avg_build_time": 80.0,
        "last_status_by_pipeline": {"ci": "success"},
    }


@pytest.mark.parametrize("path", ["/builds", "/api/runs"])
def test_flat_lists_are_bare_arrays_newest_first(get, week, path):
    builds = get(path, limit=2)
    assert [build["status"] for build in builds] == ["success", "cancelled"]
    assert set(builds[0]) == {
        "id", "provider", "pipeline", "repo", "branch", "status", "started_at", "completed_at", "duration_seconds",
        "url",
    }  # fmt: skip


def test_the_latest_build_of_a_pipeline(client, get, week):
    assert get("/builds/latest", pipeline="nightly")["provider"] == "jenkins"
    assert client.get("/builds/latest?pipeline=nobody", headers=KEY).status_code == 404
    assert client.get("/builds/latest", headers=KEY).status_code == 422


def test_a_running_build_is_in_progress(get, configured):
    receive(github_run(status="in_progress", created=NOW))
    assert get("/builds")[0]["status"] == "in_progress"
