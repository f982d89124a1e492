"""The built-in rule follows its setting and leaves what people chose; slugs are unique."""

from __future__ import annotations

import json

import sqlalchemy as sa

from cicd_health.model.alert_drafts import RuleDraft
from cicd_health.store import engine, rules
from tests.factories import NOW


def test_the_built_in_rule_follows_the_setting_and_leaves_what_people_changed(database: sa.Engine):
    with engine.writing() as session:

        def count_at(threshold: int) -> int:
            rules.ensure_builtin_rules(session, threshold, NOW)
            session.flush()
            rule = rules.rule_of(session, "failure")
            assert rule is not None
            return json.loads(rule.params)["count"]

        assert count_at(1) == 1
        rule = rules.rule_of(session, "failure")
        assert rule is not None
        rule.name, rule.enabled, rule.params = "Ours", False, '{"count": 7}'
        session.flush()
        assert count_at(1) == 7, "the setting says what it said before"
        assert count_at(3) == 3, "the setting says something else"
        assert (rule.name, rule.enabled) == ("Ours", False)
        assert [row.slug for row in rules.enabled_rules(session)] == []


def test_rules_of_the_same_name_have_slugs_of_their_own(database: sa.Engine):
    with engine.writing() as session:
        ids = [rules.add(session, RuleDraft(name, "failure"), NOW) for name in ("Slow, main!", "slow main", "☃")]
        assert len(set(ids)) == 3
        assert [rules.find(session, id).slug for id in ids] == ["slow-main", "slow-main-2", "rule"]
        kept = rules.draft_of(rules.find(session, ids[0]))
        assert kept == RuleDraft("Slow, main!", "failure")
