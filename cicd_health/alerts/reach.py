"""One reading of a pipeline for several rules, and of it to each what it asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cicd_health.model.alerts import Facts, Reach


def widest(reaches: Iterable[Reach]) -> Reach:
    """What holds all that each of these asks for."""
    asked = tuple(reaches)
    spans = [reach.span for reach in asked if reach.runs]
    return Reach(
        runs=max((reach.runs for reach in asked), default=0),
        span=max((span for span in spans if span), default=None) if all(spans) else None,
        running=any(reach.running for reach in asked),
        waiting=any(reach.waiting for reach in asked),
        scheduled=max((reach.scheduled for reach in asked), default=0),
        changes=any(reach.changes for reach in asked),
        signatures=any(reach.signatures for reach in asked),
    )


def narrowed(facts: Facts, reach: Reach) -> Facts:
    """Of these facts what lies within a reach, so that a rule says the same whichever rules there are besides."""
    since = facts.now - reach.span if reach.span else None
    attempts = tuple(run for run in facts.attempts if since is None or run.created_at >= since)
    return replace(
        facts,
        attempts=attempts[: reach.runs],
        running=facts.running if reach.running else (),
        waiting=facts.waiting if reach.waiting else (),
        scheduled=facts.scheduled[: reach.scheduled],
        changes=facts.changes if reach.changes else (),
    )
