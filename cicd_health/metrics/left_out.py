"""Why a number does not count a run, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cicd_health.model.explain import LeftOut
from cicd_health.model.runs import VERDICTS, Outcome

NO_VERDICT = {
    Outcome.CANCELLED: "ended by someone before it had a verdict",
    Outcome.SUPERSEDED: "cancelled while a newer run of the branch was there",
    Outcome.SKIPPED: "its conditions did not hold, so nothing ran",
    Outcome.NEUTRAL: "ended without saying that it passed or failed",
    Outcome.STALE: "given up by the provider before it had a verdict",
    Outcome.ACTION_REQUIRED: "ended, and waits for somebody to approve it",
    Outcome.QUEUED: "has not started yet",
    Outcome.WAITING: "waits for somebody to approve it",
    Outcome.RUNNING: "has not ended yet",
    Outcome.UNKNOWN: "ended with a word of the provider that is not known here",
}
NOT_PASSED = "did not pass; durations are of successes unless all verdicts are asked for"
UNMEASURED = "its duration is not known, negative, or longer than 35 days"


def without_verdict(counts: Mapping[Outcome, int]) -> tuple[LeftOut, ...]:
    """The outcomes that are no verdict, as far as there are any."""
    return tuple(
        LeftOut(outcome.value, counts[outcome], why) for outcome, why in NO_VERDICT.items() if counts.get(outcome)
    )


def failing(counts: Mapping[Outcome, int], why: str) -> tuple[LeftOut, ...]:
    """The verdicts that did not pass, as far as there are any."""
    words = (outcome for outcome in Outcome if outcome in VERDICTS and outcome is not Outcome.SUCCESS)
    return tuple(LeftOut(outcome.value, counts[outcome], why) for outcome in words if counts.get(outcome))


def some(*of: LeftOut) -> tuple[LeftOut, ...]:
    """Those of which there are any."""
    return tuple(one for one in of if one.count)


def counted(left_out: Iterable[LeftOut]) -> int:
    return sum(one.count for one in left_out)
