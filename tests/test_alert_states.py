"""Incidents open, go on, are muted, end and return exactly once, whatever repeats, overtakes or collides."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cicd_health import flow, settings
from cicd_health.model.alert_drafts import RuleDraft
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import AlreadyOver
from cicd_health.store import audit, engine
from cicd_health.store.audit import AuditFilter
from cicd_health.store.tables import IncidentRow, NotificationRow, SilenceRow, StepOfIncidentRow
from tests.alerting import at, body, fails, incident, passes, rows, sent, steps
from tests.bodies import NOON, delivery, github_run, jenkins_build

ANN = "ann@kestrel.example"


@pytest.fixture(autouse=True)
def slack(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Slack channel in the settings; nothing is sent while no job engine runs."""
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://127.0.0.1:9/services/T/B/X")
    settings.get.cache_clear()
    flow.start(NOON)


# From opened to resolved


def test_it_opens_goes_on_and_ends_and_each_is_written_down():
    for number in (1, 2):
        fails(number, number)
    passes(3, 45)
    one = incident()
    assert (one.state, one.failures, one.opened_at, one.resolved_at) == ("resolved", 2, at(1), at(45))
    assert [(step.kind, step.at, step.failures) for step in rows(StepOfIncidentRow)] == [
        ("opened", at(1), 1),
        ("still", at(2), 2),
        ("resolved", at(45), 2),
    ]
    assert sent() == ["opened", "resolved"]


def test_a_rerun_that_passes_resolves_it():
    fails(1, 1)
    flow.receive([delivery(body(1, 1, "success", attempt=2, seconds=600))], at(20))
    assert (incident().state, steps()) == ("resolved", ["opened", "resolved"])


def test_completed_and_finalized_of_a_jenkins_build_open_it_once():
    for phase in ("COMPLETED", "FINALIZED"):
        flow.receive([delivery(jenkins_build(phase=phase, status="FAILURE"), provider="jenkins")], NOON)
    assert (steps(), sent()) == (["opened"], ["opened"])


def test_of_what_broke_and_recovered_within_one_batch_nobody_is_told():
    flow.receive([delivery(body(1, 1)), delivery(body(2, 5, "success"))], at(6))
    assert (incident().state, steps(), sent()) == ("resolved", ["opened", "resolved"], [])


def test_a_batch_of_failures_is_told_as_one_message():
    flow.receive([delivery(body(number, number)) for number in (1, 2, 3)], at(4))
    assert (incident().failures, steps()) == (3, ["opened", "still", "still"])
    assert [message.title for message in rows(NotificationRow)] == [
        "kestrel/checkout-api: ci failed 3 times in a row on main"
    ]


def test_an_older_run_that_fails_after_a_newer_one_passed_is_no_trouble():
    passes(2, 5)
    flow.receive([delivery(github_run(1, conclusion="failure", created=at(0), seconds=600))], at(10))
    assert rows(IncidentRow) == []


TROUBLE = [body(1, 1), body(2, 2), body(3, 3), body(4, 4, "success")]


def clear() -> None:
    with engine.writing() as session:
        for table in ("outbox", "deliveries", "incidents", "runs", "tallies"):
            session.execute(sa.text(f"DELETE FROM {table}"))


@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(4)), size=st.integers(1, 3))
def test_one_trouble_is_one_incident_in_any_order_and_twice(order, size):
    clear()
    told = [delivery(TROUBLE[index], at=at(5)) for index in [*order, *order]]
    while told:
        flow.receive(told[:size], at(5))
        told = told[size:]
    one = incident()
    assert (one.state, one.failures, one.turn) == ("resolved", 3, 1)
    assert (one.opened_at, one.last_failed_at, one.resolved_at) == (at(1), at(3), at(4))
    assert [kind for kind in steps() if kind != "still"] == ["opened", "resolved"]


@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    outcomes=st.lists(st.sampled_from(["failure", "success", "cancelled"]), min_size=1, max_size=5), order=st.randoms()
)
def test_it_is_open_at_the_end_if_the_newest_verdict_failed_whatever_came_first(outcomes, order):
    clear()
    bodies = [body(number, number, outcome) for number, outcome in enumerate(outcomes, start=1)]
    order.shuffle(bodies)
    for one in bodies:
        flow.receive([delivery(one, at=at(9))], at(9))
    verdicts = [outcome for outcome in outcomes if outcome != "cancelled"]
    still_open = [one for one in rows(IncidentRow) if one.resolved_at is None]
    assert len(still_open) == (verdicts[-1:] == ["failure"])


def test_two_that_save_at_once_open_it_once():
    gate = threading.Barrier(4)

    def save(number: int) -> None:
        gate.wait()
        flow.receive([delivery(body(number, number))], at(9))

    threads = [threading.Thread(target=save, args=(number,)) for number in (1, 1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (incident().failures, steps().count("opened"), sent()) == (3, 1, ["opened"])


def test_what_history_opened_is_told_when_it_fails_again():
    flow.receive([delivery(body(1, 1), quiet=True)], at(2))
    flow.receive([delivery(body(2, 3), quiet=True)], at(4))
    assert (incident().failures, sent()) == (2, [])
    fails(3, 5)
    assert [message.title for message in rows(NotificationRow)] == [
        "kestrel/checkout-api: ci failed 3 times in a row on main"
    ]
    fails(4, 6)
    passes(5, 7)
    assert (incident().turn, sent()) == (1, ["opened", "resolved"])


# Its return


def test_within_a_day_it_reopens_and_says_again():
    fails(1, 1)
    passes(2, 10)
    fails(3, 60)
    one = incident()
    assert (one.state, one.turn, one.opened_at, one.reopened_at, one.resolved_at) == ("open", 2, at(1), at(60), None)
    passes(4, 70)
    assert steps() == ["opened", "resolved", "reopened", "resolved"]
    assert [(message.kind, message.turn) for message in rows(NotificationRow)] == [
        ("opened", 1),
        ("resolved", 1),
        ("opened", 2),
        ("resolved", 2),
    ]
    assert "again" in rows(NotificationRow)[2].title
    assert "recovered after 10 min" in rows(NotificationRow)[3].title


def test_after_a_day_it_is_another_one():
    fails(1, 1)
    passes(2, 10)
    fails(3, 10 + 24 * 60 + 1)
    assert [(one.state, one.turn) for one in rows(IncidentRow)] == [("resolved", 1), ("open", 1)]


# What people do


def test_acknowledged_nothing_more_is_said_until_it_is_over():
    fails(1, 1)
    for _ in range(2):
        flow.acknowledge_alert(incident().id, ANN, at(2), "on it")
    fails(2, 3)
    assert (incident().state, incident().acknowledged_by) == ("acknowledged", ANN)
    assert steps() == ["opened", "acknowledged", "still"]
    passes(3, 4)
    assert sent() == ["opened", "resolved"]


def test_resolved_by_hand_only_a_new_failure_brings_it_back():
    fails(1, 1)
    flow.resolve_alert(incident().id, ANN, at(5), "known")
    assert (incident().state, incident().resolved_at) == ("resolved", at(5))
    assert [(step.kind, step.actor, step.note) for step in rows(StepOfIncidentRow)][-1] == ("resolved", ANN, "known")
    fails(1, 1)
    flow.evaluate_clock(at(6))
    assert incident().state == "resolved"
    fails(2, 10)
    assert (incident().state, incident().turn) == ("open", 2)
    assert sent() == ["opened", "resolved", "opened"]


def test_what_is_over_or_unknown_cannot_be_acted_on():
    fails(1, 1)
    passes(2, 2)
    id = incident().id
    for act in (flow.acknowledge_alert, flow.resolve_alert, flow.unmute_alert):
        with pytest.raises(AlreadyOver):
            act(id, ANN, at(3))
        with pytest.raises(LookupError):
            act(id + 1, ANN, at(3))
    with pytest.raises(AlreadyOver):
        flow.mute_alert(id, ANN, at(3), None)


# Mutes


def test_a_mute_that_ends_is_said_and_the_end_is_told():
    fails(1, 1)
    flow.mute_alert(incident().id, ANN, at(2), at(60), "flaky network")
    fails(2, 30)
    flow.evaluate_clock(at(59))
    assert (incident().state, incident().muted_until, sent()) == ("muted", at(60), ["opened"])
    for _ in range(2):
        flow.evaluate_clock(at(61))
    assert (incident().state, incident().muted_until) == ("open", None)
    assert steps() == ["opened", "muted", "still", "unmuted"]
    assert "1 h 00 min: the mute ended" in rows(NotificationRow)[1].title
    assert rows(SilenceRow)[0].ended_at == at(61)
    passes(3, 90)
    assert sent() == ["opened", "still", "resolved"]


def test_muted_until_it_is_fixed_it_ends_in_silence_and_its_return_is_told():
    fails(1, 1)
    flow.mute_alert(incident().id, ANN, at(2), None)
    flow.evaluate_clock(at(60 * 24 * 30))
    assert incident().state == "muted"
    passes(2, 10)
    assert (incident().state, sent()) == ("resolved", ["opened"])
    assert rows(SilenceRow)[0].ended_at == at(10)
    fails(3, 20)
    assert (incident().state, sent()) == ("open", ["opened", "opened"])


def test_a_mute_of_a_day_lasts_through_recoveries():
    fails(1, 1)
    flow.mute_alert(incident().id, ANN, at(2), at(1440))
    passes(2, 10)
    fails(3, 20)
    assert (incident().state, incident().muted_until, sent()) == ("muted", at(1440), ["opened"])


def test_acknowledged_before_it_was_muted_it_is_so_again():
    fails(1, 1)
    flow.mute_alert(incident().id, ANN, at(2), at(60))
    flow.acknowledge_alert(incident().id, ANN, at(3))
    assert incident().state == "muted"
    flow.evaluate_clock(at(61))
    assert incident().state == "acknowledged"


def test_unmuted_by_hand_it_says_nothing_that_was_said():
    fails(1, 1)
    flow.mute_alert(incident().id, ANN, at(2), None)
    flow.unmute_alert(incident().id, ANN, at(3))
    assert (incident().state, steps(), sent()) == ("open", ["opened", "muted", "unmuted"], ["opened"])


def test_several_are_muted_until_fixed_in_one_go_and_each_is_written_down():
    fails(1, 1)
    fails(2, 1, workflow="other")
    first, second = (one.id for one in rows(IncidentRow))
    flow.mute_alert(first, ANN, at(2), None)
    flow.mute_alerts_until_fixed([first, second, 999], ANN, at(3), "the mirror is down")
    assert [(one.state, one.muted_until) for one in rows(IncidentRow)] == [("muted", None)] * 2
    assert [(step.incident_id, step.kind, step.at) for step in rows(StepOfIncidentRow)][2:] == [
        (first, "muted", at(2)),
        (second, "muted", at(3)),
    ]
    with engine.reading() as session:
        noted = audit.entries(session, AuditFilter(action="alert.muted"), 10)
    assert [one["detail"]["reason"] for one in noted] == ["the mirror is down", ""]
    passes(3, 4, workflow="other")
    flow.unmute_alerts([first, second], ANN, at(5))
    assert [one.state for one in rows(IncidentRow)] == ["open", "resolved"]


def test_of_several_that_are_over_nothing_is_muted():
    fails(1, 1)
    passes(2, 2)
    for act in (flow.mute_alerts_until_fixed, flow.unmute_alerts):
        with pytest.raises(AlreadyOver):
            act([incident().id], ANN, at(3))
    assert steps() == ["opened", "resolved"]


def test_a_mute_into_the_past_is_refused():
    fails(1, 1)
    with pytest.raises(ValueError, match="to come"):
        flow.mute_alert(incident().id, ANN, at(5), at(5))


# Silences


def test_a_silence_mutes_what_is_open_and_what_opens_and_says_so_at_its_end():
    fails(1, 1, workflow="deploy")
    flow.silence(Scope(repos=("kestrel/*",)), ANN, at(2), at(60), "maintenance")
    fails(2, 5)
    assert [(one.state, one.muted_until) for one in rows(IncidentRow)] == [("muted", at(60))] * 2
    assert sent() == ["opened"]
    passes(3, 30, workflow="deploy")
    flow.evaluate_clock(at(61))
    assert [one.state for one in rows(IncidentRow)] == ["resolved", "open"]
    assert sent() == ["opened", "still"]


def test_a_silence_of_others_changes_nothing():
    other = flow.save_rule(RuleDraft("Ours", "failure", params={"count": 3}), NOON)
    flow.silence(Scope(branches=("release/*",)), ANN, at(0), at(60), "")
    flow.silence(Scope(), ANN, at(0), at(60), "", rule_id=other)
    fails(1, 1)
    assert incident().state == "open"


def test_a_silence_ended_by_hand_tells_of_what_nobody_heard():
    silence_id = flow.silence(Scope(), ANN, at(0), at(60), "")
    fails(1, 1)
    flow.end_silence(silence_id, ANN, at(5))
    assert (incident().state, sent()) == ("open", ["still"])
    with pytest.raises(AlreadyOver):
        flow.end_silence(silence_id, ANN, at(6))
    passes(2, 10)
    assert sent() == ["still", "resolved"]
