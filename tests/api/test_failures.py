"""Failed runs of a window, grouped by what failed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cicd_health.store import engine
from tests.api.conftest import KEY, NOW
from tests.factories import Rows

PATH = "/api/v1/failures"


@pytest.fixture
def failed(configured: None) -> None:
    """Signature "aa" in two pipelines, known before the week; "bb" and "cc" new; one failure without a known cause.

    Of "bb" the one open incident is muted, of "cc" one of two.
    """
    with engine.writing() as session:
        rows = Rows(session)
        shop, mail = rows.pipeline(name="ci", repo="acme/shop"), rows.pipeline(name="ci", repo="acme/mail")

        def fail(pipeline: Any, signature: str | None, days: float, job: str, excerpt: str = "boom") -> Any:
            created_at = NOW - timedelta(days=days)
            return rows.run(
                pipeline,
                outcome="failure",
                signature=signature,
                created_at=created_at,
                failed_job=job,
                failed_step="pytest",
                excerpt=excerpt,
            )

        fail(shop, "aa", 20, "unit")
        fail(shop, "aa", 3, "unit")
        fail(shop, "aa", 2, "unit")
        fail(mail, "aa", 1, "e2e", "before\nE   timed out\n")
        lint = fail(mail, "bb", 4, "lint")
        rows.incident(mail, run_id=lint.id, state="muted")
        rows.incident(mail, run_id=lint.id, resolved_at=NOW, state="resolved")
        last = fail(shop, "cc", 0.5, "unit")
        rows.incident(shop, run_id=lint.id, last_run_id=last.id, state="muted")
        rows.incident(shop, run_id=last.id, state="acknowledged")
        fail(shop, None, 0.2, "unit")


def signatures(answer: dict[str, Any]) -> list[str]:
    return [one["signature"] for one in answer["items"]]


def test_a_group_says_where_and_how_often_and_since_when(get: Any, failed: None) -> None:
    group = next(one for one in get(PATH)["items"] if one["signature"] == "aa")
    assert (group["runs"], group["state"], group["words"]) == (3, "known", "E   timed out")
    assert group["first_seen_at"] == (NOW - timedelta(days=20)).isoformat().replace("+00:00", "Z")
    assert group["last_seen_at"] == (NOW - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert [(one["repo"], one["runs"]) for one in group["pipelines"]] == [("acme/shop", 2), ("acme/mail", 1)]
    assert (group["pipelines_n"], group["jobs"], group["jobs_n"]) == (2, ["unit", "e2e"], 2)
    assert (group["example"]["job"], group["example"]["step"]) == ("e2e", "pytest")
    assert group["example"]["excerpt"] == "before\nE   timed out\n"


def test_groups_are_narrowed_and_put_in_order(get: Any, client: Any, failed: None) -> None:
    assert signatures(get(PATH)) == ["cc", "bb", "aa"]
    assert signatures(get(PATH, sort="-runs")) == ["aa", "cc", "bb"]
    assert signatures(get(PATH, sort="-last_seen_at")) == ["cc", "aa", "bb"]
    assert signatures(get(PATH, state="new")) == ["cc"]
    assert signatures(get(PATH, state="muted")) == ["bb"]
    assert signatures(get(PATH, repo="acme/mail")) == ["aa", "bb"]
    assert get(PATH, repo="acme/mail", state="known")["items"] == []  # not known there
    assert signatures(get(PATH, window="24h")) == ["cc"]
    assert client.get(PATH, params={"pipeline": "nobody"}, headers=KEY).status_code == 404
    assert client.get(PATH, params={"sort": "words"}, headers=KEY).status_code == 422


def test_what_is_open_of_it_decides_whether_it_is_muted(get: Any, failed: None) -> None:
    groups = {one["signature"]: one for one in get(PATH)["items"]}
    told = {name: [one["state"] for one in group["incidents"]] for name, group in groups.items()}
    assert told == {"aa": [], "bb": ["muted"], "cc": ["muted", "acknowledged"]}
    assert {name: group["state"] for name, group in groups.items()} == {"aa": "known", "bb": "muted", "cc": "new"}
    assert get(PATH, repo="acme/shop", state="muted")["items"] == []


def test_the_runs_of_a_failure_are_those_that_are_counted(get: Any, failed: None) -> None:
    week = (NOW - timedelta(days=7)).isoformat()
    for group in get(PATH, **{"from": week})["items"]:
        runs = get("/api/v1/runs", signature=group["signature"], **{"from": week})["items"]
        assert len(runs) == group["runs"]
    [unsigned] = get("/api/v1/runs", signature="none", conclusion="failure")["items"]
    assert unsigned["excerpt"] == "boom"


def test_pages_follow_each_other(get: Any, client: Any, failed: None) -> None:
    first = get(PATH, sort="-runs", limit=2)
    second = get(PATH, sort="-runs", limit=2, cursor=first["next"])
    assert (signatures(first), signatures(second), second["next"]) == (["aa", "cc"], ["bb"], None)
    assert client.get(PATH, params={"cursor": first["next"]}, headers=KEY).status_code == 400
