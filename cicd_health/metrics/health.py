"""What state a pipeline is in, and why, in words. Worst first: the first rule that holds decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cicd_health.metrics.words import code, seconds_in_words
from cicd_health.model.changes import ChangePoint
from cicd_health.model.flakes import Flake
from cicd_health.model.health import Distribution, HealthState
from cicd_health.model.runs import Outcome

FEW = 5  # verdicts in the window; below that nothing is said
ENOUGH_FOR_P95 = 20
ENOUGH_FOR_P50 = 5
SLOWER_SHARE, SLOWER_S = 0.20, 60.0
QUEUE_AT_LEAST = timedelta(minutes=5)
QUEUE_TIMES = 5
NOTHING = Distribution()
ENDED = {
    Outcome.TIMED_OUT: "timed out",
    Outcome.STARTUP_FAILURE: "could not start",
    Outcome.UNSTABLE: "was unstable",
}


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of one pipeline. The verdict and the streak are those of the branch that decides the state."""

    now: datetime
    last: Outcome | None = None
    in_a_row: int = 0
    failing_since: datetime | None = None
    failed_job: str | None = None
    failed_step: str | None = None
    waiting: int = 0
    oldest_waiting_at: datetime | None = None
    flake: Flake | None = None
    duration: Distribution = NOTHING
    duration_before: Distribution = NOTHING
    queue: Distribution = NOTHING
    verdicts: int = 0
    window_start: datetime | None = None
    change: ChangePoint | None = None  # of its durations, for the worse, in the window


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A state, its causes in words (names of jobs and steps between backticks), and since when."""

    state: HealthState
    why: tuple[str, ...] = ()
    since: datetime | None = None


def diagnose(signs: Signs) -> Diagnosis:
    """The worst state that holds."""
    if signs.last is not None and signs.last.failed:
        state = HealthState.UNSTABLE if signs.last is Outcome.UNSTABLE else HealthState.BROKEN
        return Diagnosis(state, _failing(signs), signs.failing_since)
    if signs.oldest_waiting_at is not None and signs.now - signs.oldest_waiting_at > patience(signs.queue):
        return Diagnosis(HealthState.QUEUE, _waiting(signs), signs.oldest_waiting_at)
    if signs.flake is not None:
        return Diagnosis(HealthState.FLAKY, _flaky(signs.flake), signs.flake.since)
    if signs.change is not None:
        return Diagnosis(HealthState.SLOWER, _slower(signs.change), signs.change.at)
    if slower(signs.duration, signs.duration_before):
        before, after = seconds_in_words(signs.duration_before.p95), seconds_in_words(signs.duration.p95)
        return Diagnosis(HealthState.SLOWER, (f"p95 {before} → {after}",), signs.window_start)
    return Diagnosis(HealthState.HEALTHY if signs.verdicts >= FEW else HealthState.FEW)


def patience(queue: Distribution) -> timedelta:
    """How long a job may wait before it is worth saying: five minutes, or five times what the slowest 5 % take."""
    return max(QUEUE_AT_LEAST, timedelta(seconds=QUEUE_TIMES * (queue.p95 or 0.0)))


def slower(now: Distribution, before: Distribution) -> bool:
    """p95 up 20 % and 60 s, with 20 runs or more on both sides."""
    p95, p95_before = reliable_p95(now), reliable_p95(before)
    if p95 is None or p95_before is None:
        return False
    return p95 >= p95_before * (1 + SLOWER_SHARE) and p95 - p95_before >= SLOWER_S


def reliable_p95(distribution: Distribution) -> float | None:
    """None below 20 values."""
    return distribution.p95 if distribution.n >= ENOUGH_FOR_P95 else None


def reliable_p50(distribution: Distribution) -> float | None:
    """None below 5 values."""
    return distribution.p50 if distribution.n >= ENOUGH_FOR_P50 else None


def _slower(change: ChangePoint) -> tuple[str, ...]:
    """From what to what, and the job and step that grew most. Since when is told beside it."""
    moved = f"p50 {seconds_in_words(change.before)} → {seconds_in_words(change.after)}"
    if change.blame is None:
        return (moved,)
    step = f", step {code(change.blame.step)}" if change.blame.step else ""
    return moved, f"job {code(change.blame.job)}{step}"


def _failing(signs: Signs) -> tuple[str, ...]:
    causes = [_streak(signs)]
    if signs.failed_job:
        step = f", step {code(signs.failed_step)}" if signs.failed_step else ""
        causes.append(f"job {code(signs.failed_job)}{step}")
    return tuple(causes)


def _streak(signs: Signs) -> str:
    """How many, and how the last one ended where "failed" does not say it."""
    ended = ENDED.get(signs.last) if signs.last else None
    if signs.in_a_row <= 1:
        return f"the last run {ended or 'failed'}"
    return f"{signs.in_a_row} in a row did not pass" + (f", the last {ended}" if ended else "")


def _waiting(signs: Signs) -> tuple[str, ...]:
    words_of_jobs = "1 job waits" if signs.waiting == 1 else f"{signs.waiting} jobs wait"
    usual = reliable_p95(signs.queue)
    usually = (f"95 % start within {seconds_in_words(usual)}",) if usual is not None else ()
    return (f"{words_of_jobs} for a runner", *usually)


def _flaky(flake: Flake) -> tuple[str, ...]:
    causes = [f"{flake.commits} commits in 14 days failed, then passed"]
    return (*causes, f"job {code(flake.job)}") if flake.job else tuple(causes)
