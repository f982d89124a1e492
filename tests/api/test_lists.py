"""Deliveries, alerts, rules, channels, sources, repositories, pipelines."""

import json
from datetime import timedelta

import pytest

from cicd_health import access, flow, settings
from tests.api.conftest import KEY, NOW, RECENTLY, receive
from tests.bodies import github_run, jenkins_build


def test_deliveries_are_listed_latest_first_and_filtered_by_what_became_of_them(get, configured):
    receive(github_run(), at=NOW - timedelta(minutes=1))
    receive({"workflow_run": {}}, at=NOW)
    kept, applied = get("/api/v1/deliveries")["items"]
    assert set(kept) == {
        "id", "provider", "external_id", "event", "action", "received_at", "state", "error", "run_id", "size"
    }  # fmt: skip
    assert (kept["state"], applied["state"]) == ("kept", "applied")
    assert applied["run_id"] == get("/api/v1/runs")["items"][0]["id"]
    assert [one["id"] for one in get("/api/v1/deliveries", state="kept,failed")["items"]] == [kept["id"]]
    assert get("/api/v1/deliveries", provider="jenkins")["items"] == []


def test_a_delivery_is_replayed_by_an_administrator(client, get, configured):
    id = receive(github_run())[0].delivery_id
    answer = client.post(f"/api/v1/deliveries/{id}/replay", headers=KEY)
    assert (answer.status_code, answer.json()["state"]) == (200, "applied")
    assert get("/api/v1/metrics", **{"from": "2026-03-01", "to": "2026-04-01"})["total"] == 1


def test_replaying_needs_the_scope_admin_and_a_delivery(client, configured):
    reader = {"Authorization": f"Bearer {access.create_key('a script', ['read'], NOW).key}"}
    assert client.post("/api/v1/deliveries/1/replay", headers=reader).status_code == 403
    assert client.post("/api/v1/deliveries/1/replay", headers=KEY).status_code == 404
    assert client.post("/api/v1/deliveries/1/replay").status_code == 401


def test_a_signed_in_page_of_another_origin_may_not_replay(session):
    foreign = {"Origin": "https://evil.example"}
    assert session.post("/api/v1/deliveries/1/replay", headers=foreign).status_code == 403
    assert session.post("/api/v1/deliveries/1/replay", headers={"Origin": "http://testserver"}).status_code == 404


def test_alerts_are_listed_with_their_messages(get, configured, monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://127.0.0.1:9/services/T/B/X")
    settings.get.cache_clear()
    flow.start(NOW)
    receive(github_run(900, created=RECENTLY, conclusion="failure"))
    alert = get("/api/v1/alerts")["items"][0]
    assert (alert["rule"], alert["kind"], alert["state"], alert["failures"]) == ("failure", "failure", "open", 1)
    assert alert["scope"]["repo"] == "kestrel/checkout-api"
    assert [(one["kind"], one["state"]) for one in alert["notifications"]] == [("opened", "queued")]

    receive(github_run(901, created=RECENTLY + timedelta(minutes=5)))
    assert get("/api/v1/alerts", state="open")["items"] == []
    resolved = get("/api/v1/alerts")["items"][0]
    assert (resolved["id"], resolved["state"]) == (alert["id"], "resolved")


def test_a_channel_never_shows_its_address(client, configured, monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://127.0.0.1:9/services/T/B/secret-part")
    settings.get.cache_clear()
    flow.start(NOW)
    answer = client.get("/api/v1/channels", headers=KEY)
    assert [one["origin"] for one in answer.json()["items"]] == ["env"]
    assert "secret-part" not in answer.text


def test_the_built_in_rule_is_listed_with_its_threshold(get, configured):
    rule = get("/api/v1/rules")["items"][0]
    assert (rule["slug"], rule["builtin"], rule["params"]) == ("failure", True, {"count": 1})


def test_sources_say_how_fresh_they_are(get, configured):
    receive(github_run(), at=NOW)
    receive(jenkins_build(), provider="jenkins", at=NOW - timedelta(days=2))
    states = {source["provider"]: source["state"] for source in get("/api/v1/sources")["items"]}
    assert states == {"github": "ok", "jenkins": "degraded"}
    assert "token" not in json.dumps(get("/api/v1/sources"))


def test_repositories_and_pipelines_are_listed(get, configured):
    receive(github_run(), github_run(901, created=RECENTLY))
    receive(jenkins_build(), provider="jenkins")
    assert {repo["name"] for repo in get("/api/v1/repos")["items"]} == {"kestrel/checkout-api", "payments"}
    assert [one["name"] for one in get("/api/v1/pipelines", repo="payments")["items"]] == ["nightly"]
    one = get("/api/v1/pipelines", provider="github")["items"][0]
    detail = get(f"/api/v1/pipelines/{one['id']}")
    assert (detail["name"], detail["default_branch"], detail["last_run"]["number"]) == ("ci", "main", 901)


@pytest.mark.parametrize("path", ["sources", "repos", "pipelines", "deliveries", "alerts"])
def test_an_empty_list_is_empty(get, configured, path):
    assert get(f"/api/v1/{path}") == {"items": [], "next": None}


@pytest.mark.parametrize(
    "path",
    ["sources", "repos", "pipelines", "pipelines/1", "runs", "runs/1", "metrics", "metrics/series", "flaky",
     "deliveries", "alerts", "rules", "channels"],
)  # fmt: skip
def test_every_route_asks_who_is_there(client, path):
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert "bearer" in answer.headers["www-authenticate"].lower()
