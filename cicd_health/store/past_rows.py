"""From a row of a run to what a rule was told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cicd_health.model.alerts import RunFact
from cicd_health.model.runs import Outcome
from cicd_health.store.lists import RUN

COLUMNS = (
    *(RUN.c[name] for name in ("id", "pipeline_id", "branch", "default_branch", "outcome", "attempt", "number")),
    *(RUN.c[name] for name in ("created_at", "started_at", "completed_at", "duration_s", "queue_s", "event")),
    *(RUN.c[name] for name in ("failed_job", "failed_step", "signature")),
)
OUTCOMES = {outcome.value: outcome for outcome in Outcome}


def fact(run: Any, attempt: Any = None, *, seen_at: datetime | None = None) -> RunFact:
    """A run as its attempt ended it (None: its last one)."""
    spoke = run if attempt is None else attempt
    outcome = OUTCOMES[spoke.outcome]
    failed = outcome.failed
    return RunFact(
        run_id=run.id,
        number=run.number,
        outcome=outcome,
        created_at=run.created_at,
        completed_at=spoke.completed_at,
        started_at=spoke.started_at,
        duration_s=spoke.duration_s,
        queue_s=spoke.queue_s,
        event=run.event,
        branch=run.branch,
        failed_job=run.failed_job if failed else None,
        failed_step=run.failed_step if failed else None,
        signature=run.signature if failed else None,
        signature_seen_at=seen_at,
    )


def running(run: Any, attempt: Any) -> RunFact:
    """A run while this attempt of it was under way: nothing is known yet of its end."""
    return RunFact(
        run_id=run.id,
        number=run.number,
        outcome=Outcome.RUNNING,
        created_at=run.created_at,
        started_at=attempt.started_at,
        queue_s=attempt.queue_s,
        event=run.event,
        branch=run.branch,
    )
