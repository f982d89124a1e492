"""What was found in the logs, as text: hits by log, each line with what was looked for set apart. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from itertools import groupby

from cicd_health.logs import words
from cicd_health.model.runs import Outcome
from cicd_health.store.logs import Found, Hit
from cicd_health.ui import format as text
from cicd_health.ui import routes, rows
from cicd_health.ui.routes import AskedRun, AskedRuns

PAGE = 100
BEFORE, LONGEST = 80, 300  # characters shown of a line, and of them before the hit


@dataclass(frozen=True, slots=True)
class Stretch:
    text: str
    hit: bool = False


@dataclass(frozen=True, slots=True)
class HitLine:
    key: str
    number: str
    href: str
    stretches: list[Stretch]


@dataclass(frozen=True, slots=True)
class HitLog:
    """One log with what was found in it."""

    key: str
    mark: str
    pipeline: str
    where: str
    number: str
    job: str
    when: str
    exact: str
    href: str
    lines: list[HitLine]


@dataclass(frozen=True, slots=True)
class Hits:
    logs: list[HitLog] = field(default_factory=list)
    sentence: str = ""
    sub: str = ""
    older: str = ""
    newest: str = ""
    nothing: str = ""
    hint: str = ""


def not_yet(asked: AskedRuns) -> Hits | None:
    """What is said instead of searching; None when there is something to look for."""
    if words.searched(asked.q):
        return None
    short = f"“{asked.q}” is too little to look for"
    return Hits(
        sentence="Search in all kept logs",
        nothing=short if asked.q else "Nothing to look for yet",
        hint="Write 3 letters or digits or more of a line: an error, a test, a host. Capitals do not matter.",
    )


def unreadable(why: str) -> Hits:
    """Some of the logs lie in a log store that does not give them."""
    return Hits(sentence="Search in all kept logs", nothing="The logs cannot be searched at the moment", hint=why)


def hits(found: Found, asked: AskedRuns, now: datetime, zone: tzinfo) -> Hits:
    """The answer to a search; `before` of an address is where the page before ended."""
    logs = [_log(list(group), asked.q, now, zone) for _, group in groupby(found.hits, key=lambda hit: hit.log_id)]
    older = routes.runs(replace(asked, before=str(found.next))) if found.next is not None else ""
    return Hits(
        logs=logs,
        sentence=sentence(len(found.hits), len(logs), asked, more=bool(older)),
        sub=f"“{asked.q}”, searched at {text.clock(now, zone)}",
        older=older,
        newest=routes.runs(replace(asked, before="")) if asked.before else "",
        nothing="" if logs else "Not found so far" if older else "Not found",
        hint="" if logs else _searched(asked, more=bool(older)),
    )


def sentence(lines: int, logs: int, asked: AskedRuns, *, more: bool) -> str:
    """`The latest 100 lines in 12 logs`; the end of a search that took too long is not the end of the logs."""
    if not lines:
        return (
            "Not found in the logs searched so far"
            if more
            else "Not found in any older log"
            if asked.before
            else "Not found in any log"
        )
    said = f"{text.counted(lines, 'line')} in {text.counted(logs, 'log')}"
    return f"The latest {said}" if more and not asked.before else said


def _searched(asked: AskedRuns, *, more: bool) -> str:
    """What an empty answer is an answer to."""
    if more:
        return "There are many logs with these words. Go on with the older ones."
    which = "older" if asked.before else "all"
    return f"Searched: {which} kept logs, for “{asked.q}” from the beginning of a word on."


def place(before: str) -> int | None:
    """The number that an address goes on from."""
    return int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None


def _log(found: Sequence[Hit], q: str, now: datetime, zone: tzinfo) -> HitLog:
    hit = found[0]
    attempt = f" · attempt {hit.attempt}" if hit.attempt > 1 else ""
    return HitLog(
        key=str(hit.log_id),
        mark=rows.outcome_mark(Outcome(hit.outcome)),
        pipeline=hit.pipeline,
        where=hit.repo,
        number=(f"#{hit.number}" if hit.number is not None else "") + attempt,
        job=hit.job or "",
        when=text.moment(hit.created_at, now, zone),
        exact=text.exact(hit.created_at, zone),
        href=routes.run(hit.run_id, AskedRun(attempt=hit.attempt, job=hit.job_id or 0)),
        lines=[_line(one, q) for one in found],
    )


def _line(hit: Hit, q: str) -> HitLine:
    return HitLine(
        key=f"{hit.log_id}-{hit.line}",
        number=text.count(hit.line),
        href=routes.run(hit.run_id, AskedRun(attempt=hit.attempt, job=hit.job_id or 0, line=hit.line, q=q)),
        stretches=stretches(hit.text, q),
    )


def stretches(line: str, q: str) -> list[Stretch]:
    """The line in pieces, every occurrence of `q` one of its own; a long line is cut around the first one."""
    wanted, found = words.fold(q), words.fold(line).find(words.fold(q))
    start = max(0, found - BEFORE) if len(line) > LONGEST else 0
    shown = line[start : start + LONGEST]
    folded = words.fold(shown)
    pieces, at = [Stretch("…")] if start else [], 0
    while wanted and len(folded) == len(shown) and (found := folded.find(wanted, at)) >= 0:
        pieces += [Stretch(shown[at:found]), Stretch(shown[found : found + len(wanted)], hit=True)]
        at = found + len(wanted)
    pieces.append(Stretch(shown[at:] + ("…" if start + LONGEST < len(line) else "")))
    return [piece for piece in pieces if piece.text]
