"""What happened to a run, in a sentence, and what one should know beside it. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from cicd_health.model.runs import FAILED, VERDICTS, Outcome
from cicd_health.store.lists import Row
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.rows import outcome_mark
from cicd_health.ui.run_view.said import (
    Said,
    at,
    branch,
    code,
    failed,
    link,
    number,
    plain,
    provider,
    sentences,
    strong,
)
from cicd_health.ui.run_view.story import Story

SUSPECTS = 6
LONGEST_CAUSE = 300
FAILED_WORDS = {
    Outcome.FAILURE: "Failed",
    Outcome.TIMED_OUT: "Timed out",
    Outcome.UNSTABLE: "Unstable",
    Outcome.STARTUP_FAILURE: "Could not start",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`mark` is the name of the outcome's mark."""

    mark: str = ""
    cause: list[Said] = field(default_factory=list)
    context: list[Said] = field(default_factory=list)


def verdict(story: Story, zone: tzinfo) -> Verdict:
    outcome = story.outcome
    rescued = outcome is Outcome.SUCCESS and story.run["first_outcome"] in FAILED and story.attempt["attempt"] > 1
    if outcome in FAILED:
        parts = _failed(story), sentences(_around_failure(story, zone))
    elif outcome is Outcome.SUCCESS:
        parts = _passed(story), sentences(_around_success(story, zone))
    else:
        parts = _other(story, zone), _usual(story)
    return Verdict(outcome_mark(outcome, rescued), *parts)


def _failed(story: Story) -> list[Said]:
    words = FAILED_WORDS[story.outcome]
    if story.outcome is Outcome.STARTUP_FAILURE and not story.jobs:
        return [plain(f"The workflow file was refused, so no job was started. {provider(story)} says why on its page.")]
    if story.failing is None:
        said = [plain(words)]
    else:
        said = [plain(f"{words} in "), code(story.failing["name"])]
        if story.failing_step is not None:
            said.append(plain(f", step “{story.failing_step['name']}”"))
    if story.cause:
        cause = story.cause if len(story.cause) <= LONGEST_CAUSE else story.cause[:LONGEST_CAUSE] + "…"
        return [*said, plain(": "), code(cause)]
    return [*said, plain(".")]


def _around_failure(story: Story, zone: tzinfo) -> list[list[Said]]:
    return [_streak(story, zone), _attempts(story), _last_green(story, zone)]


def _streak(story: Story, zone: tzinfo) -> list[Said]:
    """`The same failure in the last 4 runs of main, since #4311 at 09:54, 47 min ago.`"""
    older = [run for run in story.before if Outcome(run["outcome"]) in VERDICTS]
    alike: list[Row] = []
    for run in older:
        if not failed(run) or (story.signature and run["signature"] != story.signature):
            break
        alike.append(run)
    if not alike:
        return _first(story, older)
    first = alike[-1]
    began = first["completed_at"] or first["created_at"]
    alike_runs = f"the last {len(alike) + 1} runs of "
    return [
        plain(f"The same failure in {alike_runs}" if story.signature else alike_runs.capitalize()),
        strong(branch(story)),
        plain(", since " if story.signature else " failed, since "),
        link(number(first), routes.run(first["id"])),
        plain(f" {at(began, story.now, zone)}, {text.age(began, story.now)}."),
    ]


def _first(story: Story, older: Sequence[Row]) -> list[Said]:
    if not older:
        return []
    if failed(older[0]):
        return [
            plain("The run before, "),
            link(number(older[0]), routes.run(older[0]["id"])),
            plain(", failed otherwise."),
        ]
    return [plain("The run before passed.")]


def _attempts(story: Story) -> list[Said]:
    """Whether a re-run helped, or failed alike."""
    if len(story.attempts) < 2:
        return []
    if story.run["outcome"] == Outcome.SUCCESS:
        return [plain("A later attempt passed: flaky.")]
    ended = [attempt for attempt in story.attempts if Outcome(attempt["outcome"]) in VERDICTS]
    if len(ended) < 2 or not all(failed(attempt) for attempt in ended):
        return []
    who = "Both attempts" if len(ended) == 2 else f"All {len(ended)} attempts"
    firsts = {}
    for job in story.failures:
        firsts.setdefault(job["attempt"], (job["name"], job["signature"]))
    alike = len(set(firsts.values())) == 1
    return [plain(f"{who} failed alike: not flaky." if alike else f"{who} failed, not alike.")]


def _last_green(story: Story, zone: tzinfo) -> list[Said]:
    if story.green is None:
        return [plain("No green run of it is known.")] if story.before else []
    green = story.green.run
    ended = green["completed_at"] or green["created_at"]
    said = [
        plain("Last green: "),
        link(number(green), routes.run(green["id"])),
        plain(f" {at(ended, story.now, zone)}"),
    ]
    suspects = between(story)
    if not suspects:
        return [*said, plain(".")]
    said.append(plain("; suspects" if len(suspects) > 1 else "; suspect"))
    for run in suspects[:SUSPECTS]:
        said += [plain(" "), link(run["sha"][:7], routes.run(run["id"]))]
    more = len(suspects) - SUSPECTS
    return [*said, plain(f" and {text.counted(more, 'more commit')}." if more > 0 else ".")]


def between(story: Story) -> list[Row]:
    """The runs that brought a new commit since the last green one, this one included, oldest first."""
    if story.green is None:
        return []
    green = story.green.run
    since = []
    for run in story.before:
        if run["id"] == green["id"]:
            break
        since.append(run)
    else:
        since = []  # it ran on another branch
    first_of: dict[str, Row] = {}
    for run in [*reversed(since), story.run]:
        if run["sha"] and run["sha"] != green["sha"]:
            first_of.setdefault(run["sha"], run)
    return list(first_of.values())


def _passed(story: Story) -> list[Said]:
    number_of = story.attempt["attempt"]
    took = story.attempt["duration_s"]
    duration = f" in {text.duration(took)}" if took is not None else ""
    if number_of > 1 and story.run["first_outcome"] in FAILED:
        first = next((job for job in story.failures if job["attempt"] == 1), None)
        words = [plain(f"Passed at attempt {number_of}{duration}: attempt 1 failed")]
        return [*words, plain(" in "), code(first["name"]), plain(".")] if first else [*words, plain(".")]
    return [plain(f"Passed{duration}.")]


def _around_success(story: Story, zone: tzinfo) -> list[list[Said]]:
    said = []
    older = [run for run in story.before if Outcome(run["outcome"]) in VERDICTS]
    red = []
    for run in older:
        if not failed(run):
            break
        red.append(run)
    if red:
        began = red[-1]["completed_at"] or red[-1]["created_at"]
        ended = story.attempt["completed_at"] or story.now
        runs = text.counted(len(red), "failed run")
        said.append(
            [
                plain(f"It repaired {branch(story)} after {runs}, red since "),
                link(number(red[-1]), routes.run(red[-1]["id"])),
                plain(f", for {text.span((ended - began).total_seconds())}."),
            ]
        )
    elif story.attempt["attempt"] > 1 and story.run["first_outcome"] in FAILED:
        said.append([plain("The same commit failed and then passed: flaky.")])
    return [*said, _usual(story)]


def _usual(story: Story) -> list[Said]:
    usual = story.usual_s
    return [plain(f"A green run usually takes {text.duration(usual)}.")] if usual is not None else []


def _other(story: Story, zone: tzinfo) -> list[Said]:
    attempt, now = story.attempt, story.now
    since = attempt["started_at"] or story.run["created_at"]
    until = attempt["completed_at"] or now
    length = text.duration(max(0.0, (until - since).total_seconds()))
    raw = attempt["raw_conclusion"] or attempt["raw_status"] or "nothing"
    said = {
        Outcome.RUNNING: f"Running for {length}",
        Outcome.QUEUED: f"Queued for {text.span((now - story.run['created_at']).total_seconds())}: not started yet.",
        Outcome.WAITING: f"Waiting since {text.moment(since, now, zone)}: somebody has to let it go on.",
        Outcome.ACTION_REQUIRED: f"{provider(story)} wants somebody to approve it before it runs.",
        Outcome.CANCELLED: f"Cancelled after {length}.",
        Outcome.SUPERSEDED: f"Cancelled after {length}: a newer run of {branch(story)} had taken its place.",
        Outcome.SKIPPED: "Skipped: no job had anything to do.",
        Outcome.NEUTRAL: "Ended neither green nor red.",
        Outcome.STALE: f"{provider(story)} gave it up: it never ended.",
        Outcome.UNKNOWN: f"How it ended is not known: {provider(story)} said “{raw}”.",
    }[story.outcome]
    return [plain(said), *_progress(story)] if story.outcome is Outcome.RUNNING else [plain(said)]


def _progress(story: Story) -> list[Said]:
    if not story.jobs:
        return [plain(".")]
    done = sum(job["completed_at"] is not None for job in story.jobs)
    said = [plain(f": {done} of {text.counted(len(story.jobs), 'job')} done")]
    running = next((job for job in story.jobs if job["outcome"] == Outcome.RUNNING), None)
    said += [plain(", now "), code(running["name"])] if running is not None else []
    if story.failing is not None:
        said += [plain("; failed already in "), code(story.failing["name"])]
    return [*said, plain(".")]
