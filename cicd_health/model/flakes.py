"""Flaky: the same pipeline, job and commit failed, then passed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WINDOW = timedelta(days=14)
CONFIRMED = 3  # commits in the window; fewer are a suspicion
CLEARED = 5  # clean commits since
BROKEN = 0.5  # failing more often than this is broken, not flaky


@dataclass(frozen=True, slots=True)
class Trial:
    """One verdict of one job on one commit: in which run and attempt, and when it was known."""

    run_id: int
    attempt: int
    passed: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Flip:
    """The last time that a job failed and then passed on one commit: the first failure before, and that success."""

    failed_at: datetime
    passed_at: datetime
    run_id: int


@dataclass(frozen=True, slots=True)
class Flake:
    """A job that fails and passes on the same commit; `since` is the first such failure in the window."""

    pipeline_id: int
    job: str | None
    commits: int
    since: datetime


class FlakyState(StrEnum):
    """Confirmed: on 3 commits or more; suspected: on 1 or 2; broken: it fails more often than it passes."""

    CONFIRMED = "confirmed"
    SUSPECTED = "suspected"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class FlakyJob:
    """A job (None: the run itself, where runs have no jobs) that failed, then passed, on the same commit, in 14 days.

    `commits` of those; `failed` of `verdicts` in the 14 days; `clean` commits since the last such one.
    """

    pipeline_id: int
    pipeline: str
    repo: str
    provider: str
    job: str | None
    state: FlakyState
    commits: int
    verdicts: int
    failed: int
    clean: int
    first_at: datetime
    last_at: datetime
    run_ids: tuple[int, ...]  # latest first, 10 at most: where it failed and was passed on the same commit


def last_flip(trials: Iterable[Trial]) -> Flip | None:
    """Where a job last turned from failing to passing on a commit; None when it never did.

    The success is of another attempt or run than the failure: one attempt may have several jobs of one name.
    """
    ordered = sorted(trials, key=lambda trial: (trial.at, trial.run_id, trial.attempt))
    passed = [trial for trial in ordered if trial.passed]
    failed = [trial for trial in ordered if not trial.passed]
    flip: Flip | None = None
    for failure in failed:
        success = next((one for one in passed if one.at > failure.at and _another(one, failure)), None)
        if success is not None and (flip is None or success.at > flip.passed_at):
            flip = Flip(failure.at, success.at, success.run_id)
    return flip


def _another(trial: Trial, than: Trial) -> bool:
    return (trial.run_id, trial.attempt) != (than.run_id, than.attempt)


def judge(commits: int, verdicts: int, failed: int) -> FlakyState:
    """What a job with so many flaky commits in 14 days is, unless it is cleared."""
    if failed > BROKEN * verdicts:
        return FlakyState.BROKEN
    return FlakyState.CONFIRMED if commits >= CONFIRMED else FlakyState.SUSPECTED


def flakiest(jobs: Iterable[FlakyJob]) -> dict[int, Flake]:
    """The confirmed job with the most flaky commits of each pipeline that has one; of equal ones the longest so."""
    flakes: dict[int, Flake] = {}
    for job in sorted(jobs, key=lambda job: (-job.commits, job.first_at, job.job or "")):
        if job.state is FlakyState.CONFIRMED:
            flakes.setdefault(job.pipeline_id, Flake(job.pipeline_id, job.job, job.commits, job.first_at))
    return flakes
