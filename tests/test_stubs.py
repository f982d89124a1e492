"""The stubs keep the promises of the servers that they stand for: what is proved with them depends on it."""

from datetime import timedelta

import pytest

from cicd_health.providers.http import open_client
from tests.bodies import NOON
from tests.github_stub import GitHubStub
from tests.jenkins_stub import JenkinsStub
from tests.jenkins_tree import parse_tree, prune

RUNS = "/repos/kestrel/checkout-api/actions/runs"


@pytest.fixture
def github():
    with GitHubStub("kestrel/checkout-api") as stub:
        for place in range(1100):
            stub.repos[0].request(NOON + timedelta(seconds=place))
        yield stub


@pytest.fixture
def ask(github):
    with open_client(github.url, headers={"Authorization": "Bearer ghp_stub"}) as client:
        yield client.get


def test_github_gives_at_most_a_thousand_runs_of_a_filtered_list_and_says_how_many_there_are(ask):
    def listed(**filters):
        pages = [ask(RUNS, params={"per_page": 100, "page": page, **filters}).json() for page in range(1, 13)]
        return pages[0]["total_count"], sum(len(page["workflow_runs"]) for page in pages)

    assert listed() == (1100, 1100)
    assert listed(created=">=2026-03-02") == (1100, 1000)
    assert listed(created="2026-03-02T12:00:00Z..2026-03-02T12:00:09Z") == (10, 10)
    assert listed(created="2026-03-03..2026-03-04") == (0, 0)


def test_github_links_to_the_next_page_by_the_repositorys_number(ask, github):
    first = ask(RUNS, params={"per_page": 100}).headers["link"]
    assert f"<{github.url}/repositories/{github.repos[0].id}/actions/runs?per_page=100&page=2>" in first
    assert 'rel="next"' not in ask(RUNS, params={"per_page": 100, "page": 11}).headers["link"]


def test_github_answers_304_free_of_quota_until_something_changes(ask, github):
    first = ask(RUNS)
    left = github.remaining
    again = ask(RUNS, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.headers["x-ratelimit-remaining"], github.remaining) == (304, str(left), left)
    github.repos[0].start(github.repos[0].request(NOON + timedelta(days=1))["id"], NOON)
    assert ask(RUNS, headers={"If-None-Match": first.headers["etag"]}).status == 200


def test_a_tree_of_jenkins_is_read_with_its_ranges():
    tree = parse_tree("jobs[name,builds[number]{1,3}],url")
    builds = [{"_class": "b", "number": number, "result": "x"} for number in range(9)]
    job = {"_class": "j", "name": "a", "color": "red", "builds": builds}
    assert prune({"jobs": [job], "url": "u", "mode": "m"}, tree) == {
        "jobs": [{"_class": "j", "name": "a", "builds": [{"_class": "b", "number": 1}, {"_class": "b", "number": 2}]}],
        "url": "u",
    }
    assert parse_tree("a{,2},b{4},c{3,}") == {"a": ({}, slice(0, 2)), "b": ({}, slice(4, 5)), "c": ({}, slice(3, None))}
    with pytest.raises(ValueError, match="not closed"):
        parse_tree("jobs[name")


def test_jenkins_lists_a_hundred_builds_unless_asked_for_all():
    with JenkinsStub() as jenkins, open_client(jenkins.address) as client:
        job = jenkins.root.make("nightly")
        for place in range(130):
            job.play(NOON + timedelta(minutes=place))

        def listed(tree):
            return client.get("/job/nightly/api/json", params={"tree": tree}).json()

        assert len(listed("builds[number]")["builds"]) == 100
        assert len(listed("allBuilds[number]")["allBuilds"]) == 130
        assert [build["number"] for build in listed("allBuilds[number]{128,140}")["allBuilds"]] == [2, 1]
