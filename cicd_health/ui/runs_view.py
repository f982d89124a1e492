"""The runs page as text: what was asked for, the runs, and where the list goes on. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta, tzinfo

from cicd_health.model.health import RunLine
from cicd_health.model.runs import FAILED, UNFINISHED, Outcome
from cicd_health.model.tally import is_rescued
from cicd_health.model.windows import WINDOWS
from cicd_health.store.lists import NO_SIGNATURE, Row, RunFilter
from cicd_health.store.run_pages import RunPage
from cicd_health.ui import cursor, routes, rows
from cicd_health.ui import format as text
from cicd_health.ui.explain_view import counted_label
from cicd_health.ui.routes import AskedRuns
from cicd_health.ui.rows import RunNow
from cicd_health.ui.view import Choice

PAGE = 50
GROUPS = {"failed": ("Did not pass", FAILED), "unfinished": ("Not finished", UNFINISHED)}
OUTCOMES = [Choice(slug, label) for slug, (label, _) in GROUPS.items()]
OUTCOMES += [Choice(outcome.value, rows.MARKS[outcome].word) for outcome in Outcome]
# What the form behind "More" asks for: the field of AskedRuns, its label, an example.
NAMED = (
    ("repo", "Repository", "owner/name"),
    ("pipeline", "Pipeline", "ci"),
    ("branch", "Branch", "main"),
    ("event", "Event", "push"),
    ("actor", "Actor", "wren"),
    ("sha", "Commit", "4 digits or more"),
)
MOMENTS = (("start", "From", ""), ("end", "To", ""))
MORE = (*NAMED, *MOMENTS)
# What can be taken off one by one.
CHIPS = (("counted", "Counted in", ""), *NAMED, ("job", "Job", ""), ("signature", "Failure", ""), *MOMENTS)
AT_MOST = 10_000  # runs that are counted for the first line


@dataclass(frozen=True, slots=True)
class RunListRow:
    """What a run is; how it goes is in RunNow."""

    key: str
    href: str
    pipeline: str
    of: str  # the pipeline's page
    where: str
    number: str
    title: str
    branch: str
    sha: str
    cause: str
    actor: str
    failed: str
    queue: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the address without it."""

    label: str
    value: str
    href: str


@dataclass(frozen=True, slots=True)
class RunsHead:
    """Everything around the rows. `typed` are the values of the form, by field."""

    sentence: str = ""
    sub: str = ""
    tabs: list[Choice] = field(default_factory=list)
    windows: list[Choice] = field(default_factory=list)
    providers: list[Choice] = field(default_factory=list)
    provider: str = ""
    outcome: str = ""
    q: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    offered: dict[str, list[str]] = field(default_factory=dict)
    chips: list[Chip] = field(default_factory=list)
    everything: str = ""
    older: str = ""
    onward: str = "Older"  # the word that leads there
    newest: str = ""
    nothing: str = ""
    hint: str = ""
    zone: str = ""
    wrong: str = ""  # a date that cannot be read


@dataclass(frozen=True, slots=True)
class RunsView:
    head: RunsHead
    rows: list[RunListRow]
    now: dict[str, RunNow]


def moment(typed: str, zone: tzinfo) -> datetime | None:
    """`2026-11-20`, with a time or without, in the viewer's zone unless it names one; None for anything else."""
    try:
        at = datetime.fromisoformat(typed.strip())
        return at if at.tzinfo else at.replace(tzinfo=zone)
    except ValueError:
        return None


def _picked(typed: str, zone: tzinfo) -> str:
    """As the browser's own field for a date and time takes it."""
    at = moment(typed, zone)
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S").removesuffix(":00") if at else ""


def wanted(asked: AskedRuns, zone: tzinfo, now: datetime) -> RunFilter:
    """The filter of an address. A day as the end is a whole one."""
    group = GROUPS.get(asked.outcome)
    start, end = moment(asked.start, zone), moment(asked.end, zone)
    if end and len(asked.end.strip()) == len("2026-11-20"):
        end += timedelta(days=1)
    if asked.window and not (start or end):
        start = now - WINDOWS[asked.window]
    return RunFilter(
        provider=asked.provider or None,
        repo=asked.repo or None,
        pipeline=asked.pipeline or None,
        branch=asked.branch or None,
        outcomes=tuple(group[1]) if group else (Outcome(asked.outcome),) if asked.outcome else (),
        event=asked.event or None,
        actor=asked.actor or None,
        sha=asked.sha or None,
        q=asked.q or None,
        start=start,
        end=end,
        job=asked.job or None,
        counted=asked.counted,
        signature=asked.signature or None,
    )


def view(
    page: RunPage,
    asked: AskedRuns,
    providers: Sequence[str],
    repos: Sequence[str],
    now: datetime,
    zone: tzinfo,
    number: int | None = None,
    failure: str = "",
) -> RunsView:
    """The page that shows these runs.

    `number` is how many there are in all, where that was counted: up to one more than AT_MOST. `failure` are the words
    of the kind of failure that is asked for.
    """
    listed = page.rows
    lines = [line(row) for row in listed]
    older = routes.runs(replace(asked, before=cursor.encode(*page.following))) if page.following else ""
    until = text.moment(page.looked_until, now, zone) if page.looked_until else ""
    return RunsView(
        head=replace(
            head(asked, providers, now, zone),
            sentence=sentence(asked, len(listed), more=bool(older))
            if number is None
            else sentence_counted(asked, number, zone),
            chips=chips(asked, listed, zone, failure),
            sub=", ".join(
                part
                for part in (
                    span(lines, now, zone) if number is None else on_page(lines, now, zone),
                    f"searched back to {until}" if until else "",
                )
                if part
            ),
            offered=offered(asked, listed, repos),
            older=older,
            onward="Search further" if until else "Older",
            newest=routes.runs(replace(asked, before="")) if asked.before else "",
            nothing="" if listed else nothing(asked, until),
            hint="" if listed else searched(asked),
        ),
        rows=[run_row(row, one) for row, one in zip(listed, lines, strict=True)],
        now={str(one.run_id): rows.run_now(one, now, zone) for one in lines},
    )


def head(asked: AskedRuns, providers: Sequence[str], now: datetime, zone: tzinfo) -> RunsHead:
    """What both tabs share: the tabs, the filters, what can be cleared."""
    first = replace(asked, before="")
    known = sorted({*providers, asked.provider} - {""})
    wrong = [word for word in (asked.start, asked.end) if word and moment(word, zone) is None]
    return RunsHead(
        tabs=[
            Choice("", "Runs", routes.runs(replace(first, place="")), chosen=not asked.place),
            Choice("logs", "In logs", routes.runs(AskedRuns(place="logs", q=asked.q)), chosen=asked.place == "logs"),
        ],
        windows=[
            Choice(slug, slug or "All", routes.runs(replace(first, window=slug)), chosen=slug == asked.window)
            for slug in ("", *WINDOWS)
        ],
        providers=[Choice(provider, rows.provider_label(provider)) for provider in known],
        provider=asked.provider,
        outcome=asked.outcome,
        q=asked.q,
        typed={name: getattr(asked, name) for name, _, _ in NAMED}
        | {name: _picked(getattr(asked, name), zone) for name, _, _ in MOMENTS},
        chips=chips(asked, (), zone),
        everything=routes.runs(AskedRuns(place=asked.place)) if narrowed(asked) else "",
        zone=f"Times in {text.offset(now, zone)}",
        wrong=f"“{wrong[0]}” is not a date: write 2026-11-20, or 2026-11-20 08:00." if wrong else "",
    )


def chips(asked: AskedRuns, found: Sequence[Row], zone: tzinfo, failure: str = "") -> list[Chip]:
    """Each filter that can be taken off. A pipeline that is asked for by its id is named as it is in `found`."""
    first = replace(asked, before="")

    def said(name: str) -> str:
        value = getattr(asked, name)
        if name == "counted":
            return counted_label(value)
        if name == "signature":
            return "without a known cause" if value == NO_SIGNATURE else failure or value
        if name == "pipeline" and value.isdigit() and found:
            return found[0]["pipeline"]
        if name in ("start", "end"):
            return text.exact(moment(value, zone), zone) if value.endswith("Z") else value
        return value

    return [
        Chip(label, said(name), routes.runs(replace(first, **{name: ""})))
        for name, label, _ in CHIPS
        if getattr(asked, name)
    ]


def sentence_counted(asked: AskedRuns, number: int, zone: tzinfo) -> str:
    """`669 runs counted in success rate, Sat 14 Nov 10:43 to Sat 21 Nov 10:42`."""
    label = counted_label(asked.counted)
    words = text.counted(number, "run") if number <= AT_MOST else f"More than {text.counted(AT_MOST, 'run')}"
    said = f"{words} counted in {label[:1].lower()}{label[1:]}"
    start, end = moment(asked.start, zone), moment(asked.end, zone)
    return f"{said}, {text.stretch(start, end, zone)}" if start and end else said


def narrowed(asked: AskedRuns) -> bool:
    return any(getattr(asked, one.name) for one in fields(asked) if one.name not in ("place", "before"))


def sentence(asked: AskedRuns, number: int, *, more: bool) -> str:
    """`The latest 50 runs`, `12 runs match`."""
    what = "run that did not pass" if asked.outcome == "failed" else "run"
    plural = "runs that did not pass" if asked.outcome == "failed" else "runs"
    if not number:
        return f"No {plural}"
    if asked.before:
        return f"{text.counted(number, 'older ' + what, 'older ' + plural)}"
    if more:
        return f"The latest {number} {plural}"
    return f"{text.counted(number, what, plural)}, all there are"


def on_page(lines: Sequence[RunLine], now: datetime, zone: tzinfo) -> str:
    """The same beside a number that is not of this page: `50 here, created 09:10 to 10:42`."""
    return f"{text.count(len(lines))} here, {span(lines, now, zone)}" if lines else ""


def span(lines: Sequence[RunLine], now: datetime, zone: tzinfo) -> str:
    """`created 09:10 to 10:42`; empty for none."""
    if not lines:
        return ""
    first, last = (text.moment(one.created_at, now, zone) for one in (lines[-1], lines[0]))
    return f"created {first}" if first == last else f"created {first} to {last}"


def nothing(asked: AskedRuns, until: str) -> str:
    """`until` is how far back was looked, where that is not to the beginning."""
    if until:
        return f"No run found back to {until}"
    return "No runs match" if narrowed(asked) else "No runs yet"


def searched(asked: AskedRuns) -> str:
    """What was asked for, in words: an empty answer says to which question."""
    parts = [f"{label.lower()} {getattr(asked, name)}" for name, label, _ in CHIPS[1:] if getattr(asked, name)]
    if asked.counted:
        parts.insert(0, f"counted in {counted_label(asked.counted).lower()}")
    if asked.provider:
        parts.insert(0, rows.provider_label(asked.provider))
    if asked.outcome:
        words = {choice.value: choice.label for choice in OUTCOMES}
        parts.insert(0, words.get(asked.outcome, asked.outcome).lower())
    if asked.window:
        parts.append(text.length(asked.window))
    if asked.q:
        parts.append(f"“{asked.q}” in title, branch, actor, commit, number and names")
    return f"Searched: {', '.join(parts)}." if parts else "They appear here with the first event or poll."


def offered(asked: AskedRuns, listed: Sequence[Row], repos: Sequence[str]) -> dict[str, list[str]]:
    """What the form proposes: repositories, and of the rest what is on this page."""
    seen = ("pipeline", "branch", "event", "actor")
    return {
        "repo": [repo for repo in repos if repo],
        **{name: sorted({row[name] for row in listed if row[name]}) for name in seen},
    }


def line(row: Row) -> RunLine:
    return RunLine(
        run_id=row["id"],
        pipeline_id=row["pipeline_id"],
        pipeline=row["pipeline"],
        repo=row["repo"],
        provider=row["provider"],
        number=row["number"],
        attempt=row["attempt"],
        outcome=Outcome(row["outcome"]),
        rescued=is_rescued(row["outcome"], row["first_outcome"]),
        title=row["title"],
        branch=row["branch"],
        sha=row["sha"],
        duration_s=row["duration_s"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        url=text.web_address(row["url"]),
    )


def run_row(row: Row, one: RunLine) -> RunListRow:
    shown = rows.run_row(one)
    failed = " › ".join(part for part in (row["failed_job"], row["failed_step"]) if part)
    return RunListRow(
        key=shown.key,
        href=routes.run(one.run_id),
        pipeline=shown.pipeline,
        of=routes.pipeline(one.pipeline_id),
        where=rows.where(one.provider, one.repo),
        number=shown.number,
        title=shown.title,
        branch=shown.branch,
        sha=shown.sha,
        cause=row["event"] or "",
        actor=row["actor"] or "",
        failed=failed if one.outcome in FAILED else "",
        queue=text.duration(row["queue_s"]),
    )
