"""What stands below a run's log: against the last green, this failure elsewhere, alerts sent. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo

from cicd_health.model.runs import FAILED, Outcome
from cicd_health.store.lists import Row
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.alerts_view.incidents import mark_of, state_words
from cicd_health.ui.format import Delta
from cicd_health.ui.routes import AskedAlerts, AskedFailures
from cicd_health.ui.rows import Mark, outcome_mark
from cicd_health.ui.run_view.said import against as changed
from cicd_health.ui.run_view.said import number
from cicd_health.ui.run_view.story import ELSEWHERE, Story
from cicd_health.ui.run_view.verdict import between

KINDS = {"opened": "opened", "still": "still failing", "resolved": "recovered", "digest": "digest", "test": "test"}
SEND_MARKS = {"sent": "success", "failed": "failure", "queued": "queued", "sending": "running"}


@dataclass(frozen=True, slots=True)
class Compared:
    label: str
    value: str
    delta: Delta = field(default_factory=lambda: Delta(""))


@dataclass(frozen=True, slots=True)
class Against:
    """`green` names the run that is compared with; empty when there is none."""

    green: str = ""
    href: str = ""
    lines: list[Compared] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sighting:
    """The same failure in one run; `words` marks this run and the first."""

    key: str
    mark: str
    name: str
    number: str
    when: str
    exact: str
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    signature: str = ""
    href: str = ""  # the kind of failure, open, among all
    rows: list[Sighting] = field(default_factory=list)
    more: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    key: str
    mark: str
    text: str
    when: str
    exact: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An incident of the run; `state` is its own word, `said` the words for people."""

    key: str
    mark: Mark
    title: str
    rule: str
    state: str
    said: str
    href: str


@dataclass(frozen=True, slots=True)
class Alerts:
    summary: str = ""
    incidents: list[AlertLine] = field(default_factory=list)
    rows: list[Message] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Aside:
    against: Against = field(default_factory=Against)
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    alerts: Alerts = field(default_factory=Alerts)


def aside(story: Story, zone: tzinfo) -> Aside:
    return Aside(against(story, zone), elsewhere(story, zone), alerts(story, zone))


def against(story: Story, zone: tzinfo) -> Against:
    if story.green is None or story.outcome not in FAILED:
        return Against()
    green = story.green
    lines = []
    if story.outcome is not Outcome.STARTUP_FAILURE:  # it did nothing, however long that took
        lines.append(_durations("Duration of the run", green.run["duration_s"], story.attempt["duration_s"]))
    if story.failing is not None and green.job is not None:
        lines.append(_durations(story.failing["name"], green.job["duration_s"], story.failing["duration_s"]))
    if story.failing_step is not None:
        lines.append(_durations(story.failing_step["name"], green.step_s, story.failing_step["duration_s"]))
    commits = len(between(story))
    if commits:
        lines.append(Compared("Commits between", text.count(commits)))
    ended = green.run["completed_at"] or green.run["created_at"]
    return Against(
        green=f"{number(green.run)}, {text.moment(ended, story.now, zone)}",
        href=routes.run(green.run["id"]),
        lines=[line for line in lines if line.value],
    )


def _durations(label: str, before: float | None, after: float | None) -> Compared:
    """Left out when either was not measured."""
    if before is None or after is None:
        return Compared(label, "")
    return Compared(label, f"{text.duration(before)} → {text.duration(after)}", changed(after, before, Outcome.FAILURE))


def elsewhere(story: Story, zone: tzinfo) -> Elsewhere:
    signature = story.signature
    if not signature or story.outcome not in FAILED:
        return Elsewhere()
    listed = list(story.elsewhere[:ELSEWHERE])
    all_known = len(story.elsewhere) <= ELSEWHERE
    return Elsewhere(
        signature=signature[:8],
        href=routes.failures(AskedFailures("90d", q=signature, signature=signature)),
        rows=[_sighting(run, story, zone, first=all_known and run is listed[-1]) for run in listed],
        more=_beyond(listed, all_known=all_known),
    )


def _beyond(listed: list[Row], *, all_known: bool) -> str:
    if not listed:
        return "No run ended with it in the last 90 days."
    return "" if all_known else f"The newest {ELSEWHERE} are shown."


def _sighting(run: Row, story: Story, zone: tzinfo, *, first: bool) -> Sighting:
    this = run["id"] == story.run["id"]
    ended = run["completed_at"] or run["created_at"]
    return Sighting(
        key=str(run["id"]),
        mark=outcome_mark(Outcome(run["outcome"])),
        name=run["pipeline"] if run["repo"] == story.run["repo"] else f"{run['repo']} {run['pipeline']}",
        number=number(run),
        when=text.moment(ended, story.now, zone),
        exact=text.exact(ended, zone),
        words=", ".join(word for word, holds in (("this run", this), ("first", first)) if holds),
        href="" if this else routes.run(run["id"]),
    )


def alerts(story: Story, zone: tzinfo) -> Alerts:
    if not story.incidents:
        quiet = story.run["quiet"] and story.outcome in FAILED
        return Alerts(note="History: this run arrived late, so nobody was told." if quiet else "No alert.")
    incident = story.incidents[0]
    open_now = incident["resolved_at"] is None
    note = "" if story.notifications else "No message was sent: no channel takes it."
    if open_now and story.notifications:
        note = "One message when it recovers."
    return Alerts(
        summary=f"incident {incident['id']}, {incident['state']}",
        incidents=[_alert(row, zone, story) for row in story.incidents],
        rows=[_message(row, zone, story) for row in story.notifications],
        note=note,
    )


def _alert(row: Row, zone: tzinfo, story: Story) -> AlertLine:
    return AlertLine(
        key=str(row["id"]),
        mark=mark_of(row),
        title=row["title"],
        rule=row["rule_name"],
        state=row["state"],
        said=state_words(row, story.now, zone),
        href=routes.alerts(AskedAlerts(incident=str(row["id"]))),
    )


def _message(row: Row, zone: tzinfo, story: Story) -> Message:
    said_at = row["sent_at"] or row["created_at"]
    state = "" if row["state"] == "sent" else f", {row['state']}"
    return Message(
        key=str(row["id"]),
        mark=SEND_MARKS.get(row["state"], "unknown"),
        text=f"{row['channel_name']}, {KINDS.get(row['kind'], row['kind'])}{state}",
        when=f"{said_at.astimezone(zone):%H:%M:%S}",
        exact=text.exact(said_at, zone),
        error=row["error"] or "",
    )
