"""The rules of this installation as they are asked: read once for a batch, each with its parameters and scope."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlmodel import Session

from cicd_health.alerts import RULES
from cicd_health.alerts.reach import narrowed
from cicd_health.alerts.rule import HOLD, Facts, Reach, Rule, Verdict
from cicd_health.model.alert_scope import Scope
from cicd_health.store import facts as known
from cicd_health.store import incidents
from cicd_health.store.incidents import OpenIncident
from cicd_health.store.tables import RuleRow

log = structlog.get_logger(__name__)

Subject = tuple[int, str | None]  # a pipeline, and one of its branches or None: its default branch
Named = tuple[str, str, str]  # provider, repository, pipeline


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule, what its row says, and its open incidents by scope, among those that were asked for."""

    row: RuleRow
    rule: Rule
    params: Any
    scope: Scope
    reach: Reach
    opened: Mapping[str, OpenIncident]

    @property
    def names_matter(self) -> bool:
        return bool(self.scope.providers or self.scope.repos or self.scope.pipelines)

    def subject(self, pipeline_id: int, branch: str | None, *, default: bool, named: Named | None) -> Subject | None:
        """What a run of this pipeline and branch is to this rule; None when it is nothing to it."""
        if self.names_matter and (named is None or not self.scope.takes(*named)):
            return None
        if not self.scope.takes_branch(branch, default=default):
            return None
        return (pipeline_id, branch) if self.scope.branches else (pipeline_id, None)

    def incident(self, subject: Subject) -> OpenIncident | None:
        return self.opened.get(incidents.scope_key(*subject))

    def verdict(self, facts: Facts) -> Verdict:
        """What it says of these facts. A rule that cannot stand them says nothing: saving goes on."""
        try:
            return self.rule.check(narrowed(facts, self.reach), self.params)
        except Exception:  # a bug in one rule must not keep a run from being saved
            log.exception("rule failed", rule=self.row.slug, pipeline_id=facts.pipeline_id)
            return HOLD


def read(session: Session, pipeline_ids: Collection[int] | None = None) -> list[Asked]:
    """Every enabled rule, with its open incidents in these pipelines, or everywhere."""
    found = []
    for row, opened in incidents.rules_with_open(session, pipeline_ids):
        asked = understood(row, opened)
        if asked is not None:
            found.append(asked)
    return found


def understood(row: RuleRow, opened: Mapping[str, OpenIncident] | None = None) -> Asked | None:
    """A rule as its row says; None for one that a later or earlier version wrote, which is left alone."""
    rule = RULES.get(row.kind)
    try:
        if rule is None:
            raise ValueError(f"there is no kind of rule {row.kind!r}")
        params = rule.Params.model_validate_json(row.params)
        return Asked(row, rule, params, Scope.from_json(row.scope), rule.reach(params), opened or {})
    except (ValueError, TypeError) as error:
        log.warning("rule not understood", rule=row.slug, error=str(error))
        return None


def named(session: Session, rules: Collection[Asked], pipeline_ids: Collection[int]) -> dict[int, Named]:
    """The names of these pipelines, if they matter to any of the rules."""
    if not pipeline_ids or not any(asked.names_matter for asked in rules):
        return {}
    return known.places(session, sorted(pipeline_ids))
