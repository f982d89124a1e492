"""The background work is shared, and what a dead worker had in hand is done by another."""

from __future__ import annotations

import signal
from collections import Counter
from datetime import timedelta

import httpx

from cicd_health.store import engine, recount
from tests import watching
from tests.cluster.installation import KEY, Installation, post, run, until
from tests.github_stub import GitHubStub

WEB, WORKER = "serve --role web", "worker"
REPO = "kestrel/ledger"
RUNS, BROKEN = 400, 10
ALL = "SELECT count(*) FROM runs"
AUTH = {"Authorization": f"Bearer {KEY}"}


def test_whichever_worker_dies_another_one_goes_on_and_nothing_is_doubled(installation: Installation):
    with GitHubStub(REPO) as github:
        newest = watching.now() - timedelta(days=2)
        for place in range(RUNS):
            github.repo(REPO).play(newest - timedelta(hours=place), "failure" if place % 7 == 3 else "success")
        connected = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": "ghp_stub", "GITHUB_REPOS": REPO}
        web, one, other = installation.start(WEB, WORKER, WORKER, **connected)
        for number in range(BROKEN):
            assert post(web.url, run(9000 + number, f"breaks-{number}", "failure"), f"sent-{number}") == 202
        for dying, had in ((one, 50), (other, 150)):
            until(lambda had=had: installation.number(ALL) >= BROKEN + had)
            dying.stop(signal.SIGKILL)
            installation.start(WORKER, **connected)
        took_s = until(lambda: installation.number(ALL) == BROKEN + RUNS, within_s=150)
        until(lambda: installation.rows("SELECT backfill_state FROM watches") == [("done",)], within_s=150)
        until(lambda: len(installation.told()) == BROKEN)
    print(f"the rest of {RUNS} runs was there {took_s:.0f} s after the second worker had died")
    assert installation.told() == Counter(f"breaks-{number}" for number in range(BROKEN))
    assert installation.number(ALL) == RUNS + BROKEN
    assert installation.number("SELECT count(*) FROM incidents WHERE resolved_at IS NULL") == BROKEN
    with engine.reading() as session:
        assert recount.check(session) == []


def test_every_process_is_known_with_its_role_and_one_that_is_stopped_is_not(installation: Installation):
    web, ingest, worker = installation.start(WEB, "serve --role ingest", WORKER)

    def known() -> list[str]:
        answer = httpx.get(f"{ingest.url}/api/v1/processes", headers=AUTH)
        return sorted(one["role"] for one in answer.json()["items"] if one["alive"])

    until(lambda: known() == ["ingest", "web", "worker"])
    assert (worker.stop(), web.stop()) == (0, 0)
    assert known() == ["ingest"]
