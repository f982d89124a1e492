"""How one run goes, second by second: its attempts, jobs and steps, planned before they happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from cicd_health.demo.company import JobPlan, PipelinePlan

WITHOUT_JOBS = frozenset({"startup_failure", "action_required"})
BROKEN = frozenset({"failure", "timed_out", "unstable", "startup_failure"})
TIME_LIMIT_S = 3600


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    outcome: str
    started_at: datetime
    completed_at: datetime


@dataclass(frozen=True, slots=True)
class Job:
    """`approved_at`: it waited until then for somebody's approval, from its creation on."""

    name: str
    place: int  # in its attempt, from 0
    outcome: str
    created_at: datetime
    started_at: datetime
    completed_at: datetime
    label: str
    steps: tuple[Step, ...]
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """`created_at` is when somebody asked for it, `started_at` when its first job started."""

    number: int
    outcome: str
    created_at: datetime
    started_at: datetime
    completed_at: datetime
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Run:
    plan: PipelinePlan
    number: int
    title: str
    branch: str
    sha: str
    actor: str
    event: str
    pull_request: int | None
    attempts: tuple[Attempt, ...]

    @property
    def created_at(self) -> datetime:
        return self.attempts[0].created_at

    @property
    def completed_at(self) -> datetime:
        return self.attempts[-1].completed_at

    @property
    def id(self) -> int:
        """Unique among the runs of a repository, as no two runs of one pipeline begin in the same second."""
        return int(self.created_at.timestamp()) * 10 + sum(self.plan.name.encode()) % 10


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is special about a run: seconds added to steps by name, factors of speed and queue, where it breaks.

    `wait_s` is the exact wait for a runner; `approval_s` how long a job that needs one waits for its approval:
    None when there is nothing to approve, and the job is skipped.
    """

    slower: Mapping[str, int] = field(default_factory=dict)
    pace: float = 1.0
    queue: float = 1.0
    wait_s: int | None = None
    break_at: tuple[str, str] | None = None
    approval_s: int | None = None
    cancelled_after_s: int | None = None
    rerun_after_s: int | None = None


def rehearse(
    plan: PipelinePlan, rng: Random, created_at: datetime, outcomes: Sequence[str], special: Conditions
) -> tuple[Attempt, ...]:
    """The attempts of one run with these outcomes, the later ones asked for some minutes after the one before."""
    attempts: list[Attempt] = []
    asked_at = created_at.replace(microsecond=0)
    for number, outcome in enumerate(outcomes, start=1):
        passed = {job.name for job in attempts[-1].jobs if job.outcome == "success"} if attempts else set()
        jobs = [job for job in plan.jobs if job.name not in passed] if outcome not in WITHOUT_JOBS else []
        attempts.append(_attempt(number, outcome, asked_at, jobs, plan, rng, special))
        wait = special.rerun_after_s or rng.randint(90, 1500)
        asked_at = attempts[-1].completed_at + timedelta(seconds=wait)
    return tuple(attempts)


def _attempt(
    number: int,
    outcome: str,
    asked_at: datetime,
    plans: Sequence[JobPlan],
    plan: PipelinePlan,
    rng: Random,
    special: Conditions,
) -> Attempt:
    pace = special.pace * rng.lognormvariate(0, 0.08)
    breaks = special.break_at or rng.choices(plan.breaks, weights=[8, 2, 1][: len(plan.breaks)])[0]
    if breaks[0] not in {job.name for job in plans} and plans:
        breaks = (plans[-1].name, plans[-1].steps[-1][0])
    done: dict[str, Job] = {}
    for place, job in enumerate(plans):
        parents = [done[name] for name in job.needs if name in done]
        ready = max([asked_at, *(parent.completed_at for parent in parents)])
        blocked = any(parent.outcome != "success" for parent in parents)
        if outcome == "skipped" or blocked or (job.approval and special.approval_s is None):
            done[job.name] = Job(job.name, place, "skipped", ready, ready, ready, job.runner, ())
            continue
        fails = outcome if outcome in BROKEN and job.name == breaks[0] else None
        done[job.name] = _job(job, place, ready, pace * rng.lognormvariate(0, 0.03), fails, breaks[1], rng, special)
    jobs = tuple(done.values())
    if outcome == "cancelled":
        jobs = _cut(jobs, asked_at + timedelta(seconds=special.cancelled_after_s or rng.randint(20, 150)))
    started = [job.started_at for job in jobs if job.outcome != "skipped"]
    ended = max([asked_at + timedelta(seconds=2), *(job.completed_at for job in jobs)])
    return Attempt(number, outcome, asked_at, min(started, default=asked_at), ended, jobs)


def _job(
    plan: JobPlan,
    place: int,
    ready: datetime,
    pace: float,
    fails: str | None,
    at: str,
    rng: Random,
    special: Conditions,
) -> Job:
    approved_at = ready + timedelta(seconds=special.approval_s) if plan.approval and special.approval_s else None
    wait = 2 + special.queue * rng.expovariate(1 / plan.queue_s) if special.wait_s is None else special.wait_s
    started_at = (approved_at or ready) + timedelta(seconds=int(wait))
    steps: list[Step] = []
    moment, broken = started_at, False
    for name, usual_s in plan.steps:
        seconds = usual_s * pace + special.slower.get(name, 0)
        outcome = "success"
        if fails and name == at:
            seconds, outcome = (TIME_LIMIT_S, "cancelled") if fails == "timed_out" else (seconds * 0.85, "failure")
        if broken:
            seconds, outcome = 0, "skipped"
        end = moment + timedelta(seconds=int(seconds))
        steps.append(Step(name, outcome, moment, end))
        broken = broken or outcome != "success"
        moment = end
    return Job(plan.name, place, fails or "success", ready, started_at, moment, plan.runner, tuple(steps), approved_at)


def _cut(jobs: Sequence[Job], at: datetime) -> tuple[Job, ...]:
    """The jobs as they are when everything is cancelled at this moment; those not yet created never were."""
    cut = []
    for job in jobs:
        if job.completed_at <= at:
            cut.append(job)
        elif job.created_at <= at:
            steps = tuple(step for step in job.steps if step.completed_at <= at)
            cut.append(
                Job(job.name, job.place, "cancelled", job.created_at, min(job.started_at, at), at, job.label, steps)
            )
    return tuple(cut)
