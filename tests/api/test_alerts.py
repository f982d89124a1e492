"""Alerts through the API: who may read, who may act, and what is said when it cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cicd_health import access
from tests.api.conftest import KEY, NOW, RECENTLY, receive
from tests.bodies import github_run


@pytest.fixture
def post(client, configured):
    def send(path: str, body: object = None, **headers: str):
        return client.post(f"/api/v1/{path}", json=body, headers=headers or KEY)

    return send


@pytest.fixture
def broken(post, get) -> dict:
    """An open alert of one failed run."""
    receive(github_run(1, conclusion="failure", created=RECENTLY))
    return get("/api/v1/alerts")["items"][0]


def test_an_alert_says_what_where_and_since_when(broken, get):
    assert (broken["rule"], broken["kind"], broken["severity"], broken["state"]) == (
        "failure",
        "failure",
        "critical",
        "open",
    )
    assert broken["scope"]["repo"] == "kestrel/checkout-api"
    assert (broken["failures"], broken["turn"], broken["notifications"]) == (1, 1, [])
    whole = get(f"/api/v1/alerts/{broken['id']}")
    assert [(step["kind"], step["actor"]) for step in whole["steps"]] == [("opened", None)]
    assert {name: whole[name] for name in broken} == broken


FOUND: list[tuple[dict[str, str], int]] = [
    ({}, 1),
    ({"state": "open,muted"}, 1),
    ({"state": "resolved"}, 0),
    ({"kind": "failure,flapping"}, 1),
    ({"kind": "flapping"}, 0),
    ({"severity": "warning"}, 0),
    ({"provider": "github", "repo": "kestrel/checkout-api"}, 1),
    ({"provider": "jenkins"}, 0),
    ({"q": "CHECKOUT"}, 1),
    ({"q": "%"}, 0),
]


def test_alerts_are_found_by_what_they_are(broken, get, client):
    assert [len(get("/api/v1/alerts", **asked)["items"]) for asked, _ in FOUND] == [found for _, found in FOUND]
    answer = client.get("/api/v1/alerts?kind=vibes", headers=KEY)
    assert (answer.status_code, answer.json()["detail"].split(",")[0]) == (422, "kind: some of failure")


def test_people_acknowledge_mute_and_resolve_and_it_is_written_down(broken, post, get, session):
    id = broken["id"]
    assert post(f"alerts/{id}/ack", {"note": "on it"}).json()["state"] == "acknowledged"
    muted = post(f"alerts/{id}/mute", {"for": "4h", "reason": "a known one"}).json()
    assert muted["state"] == "muted"
    until = datetime.fromisoformat(muted["muted_until"]) - datetime.now(UTC)
    assert timedelta(hours=3, minutes=59) < until <= timedelta(hours=4)
    assert [one["reason"] for one in get("/api/v1/silences")["items"]] == ["a known one"]
    assert post(f"alerts/{id}/unmute").json()["state"] == "acknowledged"
    by_hand = post(f"alerts/{id}/resolve", None, Origin="http://testserver").json()
    assert (by_hand["state"], by_hand["acknowledged_by"]) == ("resolved", "API_KEY")
    steps = [(step["kind"], step["actor"], step["note"]) for step in by_hand["steps"]]
    assert steps[1:] == [
        ("acknowledged", "API_KEY", "on it"),
        ("muted", "API_KEY", "a known one"),
        ("unmuted", "API_KEY", ""),
        ("resolved", "wren@kestrel.example", ""),
    ]
    again = post(f"alerts/{id}/resolve")
    assert (again.status_code, again.json()["detail"]) == (409, "This alert is resolved already.")


def test_a_key_signs_with_its_name(broken, post, get):
    key = access.create_key("on-call bot", ["admin"], NOW).key
    post(f"alerts/{broken['id']}/ack", None, Authorization=f"Bearer {key}")
    assert get(f"/api/v1/alerts/{broken['id']}")["acknowledged_by"] == "key on-call bot"


WRONG: list[tuple[str, dict[str, object], int, str]] = [
    ("alerts/1/mute", {}, 422, "for, until: one of both"),
    ("alerts/1/mute", {"for": "2h"}, 422, "for: Input should be '1h', '4h', '24h', '7d' or 'until_fixed'"),
    ("alerts/1/mute", {"until": "2020-01-01T00:00:00Z"}, 422, "until: a time to come"),
    ("alerts/1/mute", {"for": "1h", "until": "2099-01-01T00:00:00Z"}, 422, "one of both"),
    ("alerts/1/mute", {"fro": "1h"}, 422, "fro: Extra inputs"),
    ("alerts/99/ack", {}, 404, "no alert 99"),
    ("silences", {"for": "until_fixed"}, 422, "ends by the clock"),
    ("silences", {"for": "1h", "rule_id": 99}, 404, "no rule 99"),
    ("silences", {"for": "1h", "rule_id": 2**63}, 422, "rule_id: Input should be less than or equal to"),
    ("silences", {"for": "1h", "scope": {"repos": [" "]}}, 422, "scope.repos: each pattern"),
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_cannot_be_is_said(broken, post):
    for path, body, status, said in WRONG:
        answer = post(path, body)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), body
        assert said in answer.json()["detail"]


def test_a_silence_of_a_scope_mutes_what_fits_until_it_is_ended(broken, post, get, client):
    wanted = {"scope": {"repos": ["kestrel/*"]}, "for": "24h", "reason": "moving house"}
    made = post("silences", wanted)
    assert made.status_code == 201, made.text
    assert (made.json()["created_by"], made.json()["scope"]["repos"]) == ("API_KEY", ["kestrel/*"])
    assert get(f"/api/v1/alerts/{broken['id']}")["state"] == "muted"
    for status in (204, 409):
        assert client.delete(f"/api/v1/silences/{made.json()['id']}", headers=KEY).status_code == status
    assert get("/api/v1/silences")["items"] == []
    assert [one["ended_by"] for one in get("/api/v1/silences", active="false")["items"]] == ["API_KEY"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_an_administrator_may_act(client, configured):
    reader = {"Authorization": f"Bearer {access.create_key('reader', ['read'], NOW).key}"}
    for method, path in (
        *(("POST", f"alerts/1/{act}") for act in ("ack", "mute", "unmute", "resolve")),
        *(("POST", path) for path in ("rules", "rules/backtest", "channels", "channels/1/test", "silences")),
        *(("POST", path) for path in ("notifications/1/retry", "settings/alerts", "alerts/test")),
        *(("PUT", "rules/1"), ("PATCH", "rules/1"), ("DELETE", "rules/1")),
        *(("PUT", "channels/1"), ("PATCH", "channels/1"), ("DELETE", "channels/1"), ("DELETE", "silences/1")),
    ):
        assert client.request(method, f"/api/v1/{path}", headers=reader).status_code == 403, path
        assert client.request(method, f"/api/v1/{path}").status_code == 401, path
    assert client.post("/api/alerts/test", headers=reader).status_code == 403
    for path in ("alerts", "rules", "rules/kinds", "channels", "silences", "notifications"):
        assert client.get(f"/api/v1/{path}", headers=reader).status_code == 200, path
        assert client.get(f"/api/v1/{path}").status_code == 401, path
