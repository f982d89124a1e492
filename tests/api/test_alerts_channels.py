"""Channels through the API: addresses only go in, tests say what came of them, the log tells the story."""

from __future__ import annotations

import pytest

from tests import loopback
from tests.api.conftest import KEY, RECENTLY, receive
from tests.bodies import github_run

SECRET = "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"  # made up; it must appear in no answer
SLACK = f"https://hooks.slack.com/services/{SECRET}"
TEAM: dict[str, object] = {
    "name": "Team",
    "url": SLACK,
    "min_severity": "warning",
    "zone": "Europe/Berlin",
    "quiet": {"start": "22:00", "end": "07:00"},
    "digest_at": None,
    "per_hour": 20,
}


@pytest.fixture
def ask(client, configured):
    def send(method: str, path: str, body: object = None):
        return client.request(method, f"/api/v1/{path}", json=body, headers=KEY)

    return send


def test_a_channel_is_made_changed_and_deleted_and_its_address_is_never_shown(ask):
    made = ask("POST", "channels", TEAM)
    assert made.status_code == 201, made.text
    channel = made.json()
    assert (channel["slug"], channel["origin"], channel["min_severity"], channel["per_hour"]) == (
        *("team", "user", "warning", 20),
    )
    assert (channel["quiet"]["start"], channel["quiet"]["days"]) == ("22:00", [0, 1, 2, 3, 4, 5, 6])
    changed = ask("PUT", f"channels/{channel['id']}", {"name": "Team", "scope": {"repos": ["kestrel/*"]}})
    assert (changed.json()["scope"]["repos"], changed.json()["quiet"]) == (["kestrel/*"], None)
    assert changed.json()["url"] == channel["url"], "without an address the stored one stays"
    off = ask("PATCH", f"channels/{channel['id']}", {"enabled": False}).json()
    assert (off["enabled"], off["scope"]["repos"]) == (False, ["kestrel/*"])
    texts = (made.text, changed.text, ask("GET", "channels").text)
    assert not any(part in text for part in SECRET.split("/") for text in texts)
    assert [ask("DELETE", f"channels/{channel['id']}").status_code for _ in range(2)] == [204, 404]


WRONG_CHANNELS: list[tuple[dict[str, object], str]] = [
    ({"name": "x"}, "url: a new channel needs its address"),
    (TEAM | {"url": "nonsense"}, "address"),
    (TEAM | {"url": "https://ci:XXXX/XXXX@chat.example/hook"}, "address"),
    (TEAM | {"zone": "Mars/Olympus"}, "Mars/Olympus"),
    (TEAM | {"quiet": {"start": "25:00", "end": "07:00"}}, "quiet.start: String should match"),
    (TEAM | {"quiet": {"start": "22:00", "end": "07:00", "days": [7]}}, "quiet.days.0: "),
    (TEAM | {"per_hour": 0}, "per_hour: Input should be greater than or equal to 1"),
    (TEAM | {"colour": "red"}, "colour: Extra inputs are not permitted"),
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_wrong_channel_is_refused_and_the_answer_holds_no_secret(ask):
    for body, said in WRONG_CHANNELS:
        answer = ask("POST", "channels", body)
        assert answer.status_code == 422, body
        assert said in answer.json()["detail"]
        assert "XXXX" not in answer.text


def test_a_test_says_whether_the_channel_took_it_and_is_logged(ask, client):
    with loopback.slack() as slack:
        id = ask("POST", "channels", TEAM | {"url": slack.url}).json()["id"]
        took = ask("POST", f"channels/{id}/test").json()
        assert (took["channel"], took["ok"], took["error"]) == ("team", True, None)
        slack.status = 500
        refused = client.post("/api/alerts/test", json={"channel": "team"}, headers=KEY).json()["results"]
        assert [(one["channel"], one["ok"]) for one in refused] == [("team", False)]
        assert "500" in refused[0]["error"]
        slack.status = 200
        all_of_them = ask("POST", "alerts/test").json()["results"]
        assert [(one["channel"], one["ok"]) for one in all_of_them] == [("team", True)]
        address = ask("POST", "alerts/test", {"url": slack.url}).json()["results"]
        assert [one["ok"] for one in address] == [True]
        assert len(slack.texts) == 4
    log = ask("GET", "notifications").json()["items"]
    assert [(one["kind"], one["state"], one["channel"], one["alert_id"]) for one in log] == [
        ("test", "sent", "team", None),
        ("test", "failed", "team", None),
        ("test", "sent", "team", None),
    ]
    assert len(ask("GET", f"notifications?state=failed&channel={id}").json()["items"]) == 1
    assert ask("GET", "notifications?state=lost").status_code == 422


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_cannot_be_tried_is_said(ask):
    assert ask("POST", "alerts/test").status_code == 409
    assert ask("POST", "alerts/test", {"channel": "nowhere"}).status_code == 404
    assert ask("POST", "alerts/test", {"url": "nonsense"}).status_code == 422
    assert ask("POST", "channels/99/test").status_code == 404
    assert ask("POST", "notifications/99/retry").status_code == 404


def test_a_message_is_in_the_log_of_its_alert(ask):
    with loopback.slack() as slack:
        ask("POST", "channels", TEAM | {"url": slack.url})
        receive(github_run(1, conclusion="failure", created=RECENTLY))
        (alert,) = ask("GET", "alerts").json()["items"]
        (message,) = alert["notifications"]
        assert (message["channel"], message["kind"], message["state"]) == ("team", "opened", "queued")
        (line,) = ask("GET", f"notifications?alert={alert['id']}").json()["items"]
        assert (line["id"], line["alert_id"], line["title"]) == (message["id"], alert["id"], alert["title"])
        assert ask("POST", f"notifications/{line['id']}/retry").status_code == 202


def test_alerts_are_set_up_in_one_call_and_again_without_doubles(ask):
    wanted = {
        "threshold": 3,
        "slack_webhook_url": SLACK,
        "channels": [{"name": " Hook ", "url": "json://ci.example/x"}],
    }
    for _ in range(2):
        answer = ask("POST", "settings/alerts", wanted)
        assert answer.status_code == 200, answer.text
        assert answer.json()["threshold"] == 3
        assert [channel["name"] for channel in answer.json()["channels"]] == ["Slack", "Hook"]
        assert "XXXX" not in answer.text
    assert ask("POST", "settings/alerts", {}).json()["threshold"] == 3, "what is not given stays"


WRONG_SETTINGS: list[tuple[dict[str, object], str]] = [
    ({"threshold": 0}, "threshold: Input should be greater than or equal to 1"),
    ({"slack_webhook_url": "nonsense", "threshold": 9}, "slack_webhook_url: "),
    ({"email_to": "team@kestrel.example"}, "set SMTP_HOST"),
    ({"email_to": "team"}, "email_to"),
    ({"treshold": 2}, "treshold: Extra inputs"),
    ({"threshold": 9, "channels": [{"name": "x" * 81, "url": SLACK}]}, "at most 80 characters"),
    ({"threshold": 9, "channels": [{"name": " ", "url": SLACK}]}, "1 to 80 characters"),
    ({"threshold": 9, "channels": [{"name": n, "url": SLACK} for n in ("Team", "team ")]}, "team is named twice"),
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_wrong_setting_is_refused_and_nothing_of_it_is_set(ask):
    for body, said in WRONG_SETTINGS:
        answer = ask("POST", "settings/alerts", body)
        assert answer.status_code == 422, body
        assert said in answer.json()["detail"]
    assert ask("POST", "settings/alerts", {}).json() == {"threshold": 1, "channels": []}
