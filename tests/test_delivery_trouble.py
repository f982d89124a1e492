"""Channels that fail, hang or refuse: tried again for a day, and holding up nobody else."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import pairwise

import pytest

from cicd_health import flow, queue
from cicd_health.alerts import send
from cicd_health.store import engine
from cicd_health.store.tables import ChannelRow
from tests import loopback
from tests.delivering import (
    NOW,
    Clock,
    channel,
    channel_row,
    incident,
    messages,
    seconds,
    serve,
    states,
    tell,
)

pytestmark = pytest.mark.usefixtures("database")


# When it does not arrive


@pytest.mark.parametrize("status", [500, 429])
def test_an_error_is_tried_again_with_growing_waits_and_the_log_says_why(slack, status):
    channel(slack.url)
    slack.status = status
    tell(incident())
    clock = Clock()
    clock.until(seconds(300))
    waits = [later - earlier for earlier, later in pairwise(clock.served)]
    assert len(waits) >= 4
    assert all(later > 1.3 * earlier for earlier, later in pairwise(waits))
    row = messages()[0]
    assert (row.state, row.attempts) == ("queued", len(slack.texts))
    assert str(status) in row.error
    slack.status = 200
    clock.until(seconds(3000))
    assert (messages()[0].state, messages()[0].error) == ("sent", None)
    assert channel_row(row.channel_id).error is None


def test_a_day_of_trying_is_counted_from_the_first_try_not_from_the_digest_before(slack):
    channel(slack.url, digest_at="10:00")
    slack.status = 500
    tell(incident())
    serve(NOW)
    tomorrow = messages()[0].next_try_at
    assert tomorrow - NOW > timedelta(hours=23)
    serve(tomorrow)
    serve(tomorrow + timedelta(hours=23))
    assert states() == ["queued"]
    serve(tomorrow + timedelta(hours=25))
    assert states() == ["failed"]


def test_a_silent_receiver_delays_nobody_else(slack, monkeypatch):
    monkeypatch.setattr(send, "READ_S", 1.0)
    with loopback.slack() as silent:
        silent.open.clear()
        hanging, fine = channel(silent.url, "Hanging"), channel(slack.url, "Fine")
        ids = tell(incident())
        sender = threading.Thread(target=flow.deliver, args=(ids[0], NOW))
        sender.start()
        assert silent.wait_for(1)
        flow.deliver(ids[1], NOW)
        assert (states(hanging), states(fine)) == (["sending"], ["sent"])
        assert sender.is_alive()
        sender.join(10)
    assert states(hanging) == ["queued"]


def test_a_channel_that_refuses_for_good_is_switched_off_and_the_others_are_told(slack):
    with loopback.slack() as gone:
        gone.status = 404
        off, other = channel(gone.url, "Old"), channel(slack.url, "New")
        tell(incident())
        clock = Clock()
        clock.until(seconds(60))
        assert len(gone.texts) == queue.PERMANENT_TRIES
    row = channel_row(off)
    assert row.switched_off_at is not None
    assert "404" in row.error
    assert states(off) == ["failed"]
    assert states(other) == ["sent", "sent"]
    assert "Channel Old was switched off" in slack.texts[1]
    tell(incident(), now=seconds(61))
    assert len(messages(off)) == 1
    flow.switch_channel(off, True, seconds(62))
    tell(incident(), now=seconds(63))
    assert states(off) == ["failed", "queued"]


def test_one_message_that_is_refused_does_not_switch_its_channel_off_but_three_do(slack):
    id = channel(slack.url)
    slack.status = 400
    clock = Clock()
    for n in (1, 2, 3):
        assert channel_row(id).switched_off_at is None
        tell(incident(), now=clock.now)
        clock.until(seconds(n * 100))
    assert channel_row(id).switched_off_at is not None
    assert states() == ["failed"] * 3


def test_a_secret_of_another_key_is_said_and_the_channel_switched_off(slack, monkeypatch):
    id = channel(slack.url)
    tell(incident())
    with engine.writing() as session:
        session.get_one(ChannelRow, id).url = "gAAAAA-of-another-key"
    Clock().until(seconds(60))
    assert "enter it again" in messages()[0].error
    assert channel_row(id).switched_off_at is not None
