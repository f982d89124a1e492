"""What a run waited for: the chain of jobs that determined when it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf

SLACK_S = (
    2.0  # providers round to the second, and runners' clocks differ: a job may seem to start before its cause ended
)


@dataclass(frozen=True, slots=True)
class Ran:
    """A job that ran, in seconds of any clock that its run's jobs share."""

    job_id: int
    name: str
    start: float
    end: float


@dataclass(slots=True)
class CriticalTime:
    """Of several runs: their time from first start to last end, and the seconds of it on the critical path."""

    runs: int = 0
    total_s: float = 0.0
    by_name: dict[str, float] = field(default_factory=dict)
    by_job: dict[int, float] = field(default_factory=dict)

    def share(self, seconds: float) -> float | None:
        """A part of the runs' time, 0–1; None when there was none."""
        return seconds / self.total_s if self.total_s > 0 else None


def critical_path(jobs: Iterable[Ran]) -> list[tuple[Ran, float]]:
    """The jobs of one run that determined its end, first to last, each with its seconds on the way.

    From the job that ended last back to the one that ended last before it started, and so on. Whatever lies between
    two of them, waiting for a runner or a person, is nobody's. Where two overlap within the slack, the earlier one is
    counted up to the start of the later one. Jobs that end before they start are left out.
    """
    ran = [job for job in jobs if job.end >= job.start]
    chain: list[tuple[Ran, float]] = []
    until = inf
    while ran:
        # Of those that ended together the one that took longest; then by name, so that equal runs give equal paths.
        job = max(ran, key=lambda one: (min(one.end, until), -one.start, one.name, one.job_id))
        chain.append((job, min(job.end, until) - job.start))
        until = job.start
        ran = [one for one in ran if one.start < until and one.end <= until + SLACK_S]
    return chain[::-1]


def critical_time(runs: Iterable[Sequence[Ran]]) -> CriticalTime:
    """Of runs by their jobs; those in which nothing ran are not counted."""
    found = CriticalTime()
    for jobs in runs:
        path = critical_path(jobs)
        if not path:
            continue
        found.runs += 1
        found.total_s += path[-1][0].end - min(job.start for job in jobs if job.end >= job.start)
        for job, seconds in path:
            found.by_name[job.name] = found.by_name.get(job.name, 0.0) + seconds
            found.by_job[job.job_id] = found.by_job.get(job.job_id, 0.0) + seconds
    return found
