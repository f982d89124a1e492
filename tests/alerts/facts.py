"""Facts for tests: `facts("failure", "success")` is a pipeline whose newest run failed and the one before passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cicd_health.model.alerts import Facts, RunFact
from cicd_health.model.runs import Outcome

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def run(outcome: str = "failure", number: int = 1, **given: Any) -> RunFact:
    at = NOON + timedelta(minutes=10 * number)
    usual: dict[str, Any] = {
        "run_id": 100 + number,
        "number": number,
        "created_at": at,
        "completed_at": at + timedelta(minutes=5),
        "sha": f"{number:07}" + "f" * 33,
        "branch": "main",
        "actor": "jane",
        "url": f"https://github.example/acme/api/actions/runs/{number}",
    }
    return RunFact(outcome=Outcome(outcome), **usual | given)


def facts(*outcomes: str, **given: Any) -> Facts:
    """Runs with these outcomes, newest first. Named values are those of the newest run."""
    runs = [run(outcome, number=len(outcomes) - n, **(given if n == 0 else {})) for n, outcome in enumerate(outcomes)]
    return pipeline(runs)


def pipeline(runs: Sequence[RunFact] = (), **given: Any) -> Facts:
    """A pipeline with these runs, newest first; unless told otherwise it is now when the newest of them ended."""
    usual: dict[str, Any] = {"pipeline_id": 3, "pipeline": "CI", "repo": "acme/api", "provider": "github"}
    usual["now"] = runs[0].ended_at if runs else NOON
    return Facts(attempts=tuple(runs), **usual | given)


def story(letters: str, every: timedelta = timedelta(minutes=10), **given: Any) -> Facts:
    """Runs in the order in which they were: "SSF" passed twice, and then failed. Named values are those of each."""
    words = {"S": "success", "F": "failure", "C": "cancelled"}
    runs = []
    for n, letter in enumerate(letters, start=1):
        at = NOON + n * every
        runs.append(run(words[letter], n, **{"created_at": at, "completed_at": at + timedelta(minutes=5)} | given))
    return pipeline(runs[::-1])
