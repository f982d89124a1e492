"""The way back survives the death of the process that walks it, and two processes do not walk it twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cicd_health import flow
from cicd_health.store import engine, recount
from tests import watching
from tests.forked import Forked
from tests.github_stub import GitHubStub

REPO = "kestrel/checkout-api"
RUNS = 400


@pytest.fixture
def github(database: sa.Engine) -> Iterator[GitHubStub]:
    flow.start(watching.now())
    with GitHubStub(REPO) as stub:
        newest = watching.now() - timedelta(days=2)
        for place in range(RUNS):
            stub.repo(REPO).play(newest - timedelta(hours=place), "failure" if place % 7 == 0 else "success")
        source_id = flow.connect_github(watching.now(), api_url=stub.url, token="ghp_stub")
        flow.watch(source_id, REPO, watching.now())
        yield stub


def worker() -> Forked:
    return Forked("tests.polling_worker")


def said(process: Forked) -> Iterator[tuple[str, int, int]]:
    """What it says of the way back, among the lines that it logs."""
    for line in process.lines():
        words = line.split()
        if len(words) == 3 and words[0] in ("running", "done", "stopped"):
            yield words[0], int(words[1]), int(words[2])


def everything_is_here_once() -> None:
    done = watching.lines()[0].backfill
    assert (done.state.value, done.listed) == ("done", RUNS)
    assert (watching.count("runs"), watching.count("attempts"), watching.count("jobs")) == (RUNS, RUNS, RUNS)
    with engine.reading() as session:
        assert recount.check(session) == []


def test_a_process_that_is_killed_leaves_its_way_back_to_the_next_one(github: GitHubStub):
    with worker() as first:
        at_death = next((listed, done) for _, listed, done in said(first) if listed >= 100 and done >= 50)
        first.kill()
    assert watching.lines()[0].backfill.state.value == "running"
    asked = len(github.asked())
    with worker() as second:
        assert any(state == "done" for state, _, _ in said(second))
    everything_is_here_once()
    left = RUNS - at_death[1]
    assert len(github.asked()) - asked < left + 150, "it went on where the dead one was"


def test_two_processes_walk_one_way_back_once(github: GitHubStub):
    with worker() as one, worker() as other:
        for process in (one, other):
            assert any(state == "done" for state, _, _ in said(process))
    everything_is_here_once()
    asked = [request.path for request in github.asked(r"/runs/\d+/jobs$")]
    # The first poll goes on beside it, and looks for missing jobs too: 300 at most.
    assert len(asked) <= RUNS + 300
