"""Connecting sources through the API. Credentials only ever go in."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from cicd_health import flow
from cicd_health.store import engine, watches
from tests.api.conftest import KEY, NOW, RECENTLY, receive
from tests.bodies import github_run, jenkins_build
from tests.github_stub import GitHubStub
from tests.jenkins_stub import JenkinsStub

GITHUB = {"provider": "github", "api_url": "https://github.example/api/v3", "token": "ghp_very-private"}
JENKINS = {"provider": "jenkins", "url": "https://ci.example/jenkins/", "username": "wren", "token": "very-private"}


@pytest.fixture
def post(client, configured):
    def send(path: str, body: object = None):
        return client.post(f"/api/v1/{path}", json=body, headers=KEY)

    return send


def test_github_is_connected_and_changed_in_place(post, get):
    first = post("sources", GITHUB)
    assert first.status_code == 201, first.text
    source = first.json()
    assert (source["host"], source["connected"], source["origin"]) == ("github.example", True, "user")
    assert (source["api_url"], source["watches"], source["state"]) == ("https://github.example/api/v3", 0, "never")
    again = post("sources", GITHUB | {"token": "another-very-private"})
    assert (again.status_code, again.json()["id"]) == (200, source["id"])
    assert get(f"/api/v1/sources/{source['id']}") == again.json()
    assert [one["id"] for one in get("/api/v1/sources")["items"]] == [source["id"]]


def test_jenkins_is_connected_with_all_its_jobs(post):
    source = post("sources", JENKINS).json()
    assert (source["host"], source["username"], source["watches"]) == ("ci.example/jenkins", "wren", 1)


def test_no_answer_holds_a_credential(post, client):
    texts = [post("sources", body).text for body in (GITHUB, JENKINS)]
    texts.append(client.get("/api/v1/sources", headers=KEY).text)
    assert "very-private" not in "".join(texts)
    assert "token" not in texts[-1]


def test_a_source_is_connected_where_its_webhooks_came_from_before(post, get):
    receive(github_run())
    receive(jenkins_build(), provider="jenkins")
    heard = {one["host"]: one["id"] for one in get("/api/v1/sources")["items"]}
    assert not any(one["connected"] for one in get("/api/v1/sources")["items"])
    said = post("sources", {"provider": "github", "token": "t"})
    assert (said.status_code, said.json()["id"]) == (200, heard["github.com"])
    said = post("sources", {"provider": "jenkins", "url": "https://jenkins.example"})
    assert (said.status_code, said.json()["id"]) == (200, heard["jenkins.example"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"provider": "gitlab", "token": "x"},
        {"provider": "github"},
        {"provider": "github", "app_id": 7},
        {"provider": "github", "app_id": 7, "app_private_key": "not a key"},
        {"provider": "github", "token": "x", "api_url": "ftp://github.example"},
        {"provider": "github", "token": "x", "api_url": "https://user:hunter2@github.example"},
        {"provider": "jenkins"},
        {"provider": "jenkins", "url": "jenkins"},
        {"provider": "jenkins", "url": "https://ci.example", "username": "wren"},
        {"provider": "jenkins", "url": "http://ci.example:99999"},
    ],
)
def test_what_cannot_be_a_source_is_refused_with_a_sentence(post, body):
    answer = post("sources", body)
    assert answer.status_code == 422
    assert len(answer.json()["detail"]) > 10
    assert "hunter2" not in answer.text


def test_a_connection_is_forgotten_and_what_came_from_it_stays(post, get, client):
    receive(github_run())
    source = post("sources", {"provider": "github", "token": "t"}).json()
    post("repos", {"repo": "kestrel/checkout-api"})
    assert client.delete(f"/api/v1/sources/{source['id']}", headers=KEY).status_code == 204
    left = get(f"/api/v1/sources/{source['id']}")
    assert (left["connected"], left["watches"]) == (False, 0)
    assert len(get("/api/v1/runs")["items"]) == 1
    with engine.reading() as session:
        assert watches.source(session, source["id"]).token is None


@pytest.mark.parametrize("path", ["sources/77/test", "sources/77/poll"])
def test_what_is_not_there_is_404(post, client, path):
    assert post(path).status_code == 404
    assert client.get("/api/v1/sources/77", headers=KEY).status_code == 404
    assert client.delete("/api/v1/sources/77", headers=KEY).status_code == 404


def test_a_connection_is_tried_and_says_what_works(post, get):
    with GitHubStub("kestrel/checkout-api") as github:
        id = post("sources", {"provider": "github", "api_url": github.url, "token": "ghp_stub"}).json()["id"]
        tried = post(f"sources/{id}/test", {"name": "kestrel/checkout-api"}).json()
        assert tried["ok"], tried
        assert any("wren" in sentence for sentence in tried["sentences"])
        assert tried["rate_limit"]["limit"] == 5000
        assert get(f"/api/v1/sources/{id}")["rate_limit"]["remaining"] == github.remaining
        assert not post(f"sources/{id}/test", {"name": "kestrel/nowhere"}).json()["ok"]
        github.tokens.clear()
        refused = post(f"sources/{id}/test").json()
    assert not refused["ok"]
    assert "token" in refused["sentences"][-1]
    assert "ghp_stub" not in str(refused)
    gone = post(f"sources/{id}/test").json()
    assert (gone["ok"], len(gone["sentences"])) == (False, 1)


def test_a_jenkins_is_tried_too(post):
    with JenkinsStub("/jenkins") as jenkins:
        jenkins.root.make("payments/nightly").play(NOW)
        wanted = {"provider": "jenkins", "url": jenkins.address, "username": "wren", "token": "api-token"}
        id = post("sources", wanted).json()["id"]
        tried = post(f"sources/{id}/test").json()
        assert tried["ok"], tried
        assert any("2.462.3" in sentence for sentence in tried["sentences"])
        jenkins.users.clear()
        assert not post(f"sources/{id}/test").json()["ok"]


def test_a_github_app_reads_with_tokens_of_its_installation(post, get):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with GitHubStub("kestrel/checkout-api") as github:
        github.use_app(7, public)
        github.repos[0].private = True
        github.repos[0].play(RECENTLY)
        wanted = {"provider": "github", "api_url": github.url, "app_id": 7, "app_private_key": private}
        source = post("sources", wanted)
        assert private.splitlines()[1] not in source.text
        id = source.json()["id"]
        assert post(f"sources/{id}/test", {"name": "kestrel/checkout-api"}).json()["ok"]
        watch_id = flow.watch(id, "kestrel/checkout-api", NOW, backfill=False)
        flow.poll(watch_id, NOW)
        assert [run["outcome"] for run in get("/api/v1/runs")["items"]] == ["success"]
        asked = github.asked("/access_tokens")
        assert len(asked) == 1, "a token is good for an hour"


def test_what_is_wrong_with_a_source_is_said_by_the_api(post, get):
    with GitHubStub("kestrel/checkout-api") as github:
        id = post("sources", {"provider": "github", "api_url": github.url, "token": "ghp_stub"}).json()["id"]
        watch_id = flow.watch(id, "kestrel/checkout-api", NOW, backfill=False)
        github.fail_next(9)
        flow.poll(watch_id, NOW)
        source = get(f"/api/v1/sources/{id}")
        assert (source["state"], source["trouble"]) == ("error", "server")
        assert source["error"]
        repo = get("/api/v1/repos/kestrel/checkout-api")["watch"]
        assert (repo["state"], repo["error"]) == ("error", source["error"])
        github.all_well()
        assert post(f"sources/{id}/poll").json() == {"queued": 1, "waiting": []}
        flow.poll(watch_id, NOW)
        assert get(f"/api/v1/sources/{id}")["state"] == "ok"
