"""Back into the past of a repository: everything, once, from wherever it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from cicd_health.providers.github import PROVIDER
from cicd_health.providers.remote import Asked, Batch, Connection, RemoteError, Trouble
from tests.github_stub import GitHubStub
from tests.providers.remembering import Memory

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
NAME = "kestrel/api"


@pytest.fixture
def github() -> Iterator[GitHubStub]:
    with GitHubStub(NAME) as stub:
        stub.limit = stub.remaining = 100_000
        yield stub


@pytest.fixture
def memory() -> Memory:
    return Memory(PROVIDER)


def walk(github: GitHubStub, memory: Memory, *, cursor: str | None = None, days: int = 700) -> Iterator[Batch]:
    here = Connection("github", "github.com", github.url, token="ghp_stub")
    assert PROVIDER.remote is not None
    return PROVIDER.remote.backfill(here, Asked(NAME, NOW - days * DAY, NOW, cursor=cursor), memory, NOW)


def fill(github: GitHubStub, runs: int, *, every: timedelta = MINUTE, jobs: tuple[str, ...] = ()) -> None:
    for n in range(runs):
        github.repo(NAME).play(NOW - n * every - MINUTE, jobs=jobs)


def test_all_runs_come_before_the_first_jobs_and_the_newest_first(github: GitHubStub, memory: Memory):
    fill(github, 230, every=HOUR, jobs=("unit",))
    documents = [document for batch in memory.take(walk(github, memory)) for document in batch.documents]
    assert [document.event for document in documents] == ["workflow_run"] * 230 + ["workflow_job"] * 230
    created = [document.payload["workflow_run"]["created_at"] for document in documents[:230]]
    assert created == sorted(created, reverse=True)


def test_progress_is_told_as_it_goes(github: GitHubStub, memory: Memory):
    fill(github, 230, every=HOUR, jobs=("unit",))
    batches = memory.take(walk(github, memory))
    assert [batch.total for batch in batches if batch.total] == [230]
    assert sum(batch.listed for batch in batches) == 230
    assert sum(batch.done for batch in batches) == 230
    assert [batch.reach for batch in batches if batch.reach] == [NOW - 700 * DAY]
    assert sum(batch.requests for batch in batches) == len(github.requests) == 1 + 3 + 230


def test_windows_are_halved_until_each_holds_less_than_github_gives(github: GitHubStub, memory: Memory):
    fill(github, 2500)
    github.instead(lambda _: pytest.fail("no jobs are asked for"), 1, "/jobs$")
    batches = []
    for batch in walk(github, memory):
        memory.save(batch)
        batches.append(batch)
        if batch.reach == NOW - 700 * DAY:
            break
    assert len(memory.ids()) == sum(batch.listed for batch in batches) == 2500
    reaches = [batch.reach for batch in batches if batch.reach]
    assert reaches == sorted(reaches, reverse=True)


def test_a_second_with_more_runs_than_github_gives_is_taken_as_it_is(github: GitHubStub, memory: Memory):
    fill(github, 1100, every=timedelta())
    batches = list(islice(walk(github, memory), 200))
    assert sum(batch.listed for batch in batches) == 1000
    assert batches[-1].reach == NOW - 700 * DAY, "it went on"


@pytest.mark.parametrize("stop_after", [1, 3, 8, 14])
def test_it_goes_on_after_the_batch_it_stopped_at(github: GitHubStub, memory: Memory, stop_after: int):
    fill(github, 1300, every=HOUR)
    cursor, listed = None, 0
    for batch in islice(walk(github, memory), stop_after):
        memory.save(batch)
        cursor, listed = batch.cursor or cursor, listed + batch.listed
    github.forget()
    for batch in walk(github, memory, cursor=cursor):
        memory.save(batch)
        listed += batch.listed
        if batch.cursor and not json.loads(batch.cursor)["windows"]:
            break
    assert listed == len(memory.ids()) == 1300
    assert len(github.requests) <= 25 - stop_after, "and not from the beginning"


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", '{"windows": [[1, 2]]}', '{"windows": 7}', "nonsense"])
def test_a_mark_that_makes_no_sense_begins_anew(github: GitHubStub, memory: Memory, cursor: str):
    fill(github, 3, every=HOUR)
    memory.take(walk(github, memory, cursor=cursor))
    assert len(memory.ids()) == 3


def test_twice_is_once(github: GitHubStub, memory: Memory):
    fill(github, 120, every=HOUR, jobs=("unit", "lint"))
    memory.take(walk(github, memory))
    github.forget()
    again = memory.take(walk(github, memory))
    assert [document for batch in again for document in batch.documents] == []
    assert sum(batch.done for batch in again) == 120
    assert len(github.requests) == 3


def test_it_waits_for_the_next_hour_with_a_tenth_of_the_limit_left(github: GitHubStub, memory: Memory):
    fill(github, 100, every=HOUR, jobs=("unit",))
    github.limit = 100
    github.use_up(remaining=60, reset_in_s=2 * 24 * 3600)
    with pytest.raises(RemoteError) as error:
        memory.take(walk(github, memory))
    assert (error.value.trouble, error.value.retry_at) == (
        Trouble.LIMITED,
        datetime.fromtimestamp(github.reset_at, UTC),
    )
    assert 5 <= github.remaining <= 10
    assert len(memory.jobs) > 0, "what was read before is kept"
    github.limit = github.remaining = 1000
    memory.take(walk(github, memory))
    assert len(memory.jobs) == 100


def test_a_server_that_breaks_off_loses_nothing_of_what_was_read(github: GitHubStub, memory: Memory):
    fill(github, 60, every=HOUR, jobs=("unit",))
    first = str(github.repo(NAME).play(NOW, jobs=("unit",))["id"])
    github.fail_next(1, 500, path=f"/runs/{first}/jobs$")
    with pytest.raises(RemoteError) as error:
        memory.take(walk(github, memory))
    assert error.value.trouble is Trouble.SERVER
    assert len(memory.ids()) == 61
    memory.take(walk(github, memory))
    assert len(memory.jobs) == 61


def test_runs_whose_jobs_make_no_sense_hold_up_nobody(github: GitHubStub, memory: Memory):
    repo = github.repo(NAME)
    fill(github, 130, every=HOUR, jobs=("unit",))
    for id in list(repo.jobs)[:110]:
        repo.jobs[id][0]["run_id"] = None
    memory.take(walk(github, memory))
    assert len(memory.jobs) == 20
    assert len(memory.refused) == 110


def test_memory_stays_flat(github: GitHubStub, memory: Memory):
    """One page at a time: nothing is asked for before the batch before it was taken."""
    fill(github, 500, every=HOUR)
    asked = []
    for batch in walk(github, memory):
        asked.append(len(github.requests))
        memory.save(batch)
        if len(asked) == 4:
            break
    assert asked == [2, 3, 4, 5]
