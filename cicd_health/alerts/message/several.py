"""Many messages as one: what became due together, and the digest of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cicd_health.alerts.message.message import Message, Part
from cicd_health.alerts.message.wording import bullets, counted, link, named, paragraph, plain
from cicd_health.model.alerts import NotificationKind

IN_FULL = 3  # so many messages are told in full, more by their titles
SHOWN = 20  # titles of each kind


@dataclass(frozen=True, slots=True)
class _Sorted:
    """What is wrong, what is over, and what came and went in between; `said` is of no incident."""

    wrong: tuple[Part, ...]
    over: tuple[Part, ...]
    came_and_went: tuple[Part, ...]
    said: tuple[Part, ...]

    @property
    def summary(self) -> str:
        """The numbers of it: "12 opened, 3 recovered"."""
        numbers = (
            (self.wrong, "opened"),
            (self.over, "recovered"),
            (self.came_and_went, "opened and recovered"),
            (self.said, "other"),
        )
        return ", ".join(f"{len(parts):,} {word}" for parts, word in numbers if parts)


def grouped(parts: Sequence[Part], public_url: str) -> Message:
    """What became due at the same time as one message. A single one is told as it is; there must be one."""
    if len(parts) == 1:
        return Message(parts[0].title, parts[0].body, _is_wrong(parts[0]))
    found = _sort(parts)
    title = f"{counted(len(_incidents(parts)), 'alert')} at once: {found.summary}"
    if len(parts) <= IN_FULL:
        body = "".join(paragraph(f"<b>{plain(part.title)}</b>") + part.body for part in _in_order(parts))
    else:
        body = _lists(found, timed=False) + _alerts(public_url)
    return Message(title, body, failed=bool(found.wrong))


def digest(parts: Sequence[Part], public_url: str, day: date) -> Message:
    """The day's messages by their titles, with the time of each; `day` is the one on which it is sent."""
    found = _sort(parts)
    title = f"Digest of {day.day} {day:%B %Y}: {found.summary or 'nothing happened'}"
    return Message(title, _lists(found, timed=True) + _alerts(public_url), failed=bool(found.wrong))


def _sort(parts: Sequence[Part]) -> _Sorted:
    """By what is known at the end of each incident: a message that is no news any more is left out."""
    wrong, over, came_and_went, said = [], [], [], []
    for of_incident in _incidents(parts).values():
        first, last = of_incident[0], of_incident[-1]
        if last.incident_id is None:
            said.append(last)
        elif last.kind is not NotificationKind.RESOLVED:
            wrong.append(last)
        elif first.kind is NotificationKind.OPENED:
            came_and_went.append(last)
        else:
            over.append(last)
    return _Sorted(tuple(wrong), tuple(over), tuple(came_and_went), tuple(said))


def _incidents(parts: Sequence[Part]) -> dict[object, list[Part]]:
    """The messages of each incident in order; one of no incident stands alone."""
    found: dict[object, list[Part]] = {}
    for number, part in enumerate(_in_order(parts)):
        found.setdefault(part.incident_id or f"alone {number}", []).append(part)
    return found


def _in_order(parts: Sequence[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: part.at)


def _lists(found: _Sorted, *, timed: bool) -> str:
    sections = (
        ("Opened", found.wrong),
        ("Recovered", found.over),
        ("Opened, and recovered before this was sent", found.came_and_went),
        ("Other", found.said),
    )
    return "".join(_section(name, parts, timed) for name, parts in sections if parts)


def _section(name: str, parts: Sequence[Part], timed: bool) -> str:
    lines = [f"{part.at:%H:%M} {plain(part.title)}" if timed else plain(part.title) for part in parts]
    return paragraph(f"<b>{name} ({len(parts):,})</b>") + bullets(lines, SHOWN)


def _is_wrong(part: Part) -> bool:
    return part.kind in (NotificationKind.OPENED, NotificationKind.STILL)


def _alerts(public_url: str) -> str:
    return paragraph(named("All alerts", link(f"{public_url.rstrip('/')}/alerts")))
