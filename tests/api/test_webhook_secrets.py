"""A repository's own webhook secret proves deliveries about that repository, and about no other."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from cicd_health import flow
from cicd_health.api.webhook_secrets import RepositorySecrets
from cicd_health.providers import PROVIDERS
from cicd_health.providers.provider import BadSignature
from tests.api.conftest import NOW, post_github, receive
from tests.bodies import REPOSITORY, github_job, github_run, signed

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
    github, own = PROVIDERS["github"], RepositorySecrets()

    def proved(secret: str, now: datetime) -> bool:
        raw = b'{"repository":{"full_name":"kestrel/checkout-api","id":7}}'
        headers = {name.lower(): value for name, value in signed(raw, secret).items()}
        try:
            own.verify(github, headers, github.decode(headers, raw), raw, now)
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
    github, own = PROVIDERS["github"], RepositorySecrets()
    receive(github_run(1))
    raw = b'{"repository":{"full_name":"kestrel/checkout-api","id":7}}'
    headers = {name.lower(): value for name, value in signed(raw, OWN).items()}
    payload, now = github.decode(headers, raw), datetime.now(UTC)
    asked: list[str] = []
    sa.event.listen(database, "before_cursor_execute", lambda *seen: asked.append(seen[2]))
    for _ in range(50):
        assert own.any(github, now)
        own.verify(github, headers, payload, raw, now)
    assert len([text for text in asked if text.startswith("SELECT")]) == 2
