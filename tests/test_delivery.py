"""Messages on their way: who is told, once each and in order, and by hand."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from cicd_health import flow, queue, settings
from cicd_health.alerts import send
from cicd_health.flow import sending
from cicd_health.model.alert_drafts import Quiet
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import Severity
from cicd_health.store import engine, outbox
from cicd_health.store.tables import IncidentRow
from tests.delivering import (
    NOW,
    OPENED,
    RESOLVED,
    STILL,
    Clock,
    channel,
    channel_row,
    incident,
    incidents,
    messages,
    seconds,
    serve,
    states,
    tell,
)

pytestmark = pytest.mark.usefixtures("database")


# Who is told


def test_a_message_goes_once_to_each_channel_that_it_concerns(slack):
    wanted = channel(slack.url)
    channel(slack.url, "Others", scope=Scope(repos=("other/*",)))
    channel(slack.url, "Critical", min_severity=Severity.CRITICAL)
    flow.switch_channel(channel(slack.url, "Off"), False, NOW)
    warned = incident("warning")
    tell(warned)
    assert [one.channel_id for one in messages()] == [wanted]
    assert tell(warned, now=seconds(1)) == []
    serve(NOW)
    serve(seconds(60))
    assert len(slack.texts) == 1


def test_a_rule_that_names_channels_tells_only_those(slack):
    channel(slack.url, "One")
    two = channel(slack.url, "Two")
    tell(incident(channels='["two", "gone"]'))
    assert [one.channel_id for one in messages()] == [two]


def test_only_those_hear_of_the_end_who_heard_of_the_beginning(slack):
    told = channel(slack.url, "Told")
    broken = incident()
    tell(broken)
    serve(NOW)
    channel(slack.url, "Late")
    tell(broken, RESOLVED, seconds(60))
    assert [(one.channel_id, one.kind) for one in messages()] == [(told, "opened"), (told, "resolved")]


def test_each_return_of_the_trouble_is_told_and_so_is_its_end(slack):
    channel(slack.url)
    broken = incident()
    for turn in (1, 2):
        with engine.writing() as session:
            row = session.get_one(IncidentRow, broken)
            row.turn, row.reopened_at = turn, seconds(turn * 100) if turn > 1 else None
        tell(broken, OPENED, seconds(turn * 100))
        tell(broken, RESOLVED, seconds(turn * 100 + 50))
    assert [(one.kind, one.turn) for one in messages()] == [
        ("opened", 1),
        ("resolved", 1),
        ("opened", 2),
        ("resolved", 2),
    ]


def test_the_end_of_a_return_that_nobody_heard_of_is_no_news(slack):
    channel(slack.url)
    broken = incident()
    tell(broken)
    serve(NOW)
    with engine.writing() as session:
        row = session.get_one(IncidentRow, broken)
        row.turn, row.reopened_at = 2, seconds(100)
    assert tell(broken, RESOLVED, seconds(200)) == []


def test_every_end_of_a_mute_is_told(slack):
    channel(slack.url)
    muted = incident()
    for n in (1, 2):
        tell(muted, STILL, seconds(n * 100))
    tell(muted, RESOLVED, seconds(300))
    assert [(one.kind, one.turn) for one in messages()] == [("still", 1), ("still", 2), ("resolved", 1)]


# Once, and in order


def test_a_message_that_was_taken_is_not_sent_again_by_whatever_job(slack):
    channel(slack.url)
    [id] = tell(incident())
    for _ in range(3):
        assert flow.deliver(id, NOW) is None
    assert len(slack.texts) == 1
    assert channel_row(messages()[0].channel_id).sent_at is not None


def test_a_channel_has_one_sender_and_what_comes_meanwhile_leaves_after_it(slack):
    channel(slack.url)
    slack.open.clear()
    [first] = tell(incident())
    sender = threading.Thread(target=flow.deliver, args=(first, NOW))
    sender.start()
    assert slack.wait_for(1)
    [second] = tell(incident(), now=seconds(1))
    assert flow.deliver(second, seconds(1)) is not None, "it looks again"
    assert states() == ["sending", "queued"]
    slack.open.set()
    sender.join(10)
    assert states() == ["sent", "sent"]
    assert [text.split()[2] for text in slack.texts] == [str(one.incident_id) for one in messages()]


def test_what_a_dead_sender_left_is_sent_when_its_time_is_over(slack):
    channel(slack.url)
    [id] = tell(incident())
    with engine.writing() as session:
        outbox.begin(session, [id], NOW)
    assert flow.deliver(id, seconds(29)) is not None
    assert slack.texts == []
    assert flow.deliver(id, seconds(30)) is None
    assert (states(), messages()[0].attempts) == (["sent"], 2)


def test_a_sender_that_was_taken_for_dead_does_not_have_it_sent_again(slack):
    channel(slack.url)
    [id] = tell(incident())
    slow = sending._take(id, NOW)
    assert isinstance(slow, sending.Taken)
    assert flow.deliver(id, seconds(31)) is None
    sending._settle(slow, send.SendFailed("not sent within 15 s"), sending._Clock(seconds(40)))
    assert (states(), messages()[0].error) == (["sent"], None)


def test_a_message_with_the_number_of_a_deleted_one_has_a_job_of_its_own(slack):
    gone = channel(slack.url)
    broken = incident()
    tell(broken)
    flow.forget_channel(gone, seconds(1))
    channel(slack.url)
    tell(broken, now=seconds(2))
    assert queue.depth() == 2


def test_a_message_without_a_job_is_found(slack):
    id = channel(slack.url)
    tell(incident())
    tell(incident())
    assert flow.recover(seconds(60)) == 0
    assert flow.recover(seconds(180)) == 1, "one job serves the whole channel"
    assert states(id) == ["queued", "queued"]


def test_recovered_never_overtakes_failed_and_both_arrive_after_an_outage(slack):
    channel(slack.url)
    slack.status = 500
    broken = incident()
    tell(broken)
    clock = Clock()
    clock.until(seconds(3))
    assert states() == ["queued"]
    tell(broken, RESOLVED, seconds(3))
    clock.until(seconds(3.5))
    assert len(slack.texts) == 1, "the news wait for the next try"
    slack.status = 200
    clock.until(seconds(20))
    assert states() == ["sent", "sent"]
    assert len(slack.texts) == 2
    assert "opened and recovered" in slack.texts[1]


def test_old_messages_are_deleted_but_those_of_what_is_open_still(slack):
    channel(slack.url)
    over, open_still = incidents(2)
    for id in (over, open_still):
        tell(id)
        serve(NOW)
    flow.resolve_alert(over, "ann", seconds(60))
    serve(seconds(60))
    later = NOW + timedelta(days=settings.get().delivery_retention_days)
    assert flow.prune(later) == 0
    assert flow.prune(later + timedelta(hours=1)) == 2
    assert [one.incident_id for one in messages()] == [open_still]


# By hand


def test_what_was_given_up_is_sent_again_by_hand_alone_and_whatever_it_waits_for(slack):
    channel(slack.url, quiet=Quiet("10:00", "11:00", except_critical=False))
    [first], [second] = tell(incident()), tell(incident())
    flow.send_again(first, NOW)
    assert flow.deliver_now(first, NOW) is None
    assert states() == ["sent", "queued"]
    with pytest.raises(ValueError, match="sent already"):
        flow.send_again(first, NOW)
    with pytest.raises(LookupError):
        flow.send_again(12345, NOW)
    assert messages()[1].id == second


def test_a_test_is_sent_at_once_and_written_down(slack):
    id = channel(slack.url)
    assert flow.try_channel(id, NOW).ok
    slack.status = 403
    tried = flow.try_channel(id, NOW)
    assert not tried.ok
    assert "403" in tried.error
    assert [(one.kind, one.state) for one in messages()] == [("test", "sent"), ("test", "failed")]
    assert channel_row(id).error == tried.error
    assert flow.try_address(slack.url, NOW).ok is False


def test_a_test_that_arrives_lets_go_what_waits_for_the_next_try(slack):
    id = channel(slack.url)
    slack.status = 500
    tell(incident())
    serve(NOW)
    slack.status = 200
    assert flow.try_channel(id, seconds(1)).ok
    serve(seconds(1))
    assert states() == ["sent", "sent"]
