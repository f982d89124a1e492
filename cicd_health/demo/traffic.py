"""Traffic that goes on: what the story still has to tell, and new runs every half minute.

A new run is told in a hurry, and ends now: its first delivery says that it began some minutes ago, the last
one arrives on time. Its durations are thereby those of the pipeline, and yet the page moves while one watches.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

import structlog

from cicd_health import flow
from cicd_health.demo import alerting, company, logs, receiver
from cicd_health.demo.company import PipelinePlan
from cicd_health.demo.fill import TELL
from cicd_health.demo.story import FAIL, PASS, Sketch, commission, conditions, outcomes, play
from cicd_health.demo.telling import Telling
from cicd_health.store import engine, lists

log = structlog.get_logger(__name__)

EVERY_S = 20  # between two new runs, on average
HURRY_S = (25, 75)  # the time in which a whole run is told
AGAIN_S = 5  # after a failed try
FAILS = 0.1
NEWEST = 100
SELDOM = frozenset({company.NIGHTLY, company.EDGE_RELEASE})


@dataclass
class Agenda:
    """What is going to be told, soonest first. The count keeps the order of what is told at the same moment."""

    tellings: list[tuple[datetime, int, Telling]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=count)

    def add(self, telling: Telling) -> None:
        heapq.heappush(self.tellings, (telling.at, next(self.order), telling))

    def due(self, now: datetime) -> list[Telling]:
        """Take what is to be told by now."""
        taken = []
        while self.tellings and self.tellings[0][0] <= now:
            taken.append(heapq.heappop(self.tellings)[2])
        return taken

    def next_at(self) -> datetime:
        return self.tellings[0][0] if self.tellings else datetime.max.replace(tzinfo=UTC)

    def judged(self) -> set[str]:
        """The pipelines of which a verdict on main is still to come."""
        return {telling.verdict[0] for _, _, telling in self.tellings if telling.verdict}


@dataclass
class Numbers:
    """The last number of each pipeline. A run that is told in a hurry may begin before one of a lower number."""

    last: dict[str, int] = field(default_factory=dict)

    def next(self, plan: PipelinePlan) -> int:
        """One more than any of the pipeline's newest runs has."""
        if plan.key not in self.last:
            with engine.reading() as session:
                rows = lists.runs(session, lists.RunFilter(repo=plan.repo, pipeline=plan.name), limit=NEWEST)
            self.last[plan.key] = max((row["number"] for row in rows), default=plan.first_number)
        self.last[plan.key] += 1
        return self.last[plan.key]


def live(stop: threading.Event, pending: Sequence[Telling] = ()) -> None:
    """Send believable deliveries through the flow until `stop` is set; `pending` is what `fill` left to tell.

    Its messages go to a receiver of its own.
    """
    with receiver.taking_messages() as address:
        _tell(stop, pending, address)


def _tell(stop: threading.Event, pending: Sequence[Telling], address: str) -> None:
    led = False
    rng, agenda, numbers = Random(), Agenda(), Numbers()
    for telling in pending:
        agenda.add(telling)
    due: list[Telling] = []
    next_run_at = datetime.now(UTC)
    while not stop.is_set():
        now = datetime.now(UTC)
        try:
            if not led:
                alerting.lead_to(address, now)
                led = True
            if now >= next_run_at:
                next_run_at = now + timedelta(seconds=min(rng.expovariate(1 / EVERY_S), 3 * EVERY_S))
                for telling in new_tellings(rng, numbers, agenda.judged(), now):
                    agenda.add(telling)
            due += agenda.due(now)
            if due:
                flow.receive([replace(telling.write(), received_at=now) for telling in due], now)
                ended, due = [telling.ended for telling in due if telling.ended], []
                logs.keep(ended, now)
            pause_s = (min(agenda.next_at(), next_run_at) - datetime.now(UTC)).total_seconds()
        except Exception:  # a database that is away for a moment must not end the demo
            log.exception("demo traffic paused", seconds=AGAIN_S)
            pause_s = AGAIN_S
        stop.wait(max(pause_s, 0.05))


def new_tellings(rng: Random, numbers: Numbers, taken: set[str], now: datetime) -> Iterator[Telling]:
    """One new run of a pipeline that is not `taken`; when it breaks main, the run that repairs it follows."""
    plans = [plan for plan in company.PIPELINES if plan.key not in taken and plan not in SELDOM]
    if not plans:
        return
    plan = rng.choices(plans, weights=[plan.weekly for plan in plans])[0]
    sketch = replace(commission(plan, rng, now), special=conditions(plan, now, now))
    sketch = replace(sketch, outcomes=outcomes(plan, rng, max(plan.fails, FAILS)))
    yield from hurried(sketch, numbers.next(plan), now, rng.uniform(*HURRY_S))
    if sketch.branch == "main" and sketch.outcomes[-1] != PASS[-1]:
        begins = now + timedelta(seconds=HURRY_S[1] + rng.uniform(20, 60))
        repaired = replace(sketch, outcomes=PASS, title=f"Revert “{sketch.title}”" if sketch.outcomes == FAIL else "")
        yield from hurried(repaired, numbers.next(plan), begins, rng.uniform(*HURRY_S))


def hurried(sketch: Sketch, number: int, begins: datetime, seconds: float) -> Iterator[Telling]:
    """A run told from `begins` on within these seconds, that has taken its full time when it ends."""
    rehearsal = play(replace(sketch, created_at=begins), number)
    length = rehearsal.completed_at - rehearsal.created_at
    begun_at = begins + timedelta(seconds=seconds) - length
    run = play(replace(sketch, created_at=begun_at), number)
    for telling in TELL[sketch.plan.provider](run, whole=True):
        yield replace(telling, at=begins + timedelta(seconds=seconds) * ((telling.at - begun_at) / length))
