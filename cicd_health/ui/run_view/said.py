"""Stretches of a sentence, and the words that several parts of a run's page share. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from cicd_health.model.runs import FAILED, Outcome
from cicd_health.store.lists import Row
from cicd_health.ui import format as text
from cicd_health.ui import rows
from cicd_health.ui.format import Delta
from cicd_health.ui.run_view.story import Story


@dataclass(frozen=True, slots=True)
class Said:
    """`kind` is code, strong, link (code that leads to `href`) or empty."""

    text: str
    kind: str = ""
    href: str = ""


def code(words: str) -> Said:
    return Said(words, "code")


def strong(words: str) -> Said:
    return Said(words, "strong")


def link(words: str, href: str) -> Said:
    return Said(words, "link", href)


def plain(words: str) -> Said:
    return Said(words)


def sentences(parts: Iterable[list[Said]]) -> list[Said]:
    """The sentences one after the other, with a space between."""
    joined: list[Said] = []
    for part in parts:
        if part and joined:
            joined.append(plain(" "))
        joined.extend(part)
    return joined


def number(run: Row) -> str:
    """`#4314`; the provider's own id where a run has no number."""
    return f"#{run['number']}" if run["number"] is not None else f"run {run['id']}"


def at(moment: datetime | None, now: datetime, zone: tzinfo) -> str:
    """`at 09:54` today, `on Tue 14:10` before."""
    if moment is None:
        return ""
    said = text.moment(moment, now, zone)
    return f"at {said}" if len(said) == 5 else f"on {said}"


def branch(story: Story) -> str:
    return story.run["branch"] or story.run["pipeline"]


def provider(story: Story) -> str:
    return rows.provider_label(story.run["provider"])


def against(seconds: float | None, before: float | None, outcome: Outcome) -> Delta:
    """How a duration moved. What ended early because it failed is not faster: only longer is judged."""
    delta = text.duration_delta(seconds, before)
    return replace(delta, tone="quiet") if outcome is not Outcome.SUCCESS and delta.tone == "good" else delta


def failed(row: Row) -> bool:
    return Outcome(row["outcome"]) in FAILED
