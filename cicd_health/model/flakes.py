"""Flaky: the same pipeline, job and commit failed, then passed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(days=14)
CONFIRMED = 3  # commits in the window; fewer are a suspicion
CLEARED = 5  # clean commits since
BROKEN = 0.5  # failing more often than this is broken, not flaky


@dataclass(frozen=True, slots=True)
class CommitVerdict:
    """One verdict of one job (None: of the run itself) on one commit."""

    pipeline_id: int
    job: str | None
    sha: str
    passed: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Flake:
    """A job that fails and passes on the same commit; `since` is the first such failure in the window."""

    pipeline_id: int
    job: str | None
    commits: int
    since: datetime


def confirmed(verdicts: Iterable[CommitVerdict]) -> dict[int, Flake]:
    """The flakiest job of each pipeline that has a confirmed one. Verdicts are those of the last 14 days."""
    by_job: dict[tuple[int, str | None], list[CommitVerdict]] = {}
    for verdict in sorted(verdicts, key=lambda verdict: verdict.at):
        by_job.setdefault((verdict.pipeline_id, verdict.job), []).append(verdict)
    flakes: dict[int, Flake] = {}
    for of_job in by_job.values():
        flake = _flake(of_job)
        if flake and (flake.pipeline_id not in flakes or flake.commits > flakes[flake.pipeline_id].commits):
            flakes[flake.pipeline_id] = flake
    return flakes


def _flake(verdicts: list[CommitVerdict]) -> Flake | None:
    if sum(not verdict.passed for verdict in verdicts) > BROKEN * len(verdicts):
        return None
    by_commit: dict[str, list[CommitVerdict]] = {}
    for verdict in verdicts:
        by_commit.setdefault(verdict.sha, []).append(verdict)
    flaky = [passed_at for of_commit in by_commit.values() if (passed_at := _passed_after_failure(of_commit))]
    if len(flaky) < CONFIRMED:
        return None
    last = max(passed_at for _, passed_at in flaky)
    clean = sum(all(v.passed for v in of_commit) and of_commit[0].at > last for of_commit in by_commit.values())
    if clean >= CLEARED:
        return None
    return Flake(verdicts[0].pipeline_id, verdicts[0].job, len(flaky), min(failed_at for failed_at, _ in flaky))


def _passed_after_failure(verdicts: list[CommitVerdict]) -> tuple[datetime, datetime] | None:
    """When the commit first failed and when it then passed; None when it did not."""
    failed_at = next((verdict.at for verdict in verdicts if not verdict.passed), None)
    if failed_at is None:
        return None
    passed_at = next((verdict.at for verdict in verdicts if verdict.passed and verdict.at > failed_at), None)
    return (failed_at, passed_at) if passed_at else None
