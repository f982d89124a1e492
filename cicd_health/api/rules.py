"""Alert rules: reading, making, changing, and trying them on the past."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

from cicd_health import flow
from cicd_health.alerts import RULES
from cicd_health.api import alert_bodies
from cicd_health.api.acting import acted
from cicd_health.api.alert_shapes import Backtest, Kind, Rule
from cicd_health.api.auth import ADMIN, READER
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page
from cicd_health.api.words import Id
from cicd_health.model.alert_drafts import RuleDraft
from cicd_health.store import alert_lists, engine

router = APIRouter(prefix="/api/v1/rules", tags=["rules"])


@router.get("", dependencies=[READER])
def rules() -> Page[Rule]:
    """Every rule, with how many alerts of it are open."""
    with engine.reading() as session:
        return Page(items=[Rule.of(row) for row in alert_lists.rules(session)])


@router.get("/kinds", dependencies=[READER])
def kinds() -> Page[Kind]:
    """Every kind of rule, with the JSON schema of its parameters."""
    return Page(
        items=[
            Kind(slug=rule.slug, label=rule.label, about=rule.about, params=rule.Params.model_json_schema())
            for rule in RULES.values()
        ]
    )


@router.post("/backtest", dependencies=[ADMIN])
def backtest(tested: alert_bodies.Backtesting, now: Now) -> Backtest:
    """What a rule would have done in the last days. Nothing is saved or sent."""
    return Backtest.of(acted(lambda: flow.backtest(tested.draft(), now, zone=tested.zone, days=tested.days)))


@router.post("", status_code=201, dependencies=[ADMIN])
def add(wanted: alert_bodies.RuleDraft, now: Now, response: Response) -> Rule:
    """Make a rule. It judges runs that end from now on."""
    rule_id = acted(lambda: flow.save_rule(wanted.draft(), now))
    response.headers["Location"] = f"{router.prefix}/{rule_id}"
    return rule(rule_id)


@router.get("/{rule_id}", dependencies=[READER])
def rule(rule_id: Id) -> Rule:
    """One rule."""
    with engine.reading() as session:
        row = alert_lists.of_id(alert_lists.rules(session), rule_id)
    if row is None:
        raise HTTPException(404, f"There is no rule {rule_id}.")
    return Rule.of(row)


@router.put("/{rule_id}", dependencies=[ADMIN])
def put(rule_id: Id, wanted: alert_bodies.RuleDraft, now: Now) -> Rule:
    """Make a rule what is said; what is not said gets its default."""
    acted(lambda: flow.save_rule(wanted.draft(), now, rule_id))
    return rule(rule_id)


@router.patch("/{rule_id}", dependencies=[ADMIN])
def change(rule_id: Id, wanted: alert_bodies.RuleChange, now: Now) -> Rule:
    """Change of a rule what is said."""
    draft = _changed(rule(rule_id), wanted)
    acted(lambda: flow.save_rule(draft, now, rule_id))
    return rule(rule_id)


@router.delete("/{rule_id}", status_code=204, dependencies=[ADMIN])
def forget(rule_id: Id, now: Now) -> None:
    """Delete a rule with the history of its alerts. The built-in one can only be switched off."""
    acted(lambda: flow.forget_rule(rule_id, now))


def _changed(known: Rule, wanted: alert_bodies.RuleChange) -> RuleDraft:
    """The rule as it would be."""
    whole = alert_bodies.RuleDraft(**known.model_dump(include=set(alert_bodies.RuleDraft.model_fields)))
    said = wanted.model_dump(exclude_none=True, exclude={"scope", "params", "channels"})
    draft = replace(whole.draft(), **said)
    if wanted.scope is not None:
        draft = replace(draft, scope=wanted.scope.scope())
    if wanted.channels is not None:
        draft = replace(draft, channels=tuple(wanted.channels))
    return replace(draft, params={**draft.params, **(wanted.params or {})})
