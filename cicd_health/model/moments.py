"""What became known of pipelines, moment by moment: the past as rules are asked about it again."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from cicd_health.model.alerts import RunFact, WaitingJob

# A pipeline's id, and the branch for a rule that looks at branches apart; None: whatever counts as the default branch.
Place = tuple[int, str | None]
# `ended` with a verdict, `gone` without one, `taken` by a runner.
MomentKind = Literal["began", "ended", "gone", "waiting", "taken", "scheduled"]


class Moment(NamedTuple):
    """Something that became known at `at`. `run` is set of runs that began or ended, `job` of jobs in the queue."""

    at: datetime
    place: Place
    kind: MomentKind
    run: RunFact | None = None
    job: WaitingJob | None = None
