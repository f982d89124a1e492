"""Alert rules: the built-in one, those that people made, and finding them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from cicd_health.model.alert_drafts import RuleDraft
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import Severity
from cicd_health.store.tables import ChannelRow, IncidentRow, RuleRow

FAILURE = "failure"  # slug of the built-in rule, and of its kind
LONGEST_SLUG = 60


def ensure_builtin_rules(session: Session, threshold: int, now: datetime) -> None:
    """Have the failure rule, with this threshold when the setting is another than it was. What people changed stays."""
    said = {"count": threshold}
    rule = rule_of(session, FAILURE)
    if rule is None:
        fields = {"slug": FAILURE, "kind": FAILURE, "name": "Failures in a row", "severity": Severity.CRITICAL}
        params = {"params": json.dumps(said), "env_params": json.dumps(said), "scope": "{}"}
        _insert_new(session, fields | params | {"enabled": True, "builtin": True, "created_at": now})
    elif json.loads(rule.env_params or "null") != said:
        rule.params = json.dumps(json.loads(rule.params or "{}") | said)
        rule.env_params = json.dumps(said)


def rule_of(session: Session, slug: str) -> RuleRow | None:
    return session.exec(select(RuleRow).where(RuleRow.slug == slug)).one_or_none()


def enabled_rules(session: Session) -> list[RuleRow]:
    """The rules to ask, oldest first."""
    return list(session.exec(select(RuleRow).where(col(RuleRow.enabled).is_(True)).order_by(col(RuleRow.id))))


def with_open_incidents(session: Session) -> list[RuleRow]:
    """Also those that are switched off; normally those have none."""
    is_open = sa.exists().where(col(IncidentRow.rule_id) == RuleRow.id, col(IncidentRow.resolved_at).is_(None))
    return list(session.exec(select(RuleRow).where(is_open).order_by(col(RuleRow.id))))


def find(session: Session, rule_id: int) -> RuleRow:
    """The rule with this id, held. LookupError when there is none.

    Incidents may open meanwhile: who saves a run holds its pipeline, which whoever changes a rule may have to wait for.
    """
    row = session.get(RuleRow, rule_id, populate_existing=True, with_for_update={"key_share": True})
    if row is None:
        raise LookupError(f"There is no rule {rule_id}.")
    return row


def add(session: Session, draft: RuleDraft, now: datetime) -> int:
    """A new rule; its id. Its slug is made from its name, with a number behind it where it is taken."""
    base = slug_from(draft.name)
    taken = set(session.exec(select(RuleRow.slug)))
    number = 1
    while True:
        slug = base if number == 1 else f"{base}-{number}"
        number += 1
        if slug in taken:
            continue
        id = _insert_new(
            session, {"slug": slug, "kind": draft.kind, "builtin": False, "created_at": now} | _told(draft)
        )
        if id is not None:
            return id


def change(rule: RuleRow, draft: RuleDraft, now: datetime) -> None:
    """Make a rule what the draft says; its slug, kind and past stay."""
    for name, value in _told(draft).items():
        setattr(rule, name, value)
    rule.updated_at = now


def draft_of(rule: RuleRow) -> RuleDraft:
    """A rule as it is."""
    return RuleDraft(
        name=rule.name,
        kind=rule.kind,
        severity=Severity(rule.severity),
        params=json.loads(rule.params or "{}"),
        scope=Scope.from_json(rule.scope),
        channels=tuple(json.loads(rule.channels or "[]")),
        enabled=rule.enabled,
    )


def _told(draft: RuleDraft) -> dict[str, Any]:
    return {
        "name": draft.name,
        "enabled": draft.enabled,
        "severity": draft.severity.value,
        "params": json.dumps(dict(draft.params)),
        "scope": draft.scope.to_json(),
        "channels": json.dumps(list(draft.channels)),
    }


def unknown_channels(session: Session, slugs: Collection[str]) -> list[str]:
    """Those of these slugs that no channel has."""
    known = set(session.exec(select(ChannelRow.slug)))
    return [slug for slug in slugs if slug not in known]


def channel_slugs(session: Session) -> list[str]:
    return list(session.exec(select(ChannelRow.slug).order_by(col(ChannelRow.id))))


def slug_from(name: str) -> str:
    """A slug from a name: "Slow build, main!" is slow-build-main."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_SLUG].strip("-") or "rule"


def _insert_new(session: Session, values: dict[str, Any]) -> int | None:
    """The id of the new row; None when its slug is taken."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert: Any = dialect.insert(RuleRow).values(**values).on_conflict_do_nothing(index_elements=["slug"])
    return session.execute(insert.returning(sa.literal_column("id"))).scalar_one_or_none()
