"""The clock jumps by an hour, there and back: no job is stuck, no alert comes twice, nobody is signed out."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from cicd_health import access, flow, queue
from cicd_health.store import engine
from tests.bodies import delivery, github_run
from tests.delivering import channel, incident, messages, tell

HOUR = timedelta(hours=1)


async def test_what_is_due_by_the_clock_goes_on_after_the_clock_jumped(database, monkeypatch: pytest.MonkeyPatch):
    for name in ("TEND_S", "REAP_S"):
        monkeypatch.setattr(queue, name, 0.1)
    monkeypatch.setitem(queue.LOOK_S, queue.QUEUE, 0.1)
    seen: list[datetime] = []
    changed = threading.Condition()

    def tick(now: datetime) -> None:
        with changed:
            seen.append(now)
            changed.notify_all()

    def ticks(times: int) -> bool:
        with changed:
            return changed.wait_for(lambda: len(seen) >= times, 30)

    job = queue.Job("tick", tick, every=timedelta(minutes=10))
    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        async with queue.running([job]) as worker:
            assert ticks(1)
            for jump in (HOUR, timedelta(minutes=10), timedelta(minutes=10), -timedelta(minutes=20)):
                before = len(seen)
                clock.shift(jump)
                assert ticks(before + 1), f"nothing runs after {jump}"
            assert worker.error is None


def test_what_arrived_and_what_was_to_be_sent_before_the_clock_was_set_back_does_not_wait_an_hour(database, slack):
    now = datetime.now(UTC)
    later = now + HOUR
    channel(slack.url)
    flow.start(now)
    with engine.writing() as session:  # kept, and its process died; a message that was refused once
        session.execute(sa.text("UPDATE channels SET enabled = true"))
    slack.status = 503
    [id] = tell(incident(), now=later)
    flow.deliver(id, later)
    assert messages()[0].state == "queued"
    slack.status = 200
    flow.receive([delivery(github_run(created=now), at=later, id="one")], later)
    with engine.writing() as session:
        session.execute(sa.text("UPDATE deliveries SET state = 'kept', applied_at = NULL"))
    flow.recover(now)
    flow.deliver(id, now)
    assert [one.state for one in messages()] == ["sent"]
    with engine.reading() as session:
        assert session.execute(sa.text("SELECT state FROM deliveries")).scalar_one() == "applied"


def test_a_session_holds_through_the_jumps(database):
    now = datetime.now(UTC)
    access.ensure_admin("admin@localhost", "a long password of no value", now)
    token = access.use_link(access.new_link(now), "127.0.0.1", "test", now)
    for at in (now, now + HOUR, now, now - HOUR, now):
        assert access.who(token, at) is not None
