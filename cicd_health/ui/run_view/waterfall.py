"""The jobs of an attempt on one scale of time: waiting, then working, their steps below. Plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cicd_health.model.runs import FAILED, Outcome
from cicd_health.store.lists import Row
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.routes import AskedRun
from cicd_health.ui.rows import BY_NAME, outcome_mark
from cicd_health.ui.run_view.story import Story

MANY = 24  # jobs, beyond which those that failed come first
STEPS = 60  # a job's steps that are shown
LEAST = 0.4  # per cent of the scale that the shortest bar takes
TICKS = 3
NICE_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a stretch of time stands on the scale, as CSS lengths; empty when there is nothing to draw."""

    left: str = ""
    width: str = ""


@dataclass(frozen=True, slots=True)
class StepLine:
    key: str
    name: str
    mark: str
    tone: str
    duration: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class JobLine:
    """`words` stands in place of a duration: skipped, queued. `href` chooses the job."""

    key: str
    name: str
    mark: str
    tone: str
    duration: str
    words: str
    wait: Bar
    work: Bar
    href: str
    chosen: bool = False
    failed: bool = False
    steps: list[StepLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tick:
    text: str
    left: str


@dataclass(frozen=True, slots=True)
class Waterfall:
    summary: str = ""
    ticks: list[Tick] = field(default_factory=list)
    jobs: list[JobLine] = field(default_factory=list)
    order: str = ""
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    start: datetime
    end: datetime

    def bar(self, first: datetime | None, last: datetime | None) -> Bar:
        if first is None or last is None:
            return Bar()
        whole = max((self.end - self.start).total_seconds(), 1.0)
        left = min(max((first - self.start).total_seconds() / whole * 100, 0.0), 100 - LEAST)
        right = min(max((last - self.start).total_seconds() / whole * 100, left), 100.0)
        return Bar(f"{left:.2f}%", f"{max(right - left, LEAST):.2f}%")


def waterfall(story: Story, asked: AskedRun, chosen: Row | None) -> Waterfall:
    if not story.jobs:
        return Waterfall(nothing=_nothing(story))
    scale = _scale(story)
    jobs = sorted(story.jobs, key=_urgency) if len(story.jobs) > MANY else story.jobs
    return Waterfall(
        summary=_summary(story.jobs),
        ticks=_ticks(scale),
        jobs=[_job(job, story, scale, asked, chosen) for job in jobs],
        order="failed first" if len(story.jobs) > MANY else "",
    )


def _nothing(story: Story) -> str:
    if story.outcome is Outcome.STARTUP_FAILURE:
        return "No job was started."
    if story.run["provider"] == "jenkins":
        return "This build has no stages."
    return "No jobs yet." if story.attempt["completed_at"] is None else "Its jobs are not known."


def _urgency(job: Row) -> int:
    """What failed, then what runs or waits, then what ended."""
    return 0 if Outcome(job["outcome"]) in FAILED else 1 if job["completed_at"] is None else 2


def _scale(story: Story) -> Scale:
    """From the first job's creation to the last one's end, or to now. What a re-run took over counts from its start."""
    asked_at = story.attempt["started_at"] or story.run["created_at"]
    own = [job for job in story.jobs if not _before(job, asked_at)] or list(story.jobs)
    begun = [moment for job in own if (moment := job["created_at"] or job["started_at"]) is not None]
    ended = [job["completed_at"] or story.now for job in own if job["started_at"] is not None]
    start = min(begun, default=asked_at)
    return Scale(start, max([start, *ended]))


def _before(job: Row, moment: datetime) -> bool:
    ended = job["completed_at"]
    return ended is not None and ended < moment


def _ticks(scale: Scale) -> list[Tick]:
    """0, round times between, and the length of the whole at the right end."""
    whole = (scale.end - scale.start).total_seconds()
    every = next((nice for nice in NICE_S if whole / nice <= TICKS), NICE_S[-1])
    inside = [tick for tick in range(every, int(whole), every) if tick < whole * 0.8][: TICKS + 1]
    ticks = [Tick("0", "0%"), *(Tick(text.duration(tick), f"{tick / whole * 100:.1f}%") for tick in inside)]
    return [*ticks, Tick(text.duration(whole), "100%")] if whole >= 1 else ticks


def _job(job: Row, story: Story, scale: Scale, asked: AskedRun, chosen: Row | None) -> JobLine:
    outcome = Outcome(job["outcome"])
    mark = outcome_mark(outcome)
    ran = outcome is not Outcome.SKIPPED
    started, ended = job["started_at"], job["completed_at"] or story.now
    return JobLine(
        key=str(job["id"]),
        name=job["name"],
        mark=mark,
        tone=BY_NAME[mark].tone,
        duration=_took(job, story.now) if ran and started else "",
        words="" if ran and started else BY_NAME[mark].word.lower(),
        wait=scale.bar(job["created_at"], started or ended) if ran else Bar(),
        work=scale.bar(started, ended) if ran and started else Bar(),
        href=routes.run(story.run["id"], AskedRun(attempt=asked.attempt, job=job["id"])),
        chosen=chosen is not None and job["id"] == chosen["id"],
        failed=outcome in FAILED,
        steps=[_step(step, job, story.now, scale) for step in story.steps.get(job["id"], ())[:STEPS]],
    )


def _step(step: Row, job: Row, now: datetime, scale: Scale) -> StepLine:
    mark = outcome_mark(Outcome(step["outcome"]))
    started = step["started_at"]
    ended = step["completed_at"] or (now if job["completed_at"] is None else None)
    skipped = step["outcome"] == Outcome.SKIPPED
    return StepLine(
        key=f"{job['id']}-{step['number']}",
        name=step["name"],
        mark=mark,
        tone=BY_NAME[mark].tone,
        duration="skipped" if skipped else _took(step, now) if started else "",
        bar=Bar() if skipped else scale.bar(started, ended),
    )


def _took(row: Row, now: datetime) -> str:
    if row["completed_at"] is None and row["started_at"] is not None:
        return text.duration(max(0.0, (now - row["started_at"]).total_seconds()))
    return text.duration(row["duration_s"])


def _summary(jobs: Sequence[Row]) -> str:
    """`5 passed, 1 failed, 2 skipped`."""
    counts = Counter(_group(Outcome(job["outcome"])) for job in jobs)
    return ", ".join(f"{counts[word]} {word}" for word in dict.fromkeys(GROUPS.values()) if counts[word])


GROUPS = {
    Outcome.SUCCESS: "passed",
    Outcome.FAILURE: "failed",
    Outcome.RUNNING: "running",
    Outcome.QUEUED: "queued",
    Outcome.WAITING: "waiting",
    Outcome.CANCELLED: "cancelled",
    Outcome.SKIPPED: "skipped",
}


def _group(outcome: Outcome) -> str:
    return "failed" if outcome in FAILED else GROUPS.get(outcome, "skipped")
