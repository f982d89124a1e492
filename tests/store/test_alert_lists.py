"""What people read of alerting is the same on both databases, and holds no secret."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from cicd_health.model.alerts import NotificationState, Severity
from cicd_health.store import alert_lists, engine
from cicd_health.store.alert_lists import IncidentFilter, LogFilter
from cicd_health.store.tables import ChannelRow, NotificationRow, SilenceRow, StepOfIncidentRow
from tests.factories import NOW, Rows


def minutes_ago(minutes: float) -> Any:
    return NOW - timedelta(minutes=minutes)


def test_the_lists_say_what_is_open_what_was_sent_and_what_waits(database: sa.Engine):
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        run = rows.run(pipeline, outcome="failure", failed_job="unit-tests", number=12)
        first = rows.incident(pipeline, last_run_id=run.id, branch="main", opened_at=minutes_ago(30))
        second = rows.incident(pipeline, severity="warning", state="muted", opened_at=minutes_ago(90))
        over: dict[str, Any] = {"state": "resolved", "resolved_at": minutes_ago(5), "opened_at": minutes_ago(60)}
        third = rows.incident(pipeline, **over)
        third.rule_id = second.rule_id
        channel = ChannelRow(slug="team", name="Team", kind="slack", origin="user", url="sealed", created_at=NOW)
        session.add(channel)
        session.flush()
        assert first.id is not None

        def message(kind: str, state: str, **values: Any) -> None:
            of: dict[str, Any] = {
                "incident_id": first.id,
                "channel_id": channel.id,
                "kind": kind,
                "state": state,
                "body": "<p>x</p>",
            }
            session.add(NotificationRow(**({"created_at": minutes_ago(2)} | of | values)))

        message("opened", "sent", created_at=minutes_ago(30))
        message("resolved", "queued")
        message("still", "queued", held="quiet hours until 07:00")
        message("test", "failed", incident_id=None, created_at=NOW - timedelta(days=2))
        for kind in ("opened", "acknowledged"):
            session.add(StepOfIncidentRow(incident_id=first.id, at=NOW, kind=kind))
        over_at = (None, NOW + timedelta(hours=1), minutes_ago(1), None)
        ended_at = (None, None, None, NOW)
        for ends_at, ended in zip(over_at, ended_at, strict=True):
            values: dict[str, Any] = {"ends_at": ends_at, "ended_at": ended, "created_at": NOW, "created_by": "wren"}
            session.add(SilenceRow(incident_id=first.id, **values))

    with engine.reading() as session:
        found = alert_lists.incidents(session, IncidentFilter(), 10)
        assert [row["id"] for row in found] == [first.id, third.id, second.id]
        assert (found[0]["failed_job"], found[0]["number"], found[0]["repo"]) == ("unit-tests", 12, "acme/shop")
        asked = (IncidentFilter(severities=(Severity.WARNING,)), IncidentFilter(q="CI FAILED", rule=found[0]["rule"]))
        assert [[row["id"] for row in alert_lists.incidents(session, one, 10)] for one in asked] == [
            [second.id],
            [first.id],
        ]
        assert alert_lists.untaken(session) == 1
        assert [step["kind"] for step in alert_lists.steps(session, [first.id])] == ["opened", "acknowledged"]

        rules = {row["id"]: (row["open"], row["last_opened_at"]) for row in alert_lists.rules(session)}
        assert rules == {
            first.rule_id: (1, minutes_ago(30)),
            second.rule_id: (1, minutes_ago(60)),
            **{row["id"]: (0, None) for row in alert_lists.rules(session) if row["open"] == 0},
        }
        (team,) = alert_lists.channels(session, NOW)
        assert (team["sent"], team["failed"], team["waiting"]) == (1, 0, 2)
        assert "url" not in team

        log = alert_lists.notifications(session, LogFilter(), 10)
        assert [row["kind"] for row in log] == ["still", "resolved", "opened", "test"]
        assert ("body" in log[0], log[0]["channel_name"], log[3]["incident"]) == (False, "Team", None)
        sent = LogFilter(states=(NotificationState.SENT,), channel_id=channel.id, incident_id=first.id)
        assert [row["kind"] for row in alert_lists.notifications(session, sent, 10)] == ["opened"]
        assert alert_lists.late(session, NOW) == 1, "what is held is not late"

        assert [len(alert_lists.silences(session, NOW, active=active)) for active in (True, False)] == [2, 2]
