"""Many watches at once: none is asked twice for the same reason, and none asks where another was refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cicd_health import flow, jobs, queue
from cicd_health.providers import http
from cicd_health.store import engine, watches
from tests import watching
from tests.github_stub import GitHubStub
from tests.stub_server import Answer, Request

NAMES = [f"kestrel/service-{n}" for n in range(6)]
TOKEN, OWN = "ghp_stub", "ghp_own"


@pytest.fixture(autouse=True)
def ready(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSE_S", 0.01)
    flow.start(watching.now())


@pytest.fixture
def github() -> Iterator[GitHubStub]:
    with GitHubStub(*NAMES) as stub:
        yield stub


@pytest.fixture
def ids(github: GitHubStub) -> list[int]:
    """Watches that were polled well once, and are due."""
    for name in NAMES:
        github.repo(name).play(watching.now() - timedelta(hours=1))
    source_id = flow.connect_github(watching.now(), api_url=github.url, token=TOKEN)
    found = [flow.watch(source_id, name, watching.now(), backfill=False) for name in NAMES]
    for id in found:
        watching.poll(id)
        watching.let_pass(id)
    github.forget()
    return found


def trouble_of_source(id: int) -> str | None:
    return watching.source(watching.line(id).source_id).trouble


def test_what_is_due_is_queued_once_however_long_it_waits_for_its_turn(ids: list[int]):
    before, due_at = queue.depth(), watching.now().replace(minute=1, second=0) + timedelta(hours=1)
    for tick in range(8):
        assert flow.queue_due(due_at + timedelta(seconds=30 * tick)) == len(ids)
    assert queue.depth() == before + len(ids)


def test_asked_for_again_and_again_it_is_queued_once(ids: list[int]):
    before, at = queue.depth(), watching.now().replace(second=0)
    for click in range(20):
        flow.poll_now(at + timedelta(seconds=click))
    assert queue.depth() == before + len(ids)


def test_a_poll_that_waited_while_another_was_made_asks_nothing(github: GitHubStub, ids: list[int]):
    queued_at = watching.now()
    jobs.poll(ids[0], queued_at.isoformat(), watching.now())
    asked = len(github.asked())
    assert asked > 0
    jobs.poll(ids[0], queued_at.isoformat(), watching.now())
    assert len(github.asked()) == asked
    jobs.poll(ids[0], watching.now().isoformat(), watching.now())
    assert len(github.asked()) > asked, "whoever asks after that is answered"


def test_a_refused_token_is_tried_by_one_of_the_polls_in_the_queue(github: GitHubStub, ids: list[int]):
    queued_at = watching.now()
    github.tokens.clear()
    for id in ids:
        flow.poll(id, watching.now(), queued_at)
    assert len(github.asked()) == 1
    github.tokens.add(TOKEN)
    for id in ids:
        watching.let_pass(id)
        flow.poll(id, watching.now(), watching.now())
    assert trouble_of_source(ids[0]) is None
    assert {watching.line(id).state for id in ids} == {"ok"}


def test_ways_back_rest_while_their_source_is_in_trouble(github: GitHubStub, ids: list[int]):
    for id in ids:
        flow.resume_backfill(id, watching.now())
    github.tokens.clear()
    for id in ids:
        walk = watching.walk(id, steps=1).backfill
        assert walk.error
        assert walk.waits_until is not None
    assert len(github.asked()) == 1, "the first found out for all"
    assert trouble_of_source(ids[0]) == "unauthorized"
    github.tokens.add(TOKEN)
    watching.let_pass(ids[0])
    watching.poll(ids[0])
    assert watching.walk(ids[1]).backfill.state.value == "done"


def test_a_good_answer_does_not_end_the_wait_that_another_poll_was_told(github: GitHubStub, ids: list[int]):
    source_id = watching.line(ids[0]).source_id

    def told(asked: Request) -> Answer:
        """While the first poll is on its way, GitHub tells another one to wait."""
        with engine.writing() as session:
            until = watching.now() + timedelta(minutes=30)
            watches.change_source(session, source_id, trouble="limited", error="used up", next_poll_at=until)
        return github.answer(asked)

    github.instead(told, 1, r"/actions/runs$")
    assert watching.poll(ids[0]).trouble is None
    assert trouble_of_source(ids[0]) == "limited"
    github.forget()
    watching.poll(ids[1])
    assert github.asked() == []


def test_a_token_of_its_own_neither_waits_with_its_source_nor_heals_it(github: GitHubStub, ids: list[int]):
    github.tokens.add(OWN)
    source_id = watching.line(ids[0]).source_id
    flow.watch(source_id, NAMES[0], watching.now(), token=OWN, backfill=False)
    until = watching.now() + timedelta(hours=1)
    with engine.writing() as session:
        watches.change_source(session, source_id, trouble="unauthorized", error="revoked", next_poll_at=until)
        due = [id for id, _ in watches.due(session, watching.now())]
    assert due == [ids[0]]
    assert watching.poll(ids[0]).state == "ok"
    assert trouble_of_source(ids[0]) == "unauthorized"


def test_a_source_that_answers_is_well_though_what_was_asked_for_is_hidden(github: GitHubStub, ids: list[int]):
    port = github.stop()
    assert watching.poll(ids[0]).trouble == "unreachable"
    github.start(port)
    github.repo(NAMES[0]).hidden = True
    watching.let_pass(ids[0])
    assert watching.poll(ids[0]).missing
    assert trouble_of_source(ids[0]) is None


def test_a_new_token_is_tried_at_once(github: GitHubStub, ids: list[int]):
    flow.connect_github(watching.now(), api_url=github.url, token=TOKEN)
    before = queue.depth()
    assert flow.queue_due(watching.now()) == len(ids)
    assert queue.depth() == before + len(ids)
