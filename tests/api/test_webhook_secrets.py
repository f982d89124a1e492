"""A repository's own webhook secret, or a source's, proves deliveries about it, and about no other."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from cicd_health import flow
from cicd_health.api.webhook_secrets import OwnSecrets
from cicd_health.providers import PROVIDERS
from cicd_health.providers.provider import BadSignature
from tests.api.conftest import KEY, NOW, post_github, receive
from tests.bodies import REPOSITORY, github_job, github_run, jenkins_build, signed

OWN, OTHER = "the repository's own", "the other one's own"
THEIRS = {"id": 8, "full_name": "kestrel/other", "default_branch": "main"}


@pytest.fixture
def watched(configured) -> None:
    flow.watch_repository("kestrel/checkout-api", NOW, secret=OWN)
    flow.watch_repository("kestrel/other", NOW, secret=OTHER)


def test_it_proves_its_own_repository_beside_the_instances_secret(client, watched):
    assert post_github(client, github_run(1), OWN).json()["state"] == "applied"
    assert post_github(client, github_run(2), "hook secret").json()["state"] == "applied"
    job = post_github(client, github_job(5, 1), OWN, **{"X-GitHub-Event": "workflow_job"})
    assert job.json()["state"] == "applied"
    ping = {"zen": "Design for failure.", "hook_id": 1, "repository": REPOSITORY}
    assert post_github(client, ping, OWN, **{"X-GitHub-Event": "ping"}).status_code == 202


@pytest.mark.parametrize(
    ("body", "secret"),
    [
        (github_run(1) | {"repository": THEIRS}, OWN),
        (github_run(1), OTHER),
        (github_run(1), "nobody's"),
        ({k: v for k, v in github_run(1).items() if k != "repository"}, OWN),
        (github_run(1, repository=REPOSITORY) | {"repository": THEIRS}, OWN),
        (github_run(1) | {"repository": None}, OWN),
        (b"not json", OWN),
        ([], OWN),
    ],
)
def test_it_proves_nothing_else(client, get, watched, body, secret):
    assert post_github(client, body, secret).status_code == 401
    assert get("/api/v1/runs")["items"] == []
    assert get("/api/v1/deliveries")["items"] == []


def test_under_its_own_name_nobody_writes_into_another_repository(client, get, watched):
    receive(github_run(1) | {"repository": THEIRS})
    forged = github_run(1, conclusion="failure", attempt=2) | {"repository": REPOSITORY | {"id": THEIRS["id"]}}
    assert post_github(client, forged, OWN).status_code == 401
    [run] = get("/api/v1/runs")["items"]
    assert (run["repo"], run["outcome"]) == ("kestrel/other", "success")


def test_the_host_of_an_enterprise_server_is_part_of_the_name(client, watched):
    elsewhere = {"X-GitHub-Enterprise-Host": "github.example"}
    assert post_github(client, github_run(1), OWN, **elsewhere).status_code == 401


def test_upper_and_lower_case_are_the_same_to_github(client, watched):
    body = github_run(1) | {"repository": REPOSITORY | {"full_name": "Kestrel/Checkout-API"}}
    assert post_github(client, body, OWN).status_code == 202


def test_a_new_secret_counts_after_a_second_and_an_old_one_ends(watched):
    github, own = PROVIDERS["github"], OwnSecrets()

    def proved(secret: str, now: datetime) -> bool:
        raw = b'{"repository":{"full_name":"kestrel/checkout-api","id":7}}'
        headers = {name.lower(): value for name, value in signed(raw, secret).items()}
        try:
            own.verify(github, headers, {}, github.decode(headers, raw), raw, now)
        except BadSignature:
            return False
        return True

    now = datetime.now(UTC)
    assert proved(OWN, now)
    flow.watch_repository("kestrel/checkout-api", NOW, secret="rotated")
    assert not proved("rotated", now)
    assert proved("rotated", now + timedelta(seconds=1))
    assert not proved(OWN, now + timedelta(seconds=1))


def test_many_deliveries_cost_no_query_each(watched, database):
    github, own = PROVIDERS["github"], OwnSecrets()
    receive(github_run(1))
    raw = b'{"repository":{"full_name":"kestrel/checkout-api","id":7}}'
    headers = {name.lower(): value for name, value in signed(raw, OWN).items()}
    payload, now = github.decode(headers, raw), datetime.now(UTC)
    asked: list[str] = []
    sa.event.listen(database, "before_cursor_execute", lambda *seen: asked.append(seen[2]))
    for _ in range(50):
        assert own.any(github, now)
        own.verify(github, headers, {}, payload, raw, now)
    assert len([text for text in asked if text.startswith("SELECT")]) == 3


SERVER = "https://ci.kestrel.example/jenkins"


def of_server(root: str = SERVER, number: int = 1) -> dict:
    """A build of one Jenkins server."""
    body = jenkins_build(number)
    body["build"]["full_url"] = f"{root}/{body['build']['url']}"
    return body


def post_jenkins(client, body, token: str, root: str = "/webhooks/jenkins"):
    return client.post(root, json=body, headers={"X-Jenkins-Token": token})


def rotate(client, path: str, secret: str | None = None):
    answer = client.post(f"/api/v1/{path}/secret", json={"secret": secret}, headers=KEY)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def jenkins(configured) -> int:
    return flow.connect_jenkins(NOW, url=SERVER)


def test_a_jenkins_servers_own_token_proves_builds_of_that_server_alone(client, get, jenkins):
    token = rotate(client, f"sources/{jenkins}")["secret"]
    assert post_jenkins(client, of_server(), token).status_code == 202
    assert post_jenkins(client, of_server(number=2), "jenkins-token").status_code == 202
    for elsewhere in ("https://other.example/jenkins", "https://ci.kestrel.example", "https://ci.kestrel.example:8443"):
        assert post_jenkins(client, of_server(elsewhere, 3), token).status_code == 401
    nowhere = of_server(number=4)
    del nowhere["build"]["full_url"]
    for body in (nowhere, {}, [], {"build": None}):
        assert post_jenkins(client, body, token).status_code == 401
    assert {run["number"] for run in get("/api/v1/runs")["items"]} == {1, 2}


def test_a_github_hosts_own_secret_proves_all_its_repositories_and_no_other_hosts(client, configured):
    source = flow.connect_github(NOW, api_url="https://git.kestrel.example/api/v3", token="ghp_x")
    secret = rotate(client, f"sources/{source}")["secret"]
    there = {"X-GitHub-Enterprise-Host": "git.kestrel.example"}
    assert post_github(client, github_run(1), secret, **there).status_code == 202
    assert post_github(client, github_run(2) | {"repository": THEIRS}, secret, **there).status_code == 202
    ping = {"X-GitHub-Event": "ping"}
    assert post_github(client, {"zen": "x", "hook_id": 1}, secret, **there, **ping).status_code == 202
    assert post_github(client, github_run(3), secret).status_code == 401
    assert post_github(client, github_run(3), secret, **{"X-GitHub-Enterprise-Host": "evil"}).status_code == 401


def test_while_a_secret_is_replaced_both_hold_for_a_day_or_until_the_old_one_is_ended(client, jenkins):
    first = rotate(client, f"sources/{jenkins}", "the first one")
    assert first == {"secret": "the first one", "before_until": None}
    second = rotate(client, f"sources/{jenkins}")
    until = datetime.fromisoformat(second["before_until"])
    assert timedelta(hours=23) < until - datetime.now(UTC) <= timedelta(hours=24)
    provider, own = PROVIDERS["jenkins"], OwnSecrets()

    def proved(token: str, now: datetime) -> bool:
        assert own.any(provider, now)
        try:
            own.verify(provider, {"x-jenkins-token": token}, {}, of_server(), b"", now)
        except BadSignature:
            return False
        return True

    now = datetime.now(UTC)
    assert proved("the first one", now)
    assert proved(second["secret"], now)
    assert not proved("the first one", until + timedelta(seconds=1))
    assert proved(second["secret"], until + timedelta(seconds=1))
    assert client.delete(f"/api/v1/sources/{jenkins}/secret", headers=KEY).status_code == 204
    assert not proved("the first one", now + timedelta(days=2))
    assert not proved("the first one", now)


def test_a_repositorys_secret_is_replaced_in_the_same_way(client, watched):
    new = rotate(client, "repos/kestrel/checkout-api")
    assert new["before_until"] is not None
    assert post_github(client, github_run(1), OWN).status_code == 202
    assert post_github(client, github_run(2), new["secret"]).status_code == 202
    assert post_github(client, github_run(3) | {"repository": THEIRS}, new["secret"]).status_code == 401
    assert client.delete("/api/v1/repos/kestrel/checkout-api/secret", headers=KEY).status_code == 204


def test_a_new_secret_goes_out_once_and_a_bad_one_is_refused(client, get, jenkins):
    secret = rotate(client, f"sources/{jenkins}")["secret"]
    assert secret not in str(get("/api/v1/sources")) + str(get(f"/api/v1/sources/{jenkins}"))
    for path in ("sources/999", "repos/nobody/knows"):
        assert client.post(f"/api/v1/{path}/secret", headers=KEY).status_code == 404
        assert client.delete(f"/api/v1/{path}/secret", headers=KEY).status_code == 404
    for bad in ("", "a\nb", "x" * 1001, " a"):
        answer = client.post(f"/api/v1/sources/{jenkins}/secret", json={"secret": bad}, headers=KEY)
        assert answer.status_code == 422


def test_the_secret_of_a_source_that_was_disconnected_proves_nothing_any_more(client, jenkins):
    rotate(client, f"sources/{jenkins}", "the first one")
    rotate(client, f"sources/{jenkins}", "the second one")
    flow.forget_connection(jenkins, NOW)
    for token in ("the first one", "the second one"):
        assert post_jenkins(client, of_server(), token).status_code == 401
