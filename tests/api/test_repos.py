"""Watching repositories through the API: who may, what is said back, and that no secret ever is."""

import json
from datetime import timedelta

import pytest

from cicd_health import access, flow, settings
from cicd_health.store import engine, own_secrets, watches
from tests.api.conftest import KEY, NOW, receive
from tests.bodies import github_run

REPO = "kestrel/checkout-api"


@pytest.fixture
def post(client, configured):
    def send(path: str, body: object = None, headers: dict[str, str] = KEY):
        return client.post(f"/api/v1/{path}", json=body, headers=headers)

    return send


def test_a_repository_is_watched_once_and_its_history_is_asked_for(post, get):
    first = post("repos", {"repo": REPO})
    assert first.status_code == 201, first.text
    watch = first.json()
    assert (watch["provider"], watch["name"], watch["state"]) == ("github", REPO, "backfilling")
    assert watch["backfill"]["state"] == "running"
    assert watch["complete_until"] is None
    again = post("repos", {"owner": "Kestrel", "name": "Checkout-API"})
    assert (again.status_code, again.json()["id"], again.json()["name"]) == (200, watch["id"], REPO)
    assert post("repos", {"full_name": REPO}).json()["id"] == watch["id"]


def test_its_token_and_secret_go_in_and_never_come_out(post, client):
    said = post("repos", {"repo": REPO, "token": "ghp_very-private", "secret": "hook-very-private"})
    assert (said.json()["has_token"], said.json()["has_secret"]) == (True, True)
    answers = [said.text, *(client.get(f"/api/v1/{path}", headers=KEY).text for path in ("sources", f"repos/{REPO}"))]
    assert "very-private" not in "".join(answers)
    with engine.reading() as session:
        [secret] = own_secrets.holding(session, NOW)
    assert (secret.host, secret.repository) == ("github.com", REPO)
    assert "private" not in secret.sealed


def test_history_may_stay_where_it_is(post):
    assert post("repos", {"repo": REPO, "backfill": False}).json()["backfill"]["state"] == "none"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"repo": "checkout-api"},
        {"repo": "kestrel/checkout/api"},
        {"repo": "kestrel/.."},
        {"repo": "../../user"},
        {"repo": "kestrel/checkout api"},
        {"repo": "kestrel/\u0441heckout"},
        {"repo": "kestrel/" + "x" * 101},
        {"owner": "kestrel"},
        {"repo": REPO, "secret": ""},
        {"repo": REPO, "token": "two\nlines"},
        {"repo": REPO, "backfill": "perhaps"},
        {"repo": 7},
        [],
    ],
)
def test_what_is_no_repository_is_refused_with_a_sentence(post, body):
    answer = post("repos", body)
    assert answer.status_code == 422
    assert len(answer.json()["detail"]) > 10


def test_only_an_administrator_may_watch_or_poll(post, client):
    reader = {"Authorization": f"Bearer {access.create_key('a script', ['read'], NOW).key}"}
    for path in ("repos", "poll/run", "sources", "sources/1/test", "sources/1/poll", f"repos/{REPO}/backfill"):
        assert post(path, {"repo": REPO}, headers=reader).status_code == 403, path
        assert post(path, {"repo": REPO}, headers={}).status_code == 401, path
    for path in ("sources/1", f"repos/{REPO}"):
        assert client.delete(f"/api/v1/{path}", headers=reader).status_code == 403


def test_one_repository_is_shown_before_and_after_its_first_run(post, get, client):
    assert client.get(f"/api/v1/repos/{REPO}", headers=KEY).status_code == 404
    post("repos", {"repo": REPO})
    unseen = get(f"/api/v1/repos/{REPO}")
    assert (unseen["id"], unseen["name"], unseen["watch"]["name"]) == (None, REPO, REPO)
    assert get(f"/api/v1/repos/{REPO}/runs") == {"items": [], "next": None}
    receive(github_run(900), github_run(901, workflow="deploy", workflow_id=12))
    seen = get(f"/api/v1/repos/{REPO.upper()}")
    assert (seen["name"], seen["default_branch"], seen["watch"]["id"]) == (REPO, "main", unseen["watch"]["id"])
    assert seen["id"] is not None


def test_a_repository_that_nobody_watches_has_no_watch(get, configured):
    receive(github_run())
    assert get(f"/api/v1/repos/{REPO}")["watch"] is None


def test_runs_and_workflows_of_a_repository_are_its_own(get, client, configured):
    other = github_run(902) | {"repository": {"id": 8, "full_name": "kestrel/other", "default_branch": "main"}}
    receive(github_run(900), github_run(901, conclusion="failure"), other)
    assert {run["external_id"] for run in get(f"/api/v1/repos/{REPO}/runs")["items"]} == {"900", "901"}
    assert [run["external_id"] for run in get(f"/api/v1/repos/{REPO}/runs", conclusion="failure")["items"]] == ["901"]
    assert [one["external_id"] for one in get("/api/v1/repos/kestrel/other/runs")["items"]] == ["902"]
    assert [one["repo"] for one in get(f"/api/v1/repos/{REPO}/workflows")["items"]] == [REPO]
    page = get(f"/api/v1/repos/{REPO}/runs", limit=1)
    assert len(page["items"]) == 1
    assert get(f"/api/v1/repos/{REPO}/runs", limit=1, cursor=page["next"])["next"] is None
    assert client.get("/api/v1/repos/no/where/runs", headers=KEY).status_code == 404
    assert client.get("/api/v1/repos/no/where/workflows", headers=KEY).status_code == 404


def test_watching_ends_and_the_runs_stay(post, get, client):
    post("repos", {"repo": REPO})
    receive(github_run())
    assert client.delete(f"/api/v1/repos/{REPO}", headers=KEY).status_code == 204
    assert client.delete(f"/api/v1/repos/{REPO}", headers=KEY).status_code == 404
    assert get(f"/api/v1/repos/{REPO}")["watch"] is None
    assert len(get("/api/v1/runs")["items"]) == 1


def test_what_the_settings_name_is_not_ended_here(client, configured, monkeypatch):
    monkeypatch.setenv("GITHUB_REPOS", REPO)
    settings.get.cache_clear()
    flow.start(NOW)
    answer = client.delete(f"/api/v1/repos/{REPO}", headers=KEY)
    assert answer.status_code == 409
    assert "settings" in answer.json()["detail"]


def test_the_walk_into_the_past_is_stopped_and_taken_up_again(post):
    post("repos", {"repo": REPO})
    stopped = post(f"repos/{REPO}/backfill", {"action": "stop"})
    assert (stopped.status_code, stopped.json()["backfill"]["state"]) == (200, "stopped")
    assert post(f"repos/{REPO}/backfill", {"action": "resume"}).json()["backfill"]["state"] == "running"
    assert post(f"repos/{REPO}/backfill", {"action": "explode"}).status_code == 422
    assert post("repos/no/where/backfill", {"action": "stop"}).status_code == 404


def test_polling_now_says_what_is_queued_and_what_has_to_wait(post):
    assert post("poll/run").json() == {"queued": 0, "waiting": []}
    for name in ("kestrel/one", "kestrel/two"):
        post("repos", {"repo": name})
    answer = post("poll/run")
    assert (answer.status_code, answer.json()) == (202, {"queued": 2, "waiting": []})
    assert post("poll/run", {"repo": "Kestrel/One"}).json()["queued"] == 1
    with engine.writing() as session:
        later = NOW + timedelta(hours=1)
        row = watches.find(session, "github", "kestrel/one")
        assert row is not None
        assert row.id is not None
        watches.change(session, row.id, trouble="limited", error="The limit is used up.", next_poll_at=later)
        source_id = row.source_id
    waiting = post("poll/run", {"source": source_id}).json()
    assert waiting["queued"] == 1
    [one] = waiting["waiting"]
    assert (one["name"], one["error"]) == ("kestrel/one", "The limit is used up.")
    assert one["until"].startswith(f"{later:%Y-%m-%dT%H:%M}")


@pytest.mark.parametrize("body", [{"repo": "no/where"}, {"source": 77}, {"source": -1}, {"source": 2**70}])
def test_polling_what_is_not_there_is_404(post, body):
    assert post("poll/run", body).status_code == 404


def test_nothing_of_it_is_in_the_documents_that_describe_the_api_but_how_to_ask(client):
    paths = json.loads(client.get("/openapi.json").text)["paths"]
    assert {"/api/v1/repos/{owner}/{name}", "/api/v1/poll/run", "/api/v1/sources/{source_id}/test"} <= set(paths)
