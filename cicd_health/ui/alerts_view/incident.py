"""One incident in full: what it is about, what happened to it, and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from cicd_health.model.alerts import StepKind
from cicd_health.store.lists import Row
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.alerts_view import incidents, messages, words
from cicd_health.ui.alerts_view.messages import MessageRow
from cicd_health.ui.routes import AskedAlerts
from cicd_health.ui.rows import Mark

STEPS_SHOWN = 60
STEP_WORDS = {
    StepKind.OPENED: "Opened",
    StepKind.STILL: "Still failing",
    StepKind.ACKNOWLEDGED: "Acknowledged",
    StepKind.MUTED: "Muted",
    StepKind.UNMUTED: "Mute ended",
    StepKind.RESOLVED: "Resolved",
    StepKind.REOPENED: "Opened again",
}
STEP_TONES = {StepKind.OPENED: "fail", StepKind.REOPENED: "fail", StepKind.RESOLVED: "ok"}


@dataclass(frozen=True, slots=True)
class Fact:
    """`href` is where its value leads; empty for nowhere."""

    name: str
    value: str
    href: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    key: str
    tone: str
    text: str
    note: str
    when: str
    exact: str
    href: str


@dataclass(frozen=True, slots=True)
class Incident:
    """`key` is empty while none is open; `missing` says that there is no such."""

    key: str = ""
    title: str = ""
    mark: Mark = field(default_factory=lambda: Mark("", "", ""))
    state: str = ""
    said: str = ""
    reason: str = ""
    facts: list[Fact] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    close: str = ""
    missing: str = ""


def view(
    row: Row | None, steps: Sequence[Row], sent: Sequence[Row], asked: AskedAlerts, now: datetime, zone: tzinfo
) -> Incident:
    close = routes.alerts(replace(asked, incident=""))
    if row is None:
        gone = "It may have been deleted, or the address is mistyped."
        return Incident(key=asked.incident, title="There is no such incident", close=close, missing=gone)
    return Incident(
        key=str(row["id"]),
        title=row["title"],
        mark=incidents.mark_of(row),
        state=row["state"],
        said=incidents.state_words(row, now, zone),
        reason=_sentence(row["reason"]),
        facts=[fact for fact in _facts(row, now, zone) if fact.value],
        steps=[_step(step, now, zone) for step in reversed(_gathered(steps)[-STEPS_SHOWN:])],
        messages=[messages.row_of(message, now, zone) for message in reversed(sent)],
        close=close,
    )


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}." if reason else ""


def _facts(row: Row, now: datetime, zone: tzinfo) -> list[Fact]:
    number = f"#{row['number']}" if row["number"] is not None else "the last run"
    job = ", ".join(part for part in (row["failed_job"], row["failed_step"]) if part)
    times = f" · {text.counted(row['turn'], 'time')} by now" if row["turn"] > 1 else ""
    return [
        Fact("Pipeline", row["pipeline"] or "", _pipeline(row)),
        Fact("Where", words.place(row)),
        Fact("Last run", number if row["last_run_id"] else "", routes.run(row["last_run_id"] or 0)),
        Fact("Failing", job),
        Fact("Rule", row["rule_name"], routes.alerts(AskedAlerts(tab="rules", rule=str(row["rule_id"])))),
        Fact("Severity", words.SEVERITIES[row["severity"]]),
        Fact(
            "Since",
            f"{text.moment(row['opened_at'], now, zone)} · {incidents.lasted(row, now)}{times}",
            title=text.exact(row["opened_at"], zone),
        ),
    ]


def _pipeline(row: Row) -> str:
    return routes.pipeline(row["pipeline_id"]) if row["pipeline_id"] else ""


def _gathered(steps: Sequence[Row]) -> list[tuple[Row, int]]:
    """Steps in order; failures that only went on are one, with how often."""
    told: list[tuple[Row, int]] = []
    for step in steps:
        again = bool(told) and step["kind"] == StepKind.STILL == told[-1][0]["kind"]
        if again:
            told[-1] = (step, told[-1][1] + 1)
        else:
            told.append((step, 1))
    return told


def _step(told: tuple[Row, int], now: datetime, zone: tzinfo) -> Step:
    step, times = told
    kind = StepKind(step["kind"])
    actor = words.who(step["actor"])
    count = f" ×{text.count(step['failures'])}" if kind is StepKind.STILL and step["failures"] else ""
    more = f", {text.counted(times, 'more run')}" if times > 1 else ""
    return Step(
        key=str(step["id"]),
        tone=STEP_TONES.get(kind, "off"),
        text=f"{STEP_WORDS[kind]}{count}{more}" + (f" by {actor}" if actor else ""),
        note=step["note"],
        when=text.moment(step["at"], now, zone),
        exact=text.exact(step["at"], zone),
        href=routes.run(step["run_id"]) if step["run_id"] else "",
    )
