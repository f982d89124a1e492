"""Messages that wait: quiet hours, digests, rates, failing lines, and storms that leave as a handful."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cicd_health import flow, queue
from cicd_health.alerts import holding
from cicd_health.alerts.message import Message
from cicd_health.flow import telling
from cicd_health.model.alert_drafts import ChannelDraft, Quiet
from cicd_health.store import engine, outbox
from cicd_health.store.tables import IncidentRow
from tests.delivering import (
    NOW,
    OPENED,
    RESOLVED,
    Clock,
    channel,
    incident,
    incidents,
    messages,
    seconds,
    serve,
    states,
    tell,
    tell_all,
)

pytestmark = pytest.mark.usefixtures("database")


# Waiting


def test_quiet_hours_hold_warnings_back_and_what_they_held_leaves_as_one(slack):
    channel(slack.url, quiet=Quiet("10:00", "11:00"))
    tell(incident("critical"))
    for _ in range(2):
        tell(incident("warning"))
    serve(NOW)
    assert [(one.state, one.held) for one in messages()[1:]] == [("queued", "quiet hours until 11:00")] * 2
    serve(NOW + timedelta(minutes=18))
    assert states() == ["sent"] * 3
    assert len(slack.texts) == 2
    assert [one.sent_with for one in messages()] == [None, messages()[1].id, messages()[1].id]


def test_what_may_leave_does_not_wait_behind_many_that_may_not(slack, monkeypatch):
    monkeypatch.setattr(outbox, "MANY", 2)
    channel(slack.url, quiet=Quiet("10:00", "11:00"))
    for _ in range(3):
        tell(incident("warning"))
    [critical] = tell(incident("critical"))
    flow.deliver(critical, seconds(20))
    assert states() == ["queued"] * 3 + ["sent"]


def test_muted_while_its_news_wait_nothing_is_sent_until_it_is_unmuted(slack):
    channel(slack.url)
    waits = channel(slack.url, "Quiet", quiet=Quiet("10:00", "11:00"))
    broken = incident("warning")
    tell(broken)
    serve(NOW)
    flow.mute_alert(broken, "ann", seconds(60), None)
    Clock().until(NOW + timedelta(hours=2))
    assert (len(slack.texts), [one.error for one in messages(waits)]) == (1, [outbox.MUTED])
    for n in (1, 2):
        flow.unmute_alert(broken, "ann", NOW + timedelta(hours=2, minutes=n))
        flow.mute_alert(broken, "ann", NOW + timedelta(hours=3, minutes=n), None)
    assert [one.kind for one in messages(waits)] == ["opened", "still"]


def test_a_digest_says_at_its_hour_what_came_and_went(slack):
    channel(slack.url, digest_at="18:00", zone="Europe/Berlin")
    broken, other = incident(), incident()
    tell(broken)
    tell(broken, RESOLVED, seconds(600))
    tell(other, OPENED, seconds(700))
    clock = Clock()
    clock.until(NOW + timedelta(days=1))
    assert clock.served[0] - timedelta(hours=17) < NOW.replace(hour=0, minute=1)
    assert len(slack.texts) == 1
    assert "Digest of 12 March 2026" in slack.texts[0]


def test_above_the_rate_messages_wait_and_leave_as_one(slack):
    channel(slack.url, per_hour=2)
    clock = Clock()
    for n in range(5):
        tell(incident(), now=seconds(n * 60))
        clock.until(seconds(n * 60 + 1))
    assert states() == ["sent"] * 2 + ["queued"] * 3
    assert messages()[4].held == "at most 2 messages an hour"
    clock.until(NOW + timedelta(minutes=61))
    assert len(slack.texts) == 3


def test_other_wishes_hold_for_what_waits_already(slack):
    id = channel(slack.url, digest_at="18:00")
    tell(incident())
    serve(NOW)
    assert states() == ["queued"]
    flow.save_channel(ChannelDraft("Slack"), seconds(5), id)
    serve(seconds(5))
    assert states() == ["sent"]


def test_news_wait_for_the_failing_lines_and_leave_as_soon_as_they_are_known(slack):
    channel(slack.url)
    broken = incident()
    tell(broken, waits_for_lines=True)
    serve(seconds(2))
    assert (states(), messages()[0].held) == (["queued"], holding.FOR_LINES)
    with engine.writing() as session:
        told = Message("CI failed", "<pre>E  boom</pre>", failed=True)
        telling.rewrite(session, session.get_one(IncidentRow, broken), told)
    serve(seconds(3))
    assert states() == ["sent"]
    assert "E  boom" in slack.texts[0]


def test_news_leave_without_their_lines_after_ten_seconds(slack):
    channel(slack.url)
    tell(incident(), waits_for_lines=True)
    clock = Clock()
    clock.until(seconds(11))
    assert states() == ["sent"]


def test_lines_that_come_late_change_nothing(slack):
    channel(slack.url)
    broken = incident()
    tell(broken)
    serve(NOW)
    with engine.writing() as session:
        telling.rewrite(session, session.get_one(IncidentRow, broken), Message("other", "text"))
    serve(seconds(5))
    assert len(slack.texts) == 1
    assert messages()[0].title != "other"


# Many at once


def test_three_hundred_pipelines_that_break_within_a_minute_are_a_handful_of_messages(slack):
    channel(slack.url)
    broken = incidents(300)
    clock = Clock()
    for begins, kind in ((0, OPENED), (600, RESOLVED)):
        before = len(slack.texts)
        for n in range(0, 300, 5):
            clock.until(seconds(begins + n / 5))
            tell_all(broken[n : n + 5], kind, clock.now, waits_for_lines=kind is OPENED)
        clock.until(seconds(begins + 300))
        assert len(slack.texts) - before <= 9
        assert clock.served[-1] < seconds(begins + 75)
    assert states() == ["sent"] * 600
    together = [one for one in messages() if one.sent_with]
    assert len({one.sent_with for one in together}) + (600 - len(together)) == len(slack.texts)


def test_many_at_the_same_moment_are_four_messages_and_as_many_jobs(slack):
    channel(slack.url)
    tell_all(incidents(20), OPENED, NOW)
    assert queue.depth() == 4
    Clock().until(seconds(20))
    assert states() == ["sent"] * 20
    assert len(slack.texts) == 4
    assert "17 alerts at once" in slack.texts[3]
