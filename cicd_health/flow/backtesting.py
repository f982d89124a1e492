"""What a rule would have done, before it is saved."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from cicd_health.alerts import RULES
from cicd_health.alerts.backtest import Replay, replay
from cicd_health.alerts.rule import Rule
from cicd_health.flow.rules import checked, read_params
from cicd_health.model.alert_drafts import RuleDraft
from cicd_health.model.backtest import Backtest
from cicd_health.model.zones import zones
from cicd_health.store import backtest_runs, engine
from cicd_health.store.backtest_known import Known, asked_for

MOST_DAYS = 366
# What is looked at at most, the newest: some seconds' worth.
MOST = 50_000  # verdicts
MOST_TOLD = 100_000  # verdicts for a rule that is asked about failures only
MOST_WATCHED = 20_000  # verdicts for a rule that the clock asks
MOST_SCHEDULED = 5_000  # runs that a schedule began, for a rule about these


def backtest(draft: RuleDraft, now: datetime, zone: str = "UTC", days: int = 30) -> Backtest:
    """What the rule would have done in the last `days`, had it been made then. Nothing is written.

    It need have no name yet, and its channels are not looked at. Raises ValueError with a sentence.
    """
    began = time.perf_counter()
    if zone not in zones():
        raise ValueError(f"zone: a time zone such as Europe/Berlin, not {zone[:100]!r}.")
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"days: from 1 to {MOST_DAYS}, not {days}.")
    wanted = checked(replace(draft, name=draft.name or draft.kind))
    rule, params = RULES[wanted.kind], read_params(wanted.kind, wanted.params)
    asked_from = now - timedelta(days=days)
    with engine.reading() as session:
        asked = asked_for(session, wanted.scope, rule.reach(params))
        start = backtest_runs.begins_at(session, asked, asked_from, now, _most(rule, params))
        known = Known(session, asked, start)
        told = backtest_runs.moments(session, asked, start, now)
        places = known.places() if rule.clock else ()
        found = replay(rule, params, told, known.of, start, now, ZoneInfo(zone), places)
    seconds = time.perf_counter() - began
    return _summed(found, start, now, pipelines=len(asked.pipelines), cut=start > asked_from, seconds=seconds)


def _most(rule: Rule, params: BaseModel) -> int:
    if rule.reach(params).scheduled:
        return MOST_SCHEDULED
    if rule.clock:
        return MOST_WATCHED
    return MOST_TOLD if rule.opens_on_failure else MOST


def _summed(found: Replay, start: datetime, end: datetime, *, pipelines: int, cut: bool, seconds: float) -> Backtest:
    lasted = [(one.resolved_at - one.opened_at).total_seconds() for one in found.fired if one.resolved_at]
    failed = sum(day.failed for day in found.days)
    return Backtest(
        start=start,
        end=end,
        fired=found.fired,
        days=found.days,
        pipelines=pipelines,
        verdicts=failed + sum(day.passed for day in found.days),
        failed=failed,
        messages=found.messages,
        median_s=median(lasted) if lasted else None,
        by_itself=sum(one.by_itself for one in found.fired),
        seconds=seconds,
        cut=cut,
    )
