"""The log beside a run's jobs: what its panel says, which lines it opens at, and the rows around the visible part.

A page never holds more than the rows around what is visible, however long the log is.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from cicd_health import settings
from cicd_health.flow import log_reading
from cicd_health.log_store import LogStoreError
from cicd_health.model.logs import Log, LogState
from cicd_health.model.runs import FAILED, UNFINISHED, Outcome
from cicd_health.store import engine, logs
from cicd_health.store.lists import Row
from cicd_health.ui import api_addresses
from cicd_health.ui import format as text
from cicd_health.ui.run_view import lines as rendering
from cicd_health.ui.run_view import plan as planning
from cicd_health.ui.run_view.lines import LogRow, Look, Toned
from cicd_health.ui.run_view.plan import Kind, Plan, Wanted
from cicd_health.ui.run_view.said import provider
from cicd_health.ui.run_view.story import Story

ROWS_BEFORE, ROWS_AFTER = 130, 170  # of the row at the top of the visible part
ROWS_WRAPPED = 300  # before and after, where lines wrap and nobody knows their height
LEAD = 100  # lines read before the first for the colour they leave on
MOST_NEW = 20_000  # new lines that are shown beside a green log: with more the two have little in common
MOST_ON_MAP = 2_000  # hits
TAIL = 20  # lines at the end that are shown of a failed log which says nothing


@dataclass(frozen=True, slots=True)
class LogHead:
    """`state` is kept, none, pending, gone, unfinished, skipped, unconnected or posted; see `words`.

    `fetch`: somebody may ask for it here. `excerpt` is shown where the log itself is not here.
    """

    title: str = ""
    lines: str = ""
    state: str = ""
    words: str = ""
    hint: str = ""
    fetch: bool = False
    connect: bool = False
    excerpt: str = ""
    download: str = ""
    footer: str = ""
    counts: str = ""
    live: bool = False
    errors: bool = False
    compared: str = ""  # what the comparison with the last green log found, or waits for
    fetch_green: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """What of the log is in the page. `bounds`, in pixels: from, to and all of it; `top` is where the rows begin.

    Where lines wrap, pixels say nothing: `earlier` and `later` say how many rows can be asked for, empty for none.
    """

    top: str = "0px"
    height: str = "0px"
    bounds: str = "0 0 0"
    earlier: str = ""
    later: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A log as one viewer sees it. `new` are its lines that the last green log did not have."""

    log: Log
    wanted: Wanted
    toned: Toned
    plan: Plan
    new: frozenset[int] | None = None

    @property
    def first_line(self) -> int:
        """Where to open: the cause, else the first failing line, else the first new one; 0 for the top."""
        if self.new is not None:
            return min(self.new, default=0)
        return self.log.cause or min(self.log.failing, default=0)


def opened(log: Log, outcome: Outcome | None, new: Iterable[int] | None = None, like: Opened | None = None) -> Opened:
    """The log with its failing lines in sight. `like` is the same log as it was a moment ago, for what was opened."""
    toned = Toned.of(log)
    fresh = frozenset(new) if new is not None else None
    wanted = _first_wanted(log, outcome, fresh)
    if like is not None and like.log.id == log.id and (like.new is None) == (fresh is None):
        keep = planning.merged([*wanted.keep, *like.wanted.keep]) if wanted.keep and like.wanted.keep else wanted.keep
        known = {fold.first for fold in like.log.folds}
        opened_since = wanted.opened - known
        wanted = Wanted(None if like.wanted.keep is None else keep, like.wanted.opened | opened_since)
    return Opened(log, wanted, toned, planned(log, wanted), fresh)


def _first_wanted(log: Log, outcome: Outcome | None, new: frozenset[int] | None) -> Wanted:
    if new is not None:
        seen: Iterable[int] = new
    elif outcome in FAILED and log.failing:
        seen = log.failing
    elif outcome in FAILED and log.complete:
        seen = range(max(1, log.lines - TAIL + 1), log.lines + 1)
    else:
        folded = frozenset(fold.first for fold in log.folds) if not log.complete else frozenset()
        return Wanted(None, folded)
    folds = (planning.fold_of(log.folds, line) for line in seen)
    keep = planning.around(seen, context=0 if new is not None else planning.CONTEXT)
    return Wanted(keep, frozenset(fold.first for fold in folds if fold is not None))


def planned(log: Log, wanted: Wanted) -> Plan:
    cut = (log.cut_after + 1, log.cut_after + log.cut_lines) if log.cut_after is not None and log.cut_lines else None
    return planning.plan(log.lines, log.folds, wanted, cut)


def rows_around(seen: Opened, pixel: int, look: Look, *, wrap: bool = False) -> tuple[dict[str, LogRow], Window]:
    """The rows around this height, read from where the log lies, and where they stand. Raises LogStoreError."""
    at = seen.plan.row_at(pixel)
    before, after = (ROWS_WRAPPED, ROWS_WRAPPED) if wrap else (ROWS_BEFORE, ROWS_AFTER)
    places = list(seen.plan.places(at - before, at + after))
    if not places:
        return {}, Window()
    numbers = [place.line for place in places if place.stretch.kind is Kind.LINES]
    look = replace(look, hits=_within(look.hits, numbers))
    rows = rendering.rows(places, read(seen.log, numbers), seen.toned, look)
    top, last = places[0].top, places[-1]
    end = last.top + last.stretch.row_px
    if wrap:
        return rows, Window("0px", "auto", *_beyond(at - before, seen.plan.rows - 1 - at - after))
    return rows, Window(f"{top}px", f"{seen.plan.height}px", f"{top} {end} {seen.plan.height}")


def _within(hits: Sequence[int], numbers: Sequence[int]) -> Sequence[int]:
    """The hits among these lines: there may be hundreds of thousands."""
    return hits[bisect_left(hits, numbers[0]) : bisect_right(hits, numbers[-1])] if numbers else ()


def _beyond(earlier: int, later: int) -> tuple[str, str, str]:
    """Without bounds, and what there is before and after, in words."""
    before = f"{text.counted(earlier, 'row')} before" if earlier > 0 else ""
    return "0 0 0", before, f"{text.counted(later, 'row')} after" if later > 0 else ""


def read(log: Log, numbers: Sequence[int]) -> dict[int, str]:
    """The raw text of these lines, and of some before the first. Raises LogStoreError."""
    if not numbers:
        return {}
    lead = range(max(1, numbers[0] - LEAD), numbers[0])
    return {line.number: line.text for line in log_reading.texts(log.id, [*lead, *numbers])}


def map_tops(seen: Opened, hits: Sequence[int]) -> dict[str, str]:
    """The paths of the map at the right edge, by tone."""
    toned, top = seen.toned, seen.plan.nearest_top
    return rendering.map_paths(
        {
            "fail": [top(line) for line in toned.errors | ({toned.cause} - {0})],
            "warn": [top(line) for line in toned.warnings],
            "hit": [top(line) for line in hits[:: len(hits) // MOST_ON_MAP + 1]],
        },
        seen.plan.height,
    )


def head(story: Story, job: Row | None, log: Log | None, *, may_fetch: bool) -> LogHead:
    """What the panel says about this job's log; of a run without jobs, the run's."""
    whole = "Console" if story.run["provider"] == "jenkins" else "Log"
    title = job["name"] if job is not None and (log is None or log.job_id) else whole
    if log is not None and (log.state is LogState.KEPT or log.lines):
        return _kept(story, title, job, log)
    return _absent(story, title, job, log, may_fetch=may_fetch)


def _kept(story: Story, title: str, job: Row | None, log: Log) -> LogHead:
    attempt = story.attempt["attempt"]
    download = api_addresses.log_download(story.run["id"], attempt, log.job_id)
    toned = Toned.of(log)
    errors, warnings = len(toned.errors), len(toned.warnings)
    counts = [text.counted(errors, "error line")] if errors else []
    counts += [text.counted(warnings, "warning")] if warnings else []
    failed = Outcome((job or story.attempt)["outcome"]) in FAILED
    return LogHead(
        title=title,
        lines=text.counted(log.lines, "line") + ("" if log.complete else " so far"),
        state="kept",
        download=download,
        footer="Opened at the failing lines." if failed and log.failing else "",
        counts=", ".join(counts),
        live=not log.complete,
        errors=bool(toned.stops()),
    )


def _absent(story: Story, title: str, job: Row | None, log: Log | None, *, may_fetch: bool) -> LogHead:
    subject = job if job is not None else story.attempt
    outcome = Outcome(subject["outcome"])
    excerpt = (job["excerpt"] if job is not None else story.run["excerpt"]) or ""
    kept = LogHead(title=title, excerpt=excerpt, counts="the failing lines are kept" if excerpt else "")
    state = _state(job, story, log)
    who = provider(story)
    if outcome is Outcome.STARTUP_FAILURE and not story.jobs and state is LogState.NONE:
        return _saying(kept, "none", "There is no log", "No job was started.")
    if outcome is Outcome.SKIPPED:
        return _saying(kept, "skipped", "This job was skipped", "It did not run, so it has no log.")
    if state is LogState.GONE:
        return _saying(kept, "gone", f"{who} has deleted this log", "Providers keep logs for a limited time only.")
    if state is LogState.PENDING:
        hint = f"{log.error} It is tried again." if log is not None and log.error else "It appears here by itself."
        return _saying(kept, "pending", "Fetching the log…", hint)
    if outcome in UNFINISHED:
        hint = f"{who} hands it out when the job has ended."
        return _saying(kept, "unfinished", "No log yet", hint if story.connected else "")
    if not story.connected:
        return _unconnected(story, kept)
    hint = log.error or "" if log is not None else ""
    if not may_fetch:
        return _saying(kept, "none", "This log has not been fetched", hint or "An operator can fetch it here.")
    return _saying(kept, "none", "This log has not been fetched", hint, fetch=True)


def _state(job: Row | None, story: Story, log: Log | None) -> LogState:
    if log is not None:
        return log.state
    return LogState((job if job is not None else story.run)["log_state"])


def _saying(head: LogHead, state: str, words: str, hint: str = "", *, fetch: bool = False) -> LogHead:
    return LogHead(
        head.title, state=state, words=words, hint=hint, fetch=fetch, excerpt=head.excerpt, counts=head.counts
    )


def _unconnected(story: Story, head: LogHead) -> LogHead:
    known = {"github": "Connect GitHub with a token to read logs", "jenkins": "Connect Jenkins to read its console"}
    words = known.get(story.run["provider"])
    if words is None:
        return _saying(head, "none", "No log was posted with this run", "Send it with the run to see it here.")
    hint = "Only what it sent by itself is known here."
    return LogHead(head.title, state="unconnected", words=words, hint=hint, connect=True, excerpt=head.excerpt)


def unreadable(head: LogHead, error: LogStoreError) -> LogHead:
    """What the panel says where the lines lie in a log store that does not give them."""
    words = "This log cannot be read"
    return replace(head, state="away", words=words, hint=str(error), footer="", counts="", errors=False)


@dataclass(frozen=True, slots=True)
class Compared:
    """This log beside that of the last green run's job of the same name: its lines that are `new` (None: not known).

    `name` is the green run's number; empty when there is none. `differ`: more is new than can be shown.
    """

    name: str = ""
    run_id: int = 0
    job_id: int = 0
    state: LogState = LogState.NONE
    new: frozenset[int] | None = None
    differ: bool = False


def compare(run_id: int, job_name: str | None, kept: Log) -> Compared:
    """Read and compared; without a job's name the logs of the runs themselves."""
    with engine.reading() as session:
        green = logs.last_green(session, run_id, job_name)
        if green is None:
            return Compared()
        name = f"#{green.number}" if green.number is not None else f"run {green.run_id}"
        beside = logs.find(session, green.run_id, green.attempt, green.job_id)
        state = beside.state if beside is not None else LogState.NONE
        kept_there = beside is not None and state is LogState.KEPT
    new = None
    if beside is not None and kept_there:
        with suppress(LogStoreError):  # then it is not known, which is said
            new = _new_lines(settings.get().database_url, kept.id, kept.kept_at, beside.id, beside.kept_at)
    differ = new is not None and len(new) > MOST_NEW
    return Compared(name, green.run_id, green.job_id or 0, state, None if differ else new, differ)


@lru_cache(maxsize=32)  # a page asks again at every change of anything; what is kept does not change
def _new_lines(
    database_url: str, log_id: int, kept_at: datetime | None, green_id: int, green_kept_at: datetime | None
) -> frozenset[int]:
    return frozenset(log_reading.new_lines(log_id, green_id, MOST_NEW + 1))


def compared_words(compared: Compared) -> str:
    """What the comparison found, or waits for."""
    name, new = compared.name, compared.new
    if not name:
        return "It has not been green in the 90 days before."
    if compared.differ:
        return f"More than {text.count(MOST_NEW)} lines that {name} did not have: all are shown"
    if new is not None:
        return (
            f"{text.counted(len(new), 'line')} that {name} did not have" if new else f"Nothing that {name} did not have"
        )
    return {
        LogState.PENDING: f"Fetching the log of {name}…",
        LogState.GONE: f"The log of {name} is gone.",
        LogState.NONE: f"The log of {name} has not been fetched.",
        LogState.KEPT: f"The log of {name} cannot be read.",
    }[compared.state]
