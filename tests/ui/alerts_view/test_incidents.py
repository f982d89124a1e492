"""Incidents as text: the sentence, worst first, how each stands, and what happened to one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cicd_health.ui.alerts_view import head, incident, incidents, words
from cicd_health.ui.routes import AskedAlerts
from tests.ui.alerts_view import rows
from tests.ui.alerts_view.rows import NOW, ZONE, ago


@pytest.mark.parametrize(
    ("severities", "states", "late", "said"),
    [
        ([], [], 0, "Nothing is open"),
        (["critical"], ["open"], 0, "1 incident is open"),
        (["critical", "critical"], ["open", "acknowledged"], 0, "2 incidents are open"),
        (["critical"] * 2 + ["warning"] * 3, ["open"] * 5, 1, "2 incidents and 3 warnings are open, 1 message is late"),
        (
            ["critical", "warning", "info"],
            ["open"] * 3,
            2,
            "1 incident, 1 warning and 1 note are open, 2 messages are late",
        ),
        (["warning", "warning"], ["open", "muted"], 0, "1 warning is open, 1 is muted"),
        (["critical"], ["muted"], 0, "Nothing loud is open, 1 is muted"),
        ([], [], 3, "Nothing is open, 3 messages are late"),
    ],
)
def test_the_page_is_said_in_a_sentence(severities, states, late, said):
    unresolved = [
        rows.incident(n, severity=severity, state=state)
        for n, (severity, state) in enumerate(zip(severities, states, strict=True))
    ]
    assert head.sentence(unresolved, late) == said


def test_worst_is_what_is_graver_then_what_nobody_has_taken_then_what_is_older_and_muted_ones_come_last():
    listed = incidents.worst_first(
        [
            rows.incident(1, severity="info"),
            rows.incident(2, severity="critical", state="muted"),
            rows.incident(3, severity="warning"),
            rows.incident(4, severity="critical", opened_at=ago(minutes=5)),
            rows.incident(5, severity="critical", opened_at=ago(days=2), state="acknowledged"),
            rows.incident(6, severity="critical", opened_at=ago(days=1)),
        ]
    )
    assert [row["id"] for row in listed] == [6, 4, 5, 3, 1, 2]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "Open"),
        ({"turn": 2}, "Open again"),
        (
            {"state": "acknowledged", "acknowledged_by": "wren@kestrel.example", "acknowledged_at": ago(hours=2)},
            "Acknowledged, wren 08:41",
        ),
        ({"state": "muted"}, "Muted until fixed"),
        ({"state": "muted", "muted_until": NOW + timedelta(hours=4)}, "Muted until 14:41"),
        ({"state": "muted", "muted_until": NOW + timedelta(days=4)}, "Muted until Tue 10:41"),
        ({"state": "resolved", "resolved_at": ago(minutes=5)}, "Resolved 10:36"),
    ],
)
def test_how_an_incident_stands_is_said_with_who_and_when(row, said):
    assert incidents.state_words(rows.incident(**row), NOW, ZONE) == said


def test_who_was_told_names_each_channel_once_and_those_that_did_not_take_it():
    sent = [
        rows.message(1),
        rows.message(2, kind="still"),
        rows.message(3, channel_name="Mail", state="failed"),
        rows.message(4, channel_name="Digest", state="queued"),
    ]
    assert incidents.told_words(sent) == "Slack #checkout, Mail (failed), Digest (waits)"
    assert incidents.told_words([]) == "nobody"


def test_a_list_says_how_many_of_all_it_shows_and_leads_on():
    many = [rows.incident(n) for n in range(incidents.OPEN_ROWS + 10)]
    ended = [rows.incident(n, state="resolved", resolved_at=NOW) for n in range(incidents.PAGE + 1)]
    shown = incidents.view(many, ended, {}, AskedAlerts(), NOW, ZONE)
    assert len(shown.open) == incidents.OPEN_ROWS
    assert shown.open_sub == "50 of 60, worst first"
    assert len(shown.past) == incidents.PAGE
    assert shown.older.startswith("/alerts?before=")
    assert shown.past[0].mark.tone == "off"
    assert shown.open[0].mark.tone == "fail"


def test_an_empty_list_says_why_it_is_empty():
    assert incidents.view([], [], {}, AskedAlerts(), NOW, ZONE).calm == "Nothing is open"
    assert incidents.view([], [], {}, AskedAlerts(q="x"), NOW, ZONE).calm == "No open incident matches"


def test_a_jenkins_place_is_named_as_one_and_a_branch_that_is_the_pipeline_is_not_repeated():
    row = rows.incident(provider="jenkins", repo="payments", pipeline="main", branch="main")
    assert words.place(row) == "Jenkins · payments"


def test_the_steps_of_an_incident_are_newest_first_and_failures_that_went_on_are_one():
    steps = [
        rows.step(1, "opened", run_id=70),
        rows.step(2, "still", failures=2),
        rows.step(3, "still", failures=3),
        rows.step(4, "muted", actor="wren@kestrel.example", note="known"),
        rows.step(5, "still", failures=4),
    ]
    asked = AskedAlerts(incident="1", q="ci")
    shown = incident.view(rows.incident(), steps, [rows.message()], asked, NOW, ZONE)
    assert [step.text for step in shown.steps] == [
        "Still failing ×4",
        "Muted by wren",
        "Still failing ×3, 2 more runs",
        "Opened",
    ]
    assert shown.steps[1].note == "known"
    assert shown.steps[3].href == "/runs/70"
    assert shown.reason == "The last run failed."
    assert shown.close == "/alerts?q=ci"
    assert {fact.name: fact.value for fact in shown.facts}["Failing"] == "test, pytest"


def test_an_incident_that_is_not_there_is_said():
    assert incident.view(None, [], [], AskedAlerts(incident="9"), NOW, ZONE).missing
