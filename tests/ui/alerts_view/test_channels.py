"""Channels, messages and silences as text, and their forms."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cicd_health.model.alert_drafts import Quiet
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import NotificationState, Severity
from cicd_health.ui.alerts_view import channels, messages, silences
from cicd_health.ui.routes import AskedAlerts
from tests.ui.alerts_view import rows
from tests.ui.alerts_view.rows import NOW, ZONE, ago


@pytest.mark.parametrize(
    ("row", "word", "trouble"),
    [
        ({}, "Works", ""),
        ({"sent_at": None}, "Not used yet", ""),
        ({"enabled": False, "error": "old"}, "Off", "The last try failed: old"),
        ({"error": "HTTP 500"}, "Failing", "The last try failed: HTTP 500"),
        ({"error": "no such hook", "switched_off_at": ago(hours=2)}, "Switched off", "no such hook"),
    ],
)
def test_a_channel_says_how_it_is(row, word, trouble):
    [shown] = channels.listed([rows.channel(**row)], NOW, ZONE)
    assert shown.mark.word == word
    assert trouble in shown.trouble
    assert shown.switched_off == ("switched_off_at" in row)


def test_what_a_channel_takes_and_when_its_messages_wait_is_said():
    quiet = Quiet("22:00", "07:00").to_json()
    row = rows.channel(
        quiet=quiet,
        per_hour=20,
        zone="Europe/Vienna",
        min_severity="warning",
        scope='{"repos": ["kestrel/*"]}',
        failed=1,
    )
    [shown] = channels.listed([row], NOW, ZONE)
    assert shown.takes == "kestrel/*, warnings and worse"
    assert shown.waits == "quiet 22:00 to 07:00, at most 20 an hour (Europe/Vienna)"
    assert shown.today == "7 sent, 1 failed"


def test_what_was_typed_becomes_a_channel():
    typed = {
        "name": "Slack #checkout",
        "url": " json://127.0.0.1/hook ",
        "severity": "warning",
        "repos": "kestrel/*",
        "quiet_start": "22:00",
        "quiet_end": "07:00",
        "day.0": "on",
        "day.4": "on",
        "zone": "Europe/Vienna",
        "per_hour": "20",
    }
    draft = channels.draft_of(typed)
    assert draft.url == "json://127.0.0.1/hook"
    assert draft.min_severity is Severity.WARNING
    assert draft.scope == Scope(repos=("kestrel/*",))
    assert draft.quiet == Quiet("22:00", "07:00", (0, 4), except_critical=False)
    assert (draft.zone, draft.per_hour, draft.digest_at) == ("Europe/Vienna", 20, None)
    assert channels.draft_of({"name": "x"}).url is None


@pytest.mark.parametrize(
    "typed",
    [
        {"quiet_start": "22:00"},
        {"quiet_start": "22:00", "quiet_end": "22:00", "day.0": "on"},
        {"quiet_start": "22:00", "quiet_end": "07:00"},
        {"per_hour": "0"},
        {"per_hour": "many"},
        {"per_hour": "99999"},
    ],
)
def test_hours_and_limits_that_cannot_be_are_refused(typed):
    with pytest.raises(ValueError, match=r"Quiet hours|Messages an hour"):
        channels.draft_of(typed)


def test_the_form_of_a_channel_holds_no_address_but_the_masked_one():
    form = channels.form_of(rows.channel(quiet=Quiet("22:00", "07:00", (0,)).to_json()))
    assert form.address == "https://hooks.slack.com/…"
    assert [day.label for day in form.days if day.chosen] == ["Mon"]


@pytest.mark.parametrize(
    ("row", "word", "note", "again"),
    [
        ({}, "Sent", "", False),
        ({"sent_with": 9}, "Sent", "together with others, in one message", False),
        ({"state": "queued", "sent_at": None}, "Queued", "", False),
        ({"state": "queued", "sent_at": None, "sent_with": 9}, "Queued", "", False),
        (
            {"state": "queued", "held": "quiet hours until 17:00", "next_try_at": NOW + timedelta(hours=6)},
            "Queued",
            "quiet hours until 17:00",
            True,
        ),
        (
            {"state": "queued", "error": "HTTP 500", "next_try_at": NOW + timedelta(minutes=6)},
            "Retrying",
            "HTTP 500 · next try 10:47:00",
            True,
        ),
        ({"state": "failed", "error": "no such hook"}, "Failed", "no such hook", True),
    ],
)
def test_a_message_says_what_became_of_it_and_whether_it_can_be_sent_now(row, word, note, again):
    shown = messages.row_of(rows.message(**row), NOW, ZONE)
    assert (shown.mark.word, shown.note, shown.again) == (word, note, again)


def test_a_test_message_is_of_no_incident():
    shown = messages.row_of(rows.message(incident_id=None, incident=None, title="A test", kind="test"), NOW, ZONE)
    assert (shown.about, shown.href) == ("A test", "")


def test_every_state_of_a_message_has_its_mark():
    assert set(messages.MARKS) == set(NotificationState)


def test_an_empty_log_says_whether_it_is_filtered():
    assert messages.view([], AskedAlerts(tab="deliveries"), NOW, ZONE).nothing == "No message has been sent yet"
    assert messages.view([], AskedAlerts(tab="deliveries", state="failed"), NOW, ZONE).nothing == "No message matches"


@pytest.mark.parametrize(("length", "hours"), [("1h", 1), ("4h", 4), ("24h", 24), ("7d", 7 * 24), ("fixed", None)])
def test_a_mute_lasts_as_long_as_was_chosen(length, hours):
    assert silences.until_of(length, NOW) == (None if hours is None else NOW + timedelta(hours=hours))


def test_a_length_that_is_not_offered_is_refused():
    with pytest.raises(ValueError, match="how long"):
        silences.until_of("10y", NOW)


def test_a_silence_names_something_unless_everything_is_asked_for():
    with pytest.raises(ValueError, match="Name a repository"):
        silences.scope_of({})
    assert silences.scope_of({"repos": "*"}) == Scope(repos=("*",))
    assert silences.scope_of({"rule": "3"}) == Scope()
