"""Rules through the API: made, changed, tried on the past."""

from __future__ import annotations

import pytest

from cicd_health.alerts import RULES
from tests.api.conftest import KEY, RECENTLY, receive
from tests.bodies import github_run
from tests.conftest import ROOT

ALERTS_MD = ROOT / "docs" / "alerts.md"
TWICE: dict[str, object] = {"name": "Twice on main", "kind": "failure", "severity": "warning", "params": {"count": 2}}


@pytest.fixture
def ask(client, configured):
    def send(method: str, path: str, body: object = None):
        return client.request(method, f"/api/v1/rules{path}", json=body, headers=KEY)

    return send


def test_a_rule_is_made_changed_and_deleted(ask, get):
    made = ask("POST", "", TWICE | {"scope": {"branches": ["release/*"]}})
    assert made.status_code == 201, made.text
    rule = made.json()
    assert made.headers["location"] == f"/api/v1/rules/{rule['id']}"
    assert (rule["slug"], rule["params"], rule["scope"]["branches"]) == ("twice-on-main", {"count": 2}, ["release/*"])
    assert (rule["open"], rule["enabled"], rule["builtin"]) == (0, True, False)
    changed = ask("PATCH", f"/{rule['id']}", {"enabled": False, "severity": "info"}).json()
    kept = {"enabled", "severity", "updated_at"}
    assert {n: v for n, v in changed.items() if n not in kept} == {n: v for n, v in rule.items() if n not in kept}
    assert (changed["enabled"], changed["severity"]) == (False, "info")
    whole = ask("PUT", f"/{rule['id']}", TWICE).json()
    assert (whole["enabled"], whole["scope"]["branches"]) == (True, [])
    assert [one["slug"] for one in get("/api/v1/rules")["items"]] == ["failure", "twice-on-main"]
    assert [ask("DELETE", f"/{rule['id']}").status_code for _ in range(2)] == [204, 404]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_kind_says_what_may_be_turned(get):
    kinds = {kind["slug"]: kind for kind in get("/api/v1/rules/kinds")["items"]}
    assert list(kinds) == list(RULES)
    assert kinds["failure"]["params"]["properties"]["count"]["maximum"] == 50
    assert all(kind["label"] and kind["about"] for kind in kinds.values())


WRONG: list[tuple[dict[str, object], str]] = [
    (TWICE | {"kind": "vibes"}, "kind: one of failure, "),
    (TWICE | {"params": {"count": 51}}, "params.count: Input should be less than or equal to 50, not 51"),
    (TWICE | {"severity": "loud"}, "severity: Input should be 'critical', 'warning' or 'info'"),
    (TWICE | {"channels": ["nowhere"]}, "there is no channel 'nowhere'"),
    (TWICE | {"kind": "missed_schedule", "params": {"cron": "often"}}, "often"),
    (TWICE | {"scope": {"repositories": []}}, "scope.repositories: Extra inputs are not permitted"),
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_wrong_rule_is_refused_with_what_is_allowed(ask):
    for body, said in WRONG:
        answer = ask("POST", "", body)
        assert answer.status_code == 422
        assert said in answer.json()["detail"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_half_a_character_in_the_name_of_a_parameter_is_refused_like_any_other(client, configured):
    """JSON can say it, UTF-8 cannot, so that an answer which repeats it needs care."""
    body = b'{"name": "x", "kind": "failure", "params": {"\\ud800": 1}}'
    answer = client.post("/api/v1/rules", content=body, headers=KEY | {"Content-Type": "application/json"})
    assert (answer.status_code, "there is no such parameter" in answer.text) == (422, True)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_makes_the_server_read_without_end(client, configured):
    body = b'{"name": "%s"}' % (b"x" * 5_000_000)
    for more in ({}, KEY):
        answer = client.post("/api/v1/rules", content=body, headers=more | {"Content-Type": "application/json"})
        assert answer.status_code == 413


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_built_in_rule_stays(ask, get):
    (failure,) = get("/api/v1/rules")["items"]
    assert failure["builtin"]
    assert ask("DELETE", f"/{failure['id']}").status_code == 422
    assert ask("GET", "/99").status_code == 404


def test_a_backtest_says_what_a_rule_would_have_done(ask, get):
    receive(github_run(1, conclusion="failure", created=RECENTLY))
    tried = ask("POST", "/backtest", {"kind": "failure", "params": {"count": 1}, "zone": "Europe/Berlin"})
    assert tried.status_code == 200, tried.text
    found = tried.json()
    assert (found["incidents"], found["open"], found["failed"], found["verdicts"]) == (1, 1, 1, 1)
    assert found["fired"][0]["repo"] == "kestrel/checkout-api"
    assert [rule["slug"] for rule in get("/api/v1/rules")["items"]] == ["failure"], "nothing is saved"
    assert "Mars" in ask("POST", "/backtest", {"kind": "failure", "zone": "Mars/Olympus"}).json()["detail"]


def test_the_words_on_alerts_name_every_kind_with_its_parameters():
    rows = {line.split("`")[1]: line for line in ALERTS_MD.read_text().splitlines() if line.startswith("| `")}
    for rule in RULES.values():
        assert [name for name in rule.Params.model_fields if f"`{name}`" not in rows[rule.slug]] == []
