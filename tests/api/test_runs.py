"""Runs: their shape, their filters, their pages."""

from datetime import timedelta

import pytest

from tests.api.conftest import KEY, NOW, RECENTLY, receive
from tests.bodies import github_job, github_run, iso, jenkins_build

RUN = {
    "id",
    "provider",
    "source",
    "repo",
    "pipeline",
    "pipeline_id",
    "number",
    "external_id",
    "attempt",
    "attempts",
    "status",
    "outcome",
    "raw_status",
    "raw_conclusion",
    "title",
    "branch",
    "sha",
    "event",
    "actor",
    "pull_request",
    "created_at",
    "started_at",
    "completed_at",
    "duration_s",
    "queue_s",
    "url",
    "failed_job",
    "failed_step",
    "excerpt",
}
JOB = {
    "id",
    "external_id",
    "name",
    "attempt",
    "status",
    "outcome",
    "raw_conclusion",
    "runner",
    "created_at",
    "started_at",
    "completed_at",
    "duration_s",
    "queue_s",
    "url",
    "log",
    "steps",
}


@pytest.fixture
def many(configured) -> None:
    """Ten runs, a minute apart, of which the even ones failed; and one of Jenkins an hour before."""
    receive(
        *(
            github_run(
                900 + n,
                created=RECENTLY + timedelta(minutes=n),
                conclusion="success" if n % 2 else "failure",
                branch="main" if n < 8 else "fix/refunds",
                display_title=f"Retry refunds {n}",
            )
            for n in range(10)
        )
    )
    receive(jenkins_build(ended=RECENTLY - timedelta(hours=1)), provider="jenkins")


def numbers(answer) -> list[int]:
    return [run["number"] for run in answer["items"]]


def test_a_run_has_every_member_of_the_contract(get, many):
    run = get("/api/v1/runs")["items"][0]
    assert set(run) == RUN
    assert (run["number"], run["repo"], run["pipeline"]) == (909, "kestrel/checkout-api", "ci")
    assert run["created_at"] == iso(RECENTLY + timedelta(minutes=9))


def test_pages_follow_each_other_without_gap_or_repeat(get, many):
    seen, cursor = [], {}
    while True:
        page = get("/api/v1/runs", limit=3, **cursor)
        seen += numbers(page)
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == [909, 908, 907, 906, 905, 904, 903, 902, 901, 900, 42]


def test_a_run_that_arrives_between_two_pages_does_not_shift_the_second(get, many):
    first = get("/api/v1/runs", limit=3)
    receive(github_run(999, created=NOW))
    assert numbers(get("/api/v1/runs", limit=3, cursor=first["next"])) == [906, 905, 904]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"provider": "jenkins"}, [42]),
        ({"repo": "payments"}, [42]),
        ({"pipeline": "nightly"}, [42]),
        ({"branch": "fix/refunds"}, [909, 908]),
        ({"conclusion": "failure", "branch": "fix/refunds"}, [908]),
        ({"conclusion": "failure,timed_out", "limit": 2}, [908, 906]),
        ({"status": "in_progress,queued"}, []),
        ({"status": "completed", "limit": 1}, [909]),
        ({"event": "push", "limit": 1}, [909]),
        ({"event": "schedule"}, []),
        ({"actor": "wren", "limit": 1}, [909]),
        ({"sha": f"{905:040x}"}, [905]),
        ({"sha": f"{905:040X}"}, [905]),
        ({"sha": "0000", "limit": 1}, [909]),
        ({"q": "REFUNDS 7"}, [907]),
        ({"q": "refunds_7"}, []),
        ({"q": "#903"}, [903]),
        ({"q": "nightly"}, [42]),
        ({"from": iso(RECENTLY + timedelta(minutes=3)), "to": iso(RECENTLY + timedelta(minutes=5))}, [904, 903]),
        ({"from": (RECENTLY + timedelta(minutes=9)).isoformat()}, [909]),
    ],
)
def test_each_filter_leaves_only_what_was_asked_for(get, many, filters, expected):
    assert numbers(get("/api/v1/runs", **filters)) == expected


def test_a_time_zone_whose_plus_was_not_escaped_is_understood(client, many):
    start = (RECENTLY + timedelta(minutes=9)).isoformat()
    assert "+" in start
    answer = client.get(f"/api/v1/runs?from={start}", headers=KEY)
    assert numbers(answer.json()) == [909]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("cursor=nonsense", 400),
        ("cursor=MjAyNi0wMS0wMSAx", 400),
        ("cursor=MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMCAx", 400),  # the year 1 in a zone in which it has not begun in UTC
        ("from=0001-01-01T00:00:00%2B14:00", 422),
        ("to=9999-12-31T23:59:59-14:00", 422),
        ("limit=0", 422),
        ("limit=501", 422),
        ("conclusion=purple", 422),
        ("from=yesterday", 422),
        ("q=%00", 422),
    ],
)
def test_a_wrong_parameter_is_a_problem_and_never_a_500(client, query, status):
    answer = client.get(f"/api/v1/runs?{query}", headers=KEY)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert set(answer.json()) >= {"type", "title", "status", "detail"}


def test_a_run_tells_its_attempts_jobs_and_steps(get, configured):
    step = {"number": 1, "name": "pytest", "status": "completed", "conclusion": "failure"}
    started, ended = RECENTLY + timedelta(seconds=20), RECENTLY + timedelta(seconds=80)
    times = {"created": RECENTLY, "started": started, "completed": ended}
    receive(github_run(900, created=RECENTLY, conclusion="failure"))
    receive(github_job(1, conclusion="failure", steps=[step], **times))
    receive(github_run(900, created=RECENTLY, attempt=2), github_job(2, attempt=2, **times))
    id = get("/api/v1/runs")["items"][0]["id"]

    run = get(f"/api/v1/runs/{id}")
    assert set(run) == RUN | {"attempts_list", "jobs", "alerts"}
    assert [(one["attempt"], one["outcome"]) for one in run["attempts_list"]] == [(1, "failure"), (2, "success")]
    assert [job["external_id"] for job in run["jobs"]] == ["2"]

    job = get(f"/api/v1/runs/{id}", attempt=1)["jobs"][0]
    assert set(job) == JOB
    assert (job["name"], job["outcome"], job["duration_s"], job["queue_s"]) == ("unit", "failure", 60, 20)
    assert (job["steps"][0]["name"], job["steps"][0]["outcome"]) == ("pytest", "failure")


def test_a_run_tells_the_alert_it_opened(get, configured):
    receive(github_run(900, created=RECENTLY, conclusion="failure"))
    run = get("/api/v1/runs")["items"][0]
    alert = get(f"/api/v1/runs/{run['id']}")["alerts"][0]
    assert (alert["state"], alert["run_id"], alert["scope"]["pipeline"]) == ("open", run["id"], "ci")


@pytest.mark.parametrize("path", ["runs/1", "runs/9223372036854775807", "pipelines/1"])
def test_what_is_not_there_is_404(client, path):
    answer = client.get(f"/api/v1/{path}", headers=KEY)
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")


def test_an_attempt_that_never_was_is_404(client, get, many):
    id = get("/api/v1/runs")["items"][0]["id"]
    assert client.get(f"/api/v1/runs/{id}?attempt=2", headers=KEY).status_code == 404


def test_an_id_beyond_the_largest_is_422(client):
    assert client.get("/api/v1/runs/9223372036854775808", headers=KEY).status_code == 422
