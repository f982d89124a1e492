"""Whoever changes something through the API stands in the audit log: once, with what, when and from where."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cicd_health import access, flow
from cicd_health.model.acting import SERVER, Actor, Via, acting
from cicd_health.model.alert_drafts import RuleDraft
from cicd_health.store import audit, engine
from cicd_health.store.audit import AuditFilter
from tests.api.conftest import NOW, RECENTLY, receive
from tests.bodies import delivery, github_run

RULE = {"name": "Twice", "kind": "failure", "params": {"count": 2}}
RULES, CHANNELS, SOURCES, REPO = "rules", "channels", "sources", "repos/acme/shop"
CHANNEL = {"name": "Closed", "url": "json://127.0.0.1:9/x"}
JENKINS = {"provider": "jenkins", "url": "http://127.0.0.1:9"}
FOR_AN_HOUR = {"for": "1h", "reason": "upgrade"}
# What is written down, and the request that leads to it; {rule} and the like are ids that came of an earlier one.
CHANGES: list[tuple[str, str, str, Any]] = [
    ("rule.saved", "POST", RULES, RULE),
    ("rule.saved", "PUT", "rules/{rules}", RULE | {"severity": "info"}),
    ("rule.saved", "PATCH", "rules/{rules}", {"enabled": False}),
    ("rule.removed", "DELETE", "rules/{rules}", None),
    ("rule.saved", "POST", "settings/alerts", {"threshold": 1}),
    ("channel.saved", "POST", CHANNELS, CHANNEL),
    ("channel.saved", "PUT", "channels/{channels}", {"name": "Closed", "min_severity": "critical"}),
    ("channel.saved", "PATCH", "channels/{channels}", {"enabled": False}),
    ("channel.saved", "PATCH", "channels/{channels}", {"enabled": True}),
    ("channel.tested", "POST", "channels/{channels}/test", None),
    ("channel.tested", "POST", "alerts/test", None),
    ("channel.tested", "POST", "alerts/test", {"url": CHANNEL["url"]}),
    ("alert.acknowledged", "POST", "alerts/1/ack", {"note": "looking"}),
    ("alert.muted", "POST", "alerts/1/mute", FOR_AN_HOUR),
    ("alert.unmuted", "POST", "alerts/1/unmute", None),
    ("alert.resolved", "POST", "alerts/1/resolve", None),
    ("silence.added", "POST", "silences", FOR_AN_HOUR | {"scope": {"repos": ["acme/*"]}}),
    ("silence.ended", "DELETE", "silences/{silences}", None),
    ("channel.removed", "DELETE", "channels/{channels}", None),
    ("source.connected", "POST", SOURCES, JENKINS),
    ("poll.asked", "POST", "sources/{sources}/poll", None),
    ("poll.asked", "POST", "poll/run", None),
    ("source.disconnected", "DELETE", "sources/{sources}", None),
    ("repo.watched", "POST", "repos", {"repo": "acme/shop", "token": "ghp_secret", "secret": "hunter2-of-hooks"}),
    ("backfill.stopped", "POST", f"{REPO}/backfill", {"action": "stop"}),
    ("backfill.resumed", "POST", f"{REPO}/backfill", {"action": "resume"}),
    ("repo.unwatched", "DELETE", REPO, None),
    ("delivery.replayed", "POST", "deliveries/1/replay", None),
]
NOTHING_NEW: list[tuple[str, str, Any]] = [
    ("POST", "rules", RULE | {"kind": "vibes"}),
    ("DELETE", "rules/1", None),
    ("POST", "alerts/1/ack", None),
    ("POST", "alerts/99/resolve", None),
    ("POST", "deliveries/99/replay", None),
    ("DELETE", "silences/99", None),
    ("POST", "repos", {"repo": "acme"}),
]


def entries() -> list[audit.Entry]:
    """The oldest first."""
    with engine.reading() as session:
        return audit.entries(session, AuditFilter(), 500)[::-1]


def told(entry: audit.Entry) -> tuple[str, str, str, str]:
    return entry["action"], entry["who"], entry["via"], entry["address"]


@pytest.fixture
def key(client) -> dict[str, str]:
    receive(github_run(1, conclusion="failure", created=RECENTLY))
    made = access.create_key("night shift", ["admin"], NOW)
    return {"Authorization": f"Bearer {made.key}"}


def test_every_change_is_written_down_once_with_who_and_from_where(client, key):
    ids: dict[str, int] = {}
    seen = len(entries())
    for action, method, path, body in CHANGES:
        response = client.request(method, f"/api/v1/{path.format(**ids)}", json=body, headers=key)
        assert response.status_code < 300, (method, path, response.text)
        new, seen = entries()[seen:], len(entries())
        assert [told(entry) for entry in new] == [(action, "key night shift", "api", "testclient")], (method, path)
        assert new[0]["subject"]
        if method == "POST" and "id" in response.json():
            ids.setdefault(path, response.json()["id"])
    written = str(entries())
    assert "ghp_secret" not in written
    assert "hunter2" not in written


def test_what_is_refused_or_changes_nothing_is_not_written_down(client, key):
    client.post("/api/v1/alerts/1/resolve", headers=key)
    before = entries()
    for method, path, body in NOTHING_NEW:
        assert client.request(method, f"/api/v1/{path}", json=body, headers=key).status_code >= 400
    assert entries() == before


def test_what_the_server_does_by_itself_is_not_written_down(client, key):
    before = entries()
    with acting(SERVER):
        flow.start(NOW)
        flow.receive([delivery(github_run(2, created=RECENTLY), at=NOW)], NOW)
        flow.recover(datetime.now(UTC))
        flow.prune(NOW)
        flow.count_anew(NOW)
    assert entries() == before


def test_the_audit_log_itself_is_pruned_and_who_pruned_is_written_down(client, key, monkeypatch):
    with acting(Actor("wren on the command line", Via.COMMAND)):
        flow.save_rule(RuleDraft("Old", "failure"), NOW.replace(year=NOW.year - 3))
        flow.prune(NOW)
    pruned = entries()[-1]
    assert (pruned["action"], pruned["who"], pruned["via"]) == ("data.pruned", "wren on the command line", "command")
    assert pruned["detail"]["audit_entries"] == 1
    assert "Old" not in str(entries())
