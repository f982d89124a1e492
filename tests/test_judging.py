"""Which rules are asked about which runs: when they end, by the clock, and when their failing lines are known."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from cicd_health import flow, settings
from cicd_health.model.alert_drafts import RuleDraft
from cicd_health.model.alert_scope import Scope
from cicd_health.store import engine, old_runs
from cicd_health.store.tables import IncidentRow, NotificationRow, RuleRow, RunRow, StepOfIncidentRow
from tests.alerting import at, fails, incident, passes, rows, sent, steps
from tests.bodies import NOON, delivery, github_run
from tests.factories import Rows


@pytest.fixture(autouse=True)
def slack(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Slack channel in the settings; nothing is sent while no job engine runs."""
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://127.0.0.1:9/services/T/B/X")
    settings.get.cache_clear()
    flow.start(NOON)


def test_each_branch_that_a_rule_names_has_an_incident_of_its_own():
    flow.save_rule(RuleDraft("Releases", "failure", scope=Scope(branches=("release/*",))), NOON)
    for number, branch in enumerate(["release/1", "release/2", "topic"], start=1):
        fails(number, number, branch=branch)
    passes(4, 10, branch="release/1")
    assert [(one.branch, one.state) for one in rows(IncidentRow)] == [("release/1", "resolved"), ("release/2", "open")]


def test_a_rule_is_asked_about_its_pipelines_only():
    flow.save_rule(RuleDraft("Deploys", "failure", scope=Scope(pipelines=("Deploy*",))), NOON)
    for number, workflow in enumerate(["ci", "deploy-eu"], start=1):
        fails(number, number, workflow=workflow)
    names = {rule.id: rule.name for rule in rows(RuleRow)}
    assert sorted(names[one.rule_id] for one in rows(IncidentRow)) == [
        "Deploys",
        "Failures in a row",
        "Failures in a row",
    ]


def test_switched_off_its_incidents_end_in_silence():
    fails(1, 1)
    flow.switch_rule(incident().rule_id, False, at(5))
    assert (incident().state, sent()) == ("resolved", ["opened"])
    assert rows(StepOfIncidentRow)[-1].note == "the rule was switched off"
    fails(2, 6)
    assert incident().state == "resolved"


def test_a_rule_that_cannot_be_understood_keeps_nothing_from_being_saved():
    with engine.writing() as session:
        for kind, params in (("a later kind", "{}"), ("failure", '{"count": "x"}')):
            session.add(
                RuleRow(
                    slug=f"other {kind}",
                    kind=kind,
                    name=kind,
                    severity="info",
                    params=params,
                    scope="{}",
                    created_at=NOON,
                )
            )
    fails(1, 1)
    assert incident().state == "open"


def test_the_clock_finds_a_run_that_is_stuck_and_its_end():
    flow.save_rule(RuleDraft("Stuck", "stuck_run", params={"min_runs": 5, "floor_minutes": 10}), NOON)
    for number in range(1, 25):
        passes(number, number)
    flow.receive([delivery(github_run(99, status="in_progress", conclusion=None, created=at(30), seconds=5))], at(31))
    assert flow.evaluate_clock(at(32)) == 0
    assert flow.evaluate_clock(at(300)) == 1
    assert flow.evaluate_clock(at(301)) == 0
    assert (incident().state, steps()) == ("open", ["opened"])
    passes(99, 310)
    flow.evaluate_clock(at(311))
    assert incident().state == "resolved"


def test_a_run_that_passes_costs_one_question(database):
    passes(1, 1)
    asked: list[str] = []
    sa.event.listen(database, "before_cursor_execute", lambda *told: asked.append(told[2]))
    passes(2, 2)
    assert len([sql for sql in asked if "alert_rules" in sql or "incidents" in sql]) == 1


def test_the_failing_lines_are_told_with_the_news_that_still_waits():
    fails(1, 1)
    assert "boom" not in rows(NotificationRow)[0].body
    flow.keep_log(
        rows(RunRow)[0].id, None, 1, [b"collecting\nFAILED tests/test_a.py::test_b - boom\nexit code 1\n"], at(2)
    )
    assert "boom" in rows(NotificationRow)[0].body
    assert steps() == ["opened"]


def test_a_new_failure_is_known_by_its_lines():
    flow.save_rule(RuleDraft("New failures", "new_failure", params={"min_runs": 1}), NOON)
    passes(1, 1)
    fails(2, 2)
    flow.keep_log(rows(RunRow)[1].id, None, 1, [b"FAILED tests/test_a.py::test_b - boom\n"], at(3))
    names = {rule.id: rule.name for rule in rows(RuleRow)}
    assert [names[one.rule_id] for one in rows(IncidentRow)] == ["Failures in a row", "New failures"]


def test_when_its_runs_are_deleted_it_stays_open_and_the_next_success_ends_it():
    fails(1, 1)
    clear_runs()
    passes(2, 10)
    assert (incident().state, steps()) == ("resolved", ["opened", "resolved"])


def clear_runs() -> None:
    with engine.writing() as session:
        assert old_runs.delete(session, at(5), at(5)) == 1


def rename() -> None:
    with engine.writing() as session:
        session.execute(sa.text("UPDATE repositories SET name = 'other/shop', named_at = '2030-01-01 00:00:00'"))


def test_muted_by_a_silence_that_no_longer_covers_it_it_is_told():
    flow.silence(Scope(repos=("kestrel/*",)), "ann", at(0), at(60), "maintenance")
    fails(1, 1)
    rename()
    flow.evaluate_clock(at(61))
    assert [flow.recover(at(62)) for _ in range(2)] == [1, 0]
    assert (incident().state, sent()) == ("open", ["still"])


def test_an_incident_that_its_rule_is_not_asked_about_any_more_ends_in_silence():
    id = flow.save_rule(RuleDraft("Ours", "failure", scope=Scope(repos=("kestrel/*",))), NOON)
    fails(1, 1)
    rename()
    assert [flow.recover(at(2)) for _ in range(2)] == [1, 0]
    assert {one.rule_id == id: one.state for one in rows(IncidentRow)} == {True: "resolved", False: "open"}
    with engine.writing() as session:  # as one that opens in the moment in which its rule is switched off
        session.execute(sa.update(RuleRow).values(enabled=False))
    assert flow.recover(at(2.5)) == 1
    assert (sent(), [one.state for one in rows(IncidentRow)]) == (["opened"] * 2, ["resolved"] * 2)


def test_a_pipeline_that_makes_no_sense_does_not_keep_the_clock_from_others():
    flow.save_rule(RuleDraft("Stuck", "stuck_run", params={"min_runs": 5}), NOON)
    with engine.writing() as session:
        made = Rows(session)
        for name in ("odd", "stuck"):
            pipeline = made.pipeline(name)
            for _ in range(5):
                made.run(pipeline, created_at=at(-90))
            made.run(pipeline, outcome="running", created_at=at(-60), external_id=f"last of {name}")
        session.execute(sa.text("UPDATE runs SET outcome = 'odd' WHERE external_id = 'last of odd'"))
    assert flow.evaluate_clock(NOON) == 1
    assert "stuck" in incident().title


def test_two_clocks_at_once_open_it_once():
    flow.save_rule(RuleDraft("Waits", "queue_time", params={"limit_minutes": 5}), NOON)
    with engine.writing() as session:
        made = Rows(session)
        run = made.run(made.pipeline(), outcome="queued", created_at=at(-60))
        made.job(run, outcome="queued", created_at=at(-60), started_at=None)
    gate = threading.Barrier(2)

    def look() -> None:
        gate.wait()
        flow.evaluate_clock(NOON)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (steps(), sent(), incident().opened_at) == (["opened"], ["opened"], at(-60))


def test_the_clock_asks_little_when_there_is_nothing_to_do(database):
    asked: list[str] = []
    sa.event.listen(database, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert flow.evaluate_clock(NOON) == 0
    assert len([sql for sql in asked if sql.startswith("SELECT")]) == 2
