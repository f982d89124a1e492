"""What the doctor finds, and how everything is looked at side by side, whatever hangs."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was looked at, how it is, and what to do about it."""

    subject: str
    health: Health
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """Looks at one thing. What it raises is a finding, too."""

    subject: str
    look: Callable[[], Iterable[Finding]]


def ok(subject: str, text: str) -> Finding:
    return Finding(subject, Health.OK, text)


def warning(subject: str, text: str, advice: str) -> Finding:
    return Finding(subject, Health.WARNING, text, advice)


def error(subject: str, text: str, advice: str) -> Finding:
    return Finding(subject, Health.ERROR, text, advice)


def examine(checks: Sequence[Check], within_s: float) -> list[Finding]:
    """What all of them find, in their order. One that has not ended by then is left alone, and that is said."""
    answers: queue.Queue[tuple[int, list[Finding]]] = queue.Queue()
    for place, check in enumerate(checks):  # a thread that hangs must not keep the process: hence no pool
        threading.Thread(target=_answer, args=(place, check, answers), daemon=True).start()
    give_up_at, found = time.monotonic() + within_s, {}
    while len(found) < len(checks):
        try:
            place, findings = answers.get(timeout=max(0.0, give_up_at - time.monotonic()))
        except queue.Empty:
            break
        found[place] = findings
    return [one for place, check in enumerate(checks) for one in found.get(place) or [_late(check, within_s)]]


def _answer(place: int, check: Check, answers: queue.Queue[tuple[int, list[Finding]]]) -> None:
    try:
        found = list(check.look())
    except Exception as problem:  # whatever goes wrong with one check, the others are heard
        text = f"It could not be looked at: {type(problem).__name__}."
        found = [error(check.subject, text, "Try again; if it stays so, look into the log of the server.")]
    answers.put((place, found or [ok(check.subject, "Nothing to see to.")]))


def _late(check: Check, within_s: float) -> Finding:
    return error(check.subject, f"No answer within {within_s:.0f} s.", "See whether it can be reached from here.")
