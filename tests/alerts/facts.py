"""Facts for tests: `facts("failure", "success")` is a pipeline whose newest run failed and the one before passed."""

from __future__ import annotations

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
    return Facts(pipeline_id=3, pipeline="CI", repo="acme/api", provider="github", attempts=tuple(runs))
