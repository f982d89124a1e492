"""The head of a run's page: what it is, its facts in a line, its attempts. Plain Python."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from cicd_health.model.runs import VERDICTS, Outcome
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.format import Delta
from cicd_health.ui.routes import AskedPipelines, AskedRun
from cicd_health.ui.rows import BY_NAME, outcome_mark, provider_label
from cicd_health.ui.run_view.said import against
from cicd_health.ui.run_view.story import Story

EVENTS = {"pull_request": "pull request", "workflow_dispatch": "started by hand", "schedule": "schedule"}


@dataclass(frozen=True, slots=True)
class Crumb:
    """`below` something: all but the first."""

    text: str
    href: str = ""
    below: bool = True


@dataclass(frozen=True, slots=True)
class Fact:
    """`kind` is code, branch, link or empty; `delta` stands behind a duration."""

    label: str
    value: str
    kind: str = ""
    title: str = ""
    href: str = ""
    delta: Delta = field(default_factory=lambda: Delta(""))


@dataclass(frozen=True, slots=True)
class Tab:
    number: int
    mark: str
    duration: str
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Head:
    """`url` is the provider's own page; `compare` leads to the same page with new lines only, and back."""

    crumbs: list[Crumb] = field(default_factory=list)
    title: str = ""
    mark: str = ""
    number: str = ""
    url: str = ""
    provider: str = ""
    facts: list[Fact] = field(default_factory=list)
    tabs: list[Tab] = field(default_factory=list)
    compare: str = ""
    comparing: bool = False
    notice: str = ""


def head(story: Story, asked: AskedRun, zone: tzinfo) -> Head:
    run = story.run
    numbered = f"#{run['number']}" if run["number"] is not None else run["external_id"]
    compare = routes.run(run["id"], AskedRun(asked.attempt, asked.job, q=asked.q, new=not asked.new))
    missing = story.missing_attempt
    return Head(
        crumbs=_crumbs(story, numbered),
        title=run["title"] or f"{run['pipeline']} {numbered}",
        mark=outcome_mark(story.outcome),
        number=numbered + (f", attempt {story.attempt['attempt']}" if len(story.attempts) > 1 else ""),
        url=text.web_address(story.attempt.get("url") or run["url"]),
        provider=provider_label(run["provider"]),
        facts=facts(story, zone),
        tabs=_tabs(story) if len(story.attempts) > 1 else [],
        compare=compare if asked.new or (story.green is not None and story.failing is not None) else "",
        comparing=asked.new,
        notice=f"There is no attempt {missing}; this is attempt {story.attempt['attempt']}." if missing else "",
    )


def tab_title(story: Story) -> str:
    """What the browser's tab says: `ci #4387 · failure`."""
    run = story.run
    numbered = f"#{run['number']}" if run["number"] is not None else run["external_id"]
    return f"{run['pipeline']} {numbered} · {BY_NAME[outcome_mark(story.outcome)].word.lower()}"


def _crumbs(story: Story, numbered: str) -> list[Crumb]:
    run = story.run
    repo = run["repo"] or provider_label(run["provider"])
    of_repo = routes.pipelines(AskedPipelines(provider=run["provider"], repo=run["repo"])) if run["repo"] else ""
    return [
        Crumb("Pipelines", routes.PIPELINES, below=False),
        Crumb(repo, of_repo),
        Crumb(run["pipeline"], routes.pipeline(run["pipeline_id"])),
        Crumb(numbered),
    ]


def facts(story: Story, zone: tzinfo) -> list[Fact]:
    run, attempt = story.run, story.attempt
    listed = [
        Fact("Branch", run["branch"] or "", "branch"),
        Fact("Commit", (run["sha"] or "")[:7], "code", title=run["sha"] or ""),
        Fact("Author", run["actor"] or ""),
        Fact("Trigger", _trigger(story)),
        _started(attempt["started_at"] or (run["created_at"] if attempt["attempt"] == 1 else None), zone),
        _duration(story),
        Fact("Queue", text.duration(attempt["queue_s"]) if attempt["queue_s"] is not None else ""),
        Fact("Runner", _runner(story)),
        Fact("Alert", _alert(story)),
    ]
    return [fact for fact in listed if fact.value]


def _trigger(story: Story) -> str:
    event = story.run["event"] or ""
    words = EVENTS.get(event, event.replace("_", " "))
    if story.run["pull_request"]:
        words += f" #{story.run['pull_request']}"
    again = story.attempt["attempt"] > 1
    return ", ".join(part for part in (words, "re-run" if again else "") if part)


def _started(at: datetime | None, zone: tzinfo) -> Fact:
    if at is None:
        return Fact("Started", "")
    local = at.astimezone(zone)
    said = f"{local:%a} {local.day} {local:%b %H:%M:%S}"
    return Fact("Started", said, title=f"{text.exact(at, zone)}, {text.offset(at, zone)}")


def _duration(story: Story) -> Fact:
    took = story.attempt["duration_s"]
    if story.outcome is Outcome.RUNNING:
        began = story.attempt["started_at"] or story.run["created_at"]
        return Fact("Duration", f"{text.duration((story.now - began).total_seconds())} so far")
    if took is None:
        return Fact("Duration", "")
    # A re-run may have been of some jobs only, and what was stopped says nothing about how long it takes.
    usual = story.usual_s if story.attempt["attempt"] == 1 and story.outcome in VERDICTS else None
    if usual is None:
        return Fact("Duration", text.duration(took))
    delta = against(took, usual, story.outcome)
    return Fact("Duration", text.duration(took), title=f"usually {text.duration(usual)}", delta=delta)


def _runner(story: Story) -> str:
    job = story.failing or next((job for job in story.jobs if job["runner"] or job["labels"]), None)
    if job is None:
        return ""
    labels = json.loads(job["labels"]) if job["labels"] else []
    return ", ".join(labels[:3]) or job["runner"] or ""


def _alert(story: Story) -> str:
    sent = {row["channel"] for row in story.notifications if row["state"] == "sent"}
    if sent:
        return f"sent to {text.counted(len(sent), 'channel')}"
    waiting = any(row["state"] in ("queued", "sending") for row in story.notifications)
    if waiting:
        return "being sent"
    return f"{story.incidents[0]['state']}, nobody told" if story.incidents else ""


def _tabs(story: Story) -> list[Tab]:
    return [
        Tab(
            number=attempt["attempt"],
            mark=outcome_mark(Outcome(attempt["outcome"])),
            duration=text.duration(attempt["duration_s"]) if attempt["duration_s"] is not None else "",
            href=routes.run(story.run["id"], AskedRun(attempt=attempt["attempt"])),
            chosen=attempt["attempt"] == story.attempt["attempt"],
        )
        for attempt in story.attempts
    ]
