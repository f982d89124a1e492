"""What the alerts page reads, and what its buttons do, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from cicd_health import flow
from cicd_health.model.alert_drafts import ChannelDraft
from cicd_health.model.alerts import IncidentState
from cicd_health.store import alert_lists, engine
from cicd_health.store.alert_lists import IncidentFilter
from cicd_health.ui.routes import AskedAlerts
from cicd_health.ui.states import alert_channels, alert_rules, alerting
from cicd_health.ui.states import alerts as page
from cicd_health.ui.states.session import _count_open
from tests.bodies import delivery, github_run
from tests.loopback import free_port, slack

ZONE = ZoneInfo("UTC")
WREN = "wren@kestrel.example"
FAILURE = {"kind": "failure", "name": "Twice", "severity": "warning"}


def receive(number: int, conclusion: str = "failure") -> None:
    now = datetime.now(UTC)
    body = github_run(number, conclusion=conclusion, created=now - timedelta(minutes=5 - number))
    flow.receive([delivery(body)], now)


def only_open() -> int:
    with engine.reading() as session:
        unresolved = tuple(state for state in IncidentState if state is not IncidentState.RESOLVED)
        [row] = alert_lists.incidents(session, IncidentFilter(states=unresolved), 10)
    return row["id"]


def test_an_incident_is_listed_acknowledged_muted_and_over(database):
    flow.start(datetime.now(UTC))
    assert page.load(AskedAlerts(), ZONE).incidents.calm == "Nothing is open"
    assert _count_open() == ""
    receive(1)
    assert _count_open() == "1"
    [row] = page.load(AskedAlerts(), ZONE).incidents.open
    assert (row.name, row.said, row.state) == ("ci", "Open", "open")
    assert page.load(AskedAlerts(q="storefront"), ZONE).incidents.open == []
    assert page.load(AskedAlerts(severity="warning"), ZONE).incidents.open == []
    assert [one.key for one in page.load(AskedAlerts(state="nonsense"), ZONE).incidents.open] == [row.key]

    assert alerting.done(partial(flow.acknowledge_alert, only_open()), WREN) == ""
    assert _count_open() == ""
    [row] = page.load(AskedAlerts(), ZONE).incidents.open
    assert row.said.startswith("Acknowledged, wren ")

    mute = partial(flow.mute_alert, only_open(), until=None, reason="known")
    assert alerting.done(mute, WREN) == ""
    view = page.load(AskedAlerts(tab="silences"), ZONE)
    assert [(silence.until, silence.reason) for silence in view.silences.active] == [("until fixed", "known")]
    assert view.head.sentence == "Nothing loud is open, 1 is muted"

    key = row.key
    receive(2, "success")
    over = page.load(AskedAlerts(), ZONE).incidents
    assert (over.open, [row.key for row in over.past]) == ([], [key])
    one = page.load_one(AskedAlerts(incident=key), ZONE)
    assert [step.text for step in one.steps] == ["Resolved", "Muted by wren", "Acknowledged by wren", "Opened"]
    assert "already" in alerting.done(partial(flow.resolve_alert, int(key)), WREN)


def test_what_is_not_there_is_said_and_nothing_else_happens(database):
    flow.start(datetime.now(UTC))
    assert alerting.done(partial(flow.acknowledge_alert, 99), WREN) == "There is no such incident any more."
    assert page.load_one(AskedAlerts(incident="99"), ZONE).missing
    assert alert_rules.form_of("99").missing
    assert alert_channels.form_of("99", ZONE).missing
    assert alert_channels.tested(99).tone == "fail"


def test_a_rule_is_tried_saved_changed_and_shown_again(database):
    flow.start(datetime.now(UTC))
    receive(1)
    receive(2)
    shown, problem, problems = alert_rules.tried({**FAILURE, "param.count": "2"}, ZONE)
    assert shown is not None
    assert (problem, problems, shown.failed, shown.stats[0].value) == ("", {}, "2", "1")
    assert alert_rules.tried({**FAILURE, "param.count": "0"}, ZONE)[2] == {"count": "At least 1."}

    saved, _, note = alert_rules.stored({**FAILURE, "param.count": "2", "repos": "kestrel/*"}, None, enabled=True)
    assert note.tone == "ok"
    form = alert_rules.form_of(str(saved))
    assert (form.name, form.fields[0].value, form.repos) == ("Twice", "2", "kestrel/*")
    names = [row.name for row in page.load(AskedAlerts(tab="rules"), ZONE).rules]
    assert names == ["Failures in a row", "Twice"]

    builtin = partial(flow.forget_rule, 1)
    refused = alert_rules.attempted(builtin)
    assert refused is not None
    assert "built-in" in refused.text


def test_a_channel_is_tried_before_it_is_saved_and_its_address_is_not_shown(database):
    flow.start(datetime.now(UTC))
    nobody = f"json://127.0.0.1:{free_port()}/secret-path"
    saved, note = alert_channels.stored({"name": "Nobody", "url": nobody, "zone": "UTC"}, "new")
    assert (saved, note.text) == (0, "Not saved: it did not take a test message.")
    assert "secret-path" not in str(note)

    with slack() as receiver:
        address = receiver.url.replace("http://", "json://")
        saved, note = alert_channels.stored({"name": "Ours", "url": address, "zone": "UTC"}, "new")
        assert note.tone == "ok"
        assert alert_channels.tested(saved).tone == "ok"
        assert len(receiver.bodies) == 2
    [row] = page.load(AskedAlerts(tab="channels"), ZONE).channels
    assert (row.name, row.mark.word) == ("Ours", "Works")
    assert "XXXXXXXX" not in str(row)
    assert "XXXXXXXX" not in str(alert_channels.form_of(str(saved), ZONE))
    log = page.load(AskedAlerts(tab="deliveries"), ZONE).messages
    assert {(message.channel, message.kind) for message in log.rows} == {("Ours", "test")}

    saved, note = alert_channels.stored({"name": "Ours", "zone": "Mars/Olympus"}, str(saved))
    assert saved == 0
    assert "time zone" in note.text


def test_a_silence_is_begun_and_ended_by_somebody(database):
    flow.start(datetime.now(UTC))
    assert alert_channels.silenced({"length": "4h"}, WREN).tone == "fail"
    assert alert_channels.silenced({"length": "fixed", "repos": "kestrel/*"}, WREN).text == "Choose for how long."
    note = alert_channels.silenced({"length": "4h", "repos": "kestrel/*", "reason": "move"}, WREN)
    assert note.done
    [active] = page.load(AskedAlerts(tab="silences"), ZONE).silences.active
    assert (active.about, active.reason, active.by, active.rule) == ("kestrel/*", "move", "wren", "every rule")
    assert alert_rules.attempted(lambda now: flow.end_silence(int(active.key), WREN, now)) is None
    view = page.load(AskedAlerts(tab="silences"), ZONE).silences
    assert (len(view.active), len(view.past)) == (0, 1)


def test_rules_may_name_a_channel(database):
    now = datetime.now(UTC)
    flow.start(now)
    flow.save_channel(ChannelDraft("Ours", "json://127.0.0.1:9/hook"), now)
    [choice] = alert_rules.form_of("new").channels
    saved, _, _ = alert_rules.stored({**FAILURE, f"channel.{choice.value}": "true"}, None, enabled=True)
    assert [one.chosen for one in alert_rules.form_of(str(saved)).channels] == [True]
