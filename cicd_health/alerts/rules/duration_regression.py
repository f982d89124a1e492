"""Successful runs take longer than they used to, since one moment: the change point that the metrics found."""

from __future__ import annotations

from datetime import timedelta
from statistics import median_low

from pydantic import BaseModel, Field

from cicd_health.alerts.history import durations, moment, newest, percent
from cicd_health.alerts.rule import HOLD, Facts, Reach, Rule, RunFact, Verdict
from cicd_health.metrics.changes.wording import where_in_words
from cicd_health.metrics.words import seconds_in_words
from cicd_health.model.changes import ChangePoint

RECENT = 10  # successes that say how long it takes now
ENOUGH = 5  # of them at least
LOOKED_AT = 40  # runs among which they are looked for
OPENS_ABOVE = 0.5  # of the way from the old level to the new one
ENDS_AT = 0.25
HELD = 0.5  # of the size that opens: a change that shrinks to less is gone


class Params(BaseModel):
    percent: float = Field(20, ge=1, le=1000, description="So much slower at least", json_schema_extra={"unit": "%"})
    seconds: float = Field(60, ge=1, le=24 * 3600, description="And so much longer", json_schema_extra={"unit": "s"})
    days: int = Field(14, ge=1, le=90, description="Since not more than so many days", json_schema_extra={"unit": "d"})
    confidence: float = Field(
        95, ge=50, le=100, description="How sure it must be that it is not chance", json_schema_extra={"unit": "%"}
    )


def check(facts: Facts, params: Params) -> Verdict:
    """Firing while the newest move upwards is young, large and sure, and the last runs are slow still.

    Over when their median is back near the old level, or no such move is known any more. One that is older than
    `days` opens nothing and is held.
    """
    runs = _measured(facts)
    change = _newest(facts, params) or _newest(facts, params, HELD)
    if change is None:
        return Verdict(cleared=True, reason="no move to longer runs is left", last=next(iter(runs), None))
    seconds = durations(run for run in runs if run.created_at >= change.at)
    if len(seconds) < ENOUGH:
        return HOLD
    now_s, moved_s = median_low(seconds), change.after - change.before
    if now_s <= change.before + ENDS_AT * moved_s:
        return Verdict(cleared=True, reason=_back(now_s, change), last=runs[0])
    if now_s > change.before + OPENS_ABOVE * moved_s and _opens(change, facts, params):
        return _firing(change, runs)
    return HOLD


def _measured(facts: Facts) -> tuple[RunFact, ...]:
    runs = newest(facts, LOOKED_AT)
    return tuple(run for run in runs if not run.outcome.failed and run.duration_s is not None)[:RECENT]


def _newest(facts: Facts, params: Params, part: float = 1.0) -> ChangePoint | None:
    large = (change for change in facts.changes if _is_large(change, params, part))
    return max(large, key=lambda change: change.at, default=None)


def _is_large(change: ChangePoint, params: Params, part: float) -> bool:
    """Whether it is a move of the pipeline's own duration, of this part of the size that is asked for."""
    if change.of != "duration" or change.job is not None or not change.worse:
        return False
    moved_s = change.after - change.before
    return moved_s >= part * params.seconds and moved_s >= part * params.percent / 100 * change.before


def _opens(change: ChangePoint, facts: Facts, params: Params) -> bool:
    young = facts.now - change.at <= timedelta(days=params.days)
    return young and change.confidence >= params.confidence / 100 and _is_large(change, params, 1.0)


def _firing(change: ChangePoint, runs: tuple[RunFact, ...]) -> Verdict:
    where = where_in_words(change)
    slower = f"+{round(100 * (change.after / change.before - 1))} %" if change.before else "from nothing"
    return Verdict(
        firing=True,
        headline=f"takes {_move(change)} ({slower}){': ' + where if where else ''}",
        reason=f"slower since {moment(change.at)}{_blamed(change)}, {percent(change.confidence)} sure",
        failures=change.n_after,
        first=next((run for run in runs if run.run_id == change.run_id), None),
        last=runs[0],
        since=change.at,
    )


def _move(change: ChangePoint) -> str:
    return f"{seconds_in_words(change.after)} instead of {seconds_in_words(change.before)}"


def _blamed(change: ChangePoint) -> str:
    if change.blame is None:
        return ""
    blame = change.blame
    return f", {where_in_words(change)} {seconds_in_words(blame.after_s)} instead of {seconds_in_words(blame.before_s)}"


def _back(now_s: float, change: ChangePoint) -> str:
    return f"the median is {seconds_in_words(now_s)}, and was {seconds_in_words(change.before)} before"


RULE = Rule(
    "duration_regression",
    "Slower than before",
    Params,
    check,
    reach=lambda params: Reach(runs=LOOKED_AT, changes=True),
    words=lambda params: f"up {params.percent:g} % and {params.seconds:g} s, sure to {params.confidence:g} %",
    about="Successful runs of a pipeline take longer than they used to; names the job and step that grew.",
    mark="slower",
)
