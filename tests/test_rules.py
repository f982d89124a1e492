"""What people save as a rule: what cannot be is said in a sentence that names the field."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from cicd_health import flow
from cicd_health.flow.rules import checked
from cicd_health.model.alert_drafts import RuleDraft
from cicd_health.model.alert_scope import Scope
from cicd_health.store import engine, rules, runs
from cicd_health.store.names import row_id
from cicd_health.store.tables import IncidentRow
from tests.factories import NOW, Rows

TWICE = RuleDraft("Twice", "failure", params={"count": 2})


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (RuleDraft("x", "nonsense"), "kind: one of failure, .*, not 'nonsense'"),
        (RuleDraft(" ", "failure"), "name: a text of 1 to 100"),
        (RuleDraft("a\x00b", "failure"), "name: "),
        (RuleDraft("x", "failure", params={"count": 0}), "params.count: .*greater than or equal to 1, not 0"),
        (RuleDraft("x", "failure", params={"count": "many"}), "params.count: .*integer.*, not 'many'"),
        (RuleDraft("x", "failure", params={"cuont": 2}), "params.cuont: there is no such parameter; there are count"),
        (RuleDraft("x", "missed_schedule", params={"cron": "at noon"}), "params.*at noon"),
        (RuleDraft("x", "missed_schedule", params={"zone": "Mars/Olympus"}), "params.*Mars/Olympus"),
        (RuleDraft("x", "failure", scope=Scope(repos=("a" * 301,))), "scope.repos: "),
        (RuleDraft("x", "failure", scope=Scope(branches=("",))), "scope.branches: "),
    ],
)
def test_what_cannot_be_names_the_field_and_what_may_be(draft, said):
    with pytest.raises(ValueError, match=said):
        checked(draft)


def test_every_parameter_is_stored_also_those_not_given():
    assert checked(RuleDraft(" Two  words ", "failure")) == RuleDraft("Two words", "failure", params={"count": 1})


CHANGES = {
    "changed": lambda id: flow.save_rule(RuleDraft("Ours", "failure", scope=Scope(repos=("none",))), NOW, id),
    "switched off": lambda id: flow.switch_rule(id, False, NOW),
    "deleted": lambda id: flow.forget_rule(id, NOW),
}


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_rule_is_changed_while_an_incident_of_it_opens_and_neither_is_lost(database: sa.Engine, change):
    """Whoever saves a run holds its pipeline, then needs the rule; whoever changes a rule the other way round."""
    rule_id = flow.save_rule(RuleDraft("Ours", "failure"), NOW)
    with engine.writing() as session:
        pipeline = Rows(session).pipeline()
        Rows(session).incident(pipeline).rule_id = rule_id
        pipeline_id = row_id(pipeline)
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with ThreadPoolExecutor(1) as pool:
        with engine.writing() as session:
            runs.lock_pipelines(session, [pipeline_id])
            changed = pool.submit(change, rule_id)
            while not session.execute(waiting).scalar_one() and not changed.done():
                pass
            usual = {"rule_id": rule_id, "pipeline_id": pipeline_id, "severity": "critical", "state": "open"}
            session.add(IncidentRow(**usual, scope_key="another", title="", reason="", opened_at=NOW))
        changed.result(timeout=10)


def test_a_rule_is_made_changed_switched_and_deleted(database: sa.Engine):
    id = flow.save_rule(TWICE, NOW)
    assert flow.save_rule(RuleDraft("Thrice", "failure", params={"count": 3}), NOW, id) == id
    with pytest.raises(ValueError, match="kind: this rule is of kind failure"):
        flow.save_rule(RuleDraft("Thrice", "flapping"), NOW, id)
    with pytest.raises(ValueError, match="there is no channel 'nowhere'; known: there is none yet"):
        flow.save_rule(RuleDraft("x", "failure", channels=("nowhere",)), NOW)
    with engine.writing() as session:
        rule = rules.find(session, id)
        assert (rule.slug, rule.name, json.loads(rule.params), rule.enabled) == ("twice", "Thrice", {"count": 3}, True)
        Rows(session).incident(Rows(session).pipeline()).rule_id = id
    flow.switch_rule(id, False, NOW)
    with engine.reading() as session:
        assert session.execute(sa.text("SELECT state FROM incidents")).scalars().all() == ["resolved"]
    flow.forget_rule(id, NOW)
    for act in (lambda: flow.forget_rule(id, NOW), lambda: flow.switch_rule(id, True, NOW)):
        with pytest.raises(LookupError, match=f"There is no rule {id}"):
            act()


def test_the_built_in_rule_is_switched_off_not_deleted(database: sa.Engine):
    with engine.writing() as session:
        rules.ensure_builtin_rules(session, 1, NOW)
        rule = rules.rule_of(session, "failure")
    assert rule is not None
    assert rule.id is not None
    with pytest.raises(ValueError, match="switch it off"):
        flow.forget_rule(rule.id, NOW)
