"""The pipelines page as text: the pipelines of a query, filtered, sorted and cut to a page. Plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, tzinfo
from typing import Any

from cicd_health.model.health import HealthState, PipelineHealth
from cicd_health.model.windows import WINDOWS, Window
from cicd_health.ui import format as text
from cicd_health.ui import geometry, routes, rows
from cicd_health.ui.format import Delta
from cicd_health.ui.geometry import Strip
from cicd_health.ui.routes import AskedPipeline, AskedPipelines
from cicd_health.ui.rows import Piece, PipelineNow
from cicd_health.ui.view import Choice, with_chosen

PAGE = 50
STATE_WORDS = {
    HealthState.BROKEN: "broken",
    HealthState.UNSTABLE: "unstable",
    HealthState.QUEUE: "waiting for a runner",
    HealthState.FLAKY: "flaky",
    HealthState.SLOWER: "slower",
    HealthState.HEALTHY: "healthy",
    HealthState.FEW: "with too few runs to say",
}
STATES = [Choice("unhealthy", "Unhealthy"), Choice("running", "Running now")]
STATES += [Choice(state.value, rows.STATE_MARKS[state].word) for state in HealthState]
SORT_WORDS = {
    "": "Worst first",
    "name": "Repository and name",
    "rate": "Success rate",
    "p50": "Duration p50",
    "p95": "Duration p95",
    "queue": "Queue p95",
    "runs": "Runs",
    "spent": "Machine time",
    "last": "Last verdict",
}
SORTS = [Choice(slug, word) for slug, word in SORT_WORDS.items()]
LENGTHS = ("shortest", "longest")
FIRST = {  # what comes first, upwards and downwards; else the lowest and the highest
    "name": ("A", "Z"),
    "p50": LENGTHS,
    "p95": LENGTHS,
    "queue": LENGTHS,
    "runs": ("fewest", "most"),
    "spent": ("least", "most"),
    "last": ("oldest", "newest"),
}
UPWARDS = frozenset({"name", "rate"})  # these begin with the smallest, all others with the largest

# What a column is sorted by; None comes last, whichever way.
KEYS: dict[str, Callable[[PipelineHealth], Any]] = {
    "name": lambda one: (one.repo.casefold(), one.name.casefold()),
    "rate": lambda one: one.successes / one.verdicts if one.verdicts else None,
    "p50": lambda one: one.p50_s,
    "p95": lambda one: one.p95_s,
    "queue": lambda one: one.queue_p95_s,
    "runs": lambda one: one.runs,
    "spent": lambda one: one.spent_s,
    "last": lambda one: one.last_at,
}


@dataclass(frozen=True, slots=True)
class Read:
    """What was read for one query, before it is narrowed further."""

    now: datetime
    window: Window
    empty: bool  # no run has ever arrived
    pipelines: tuple[PipelineHealth, ...]  # worst first
    providers: tuple[str, ...]
    repos: tuple[str, ...]
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PipelineListRow:
    """What changes with a verdict; what passes by itself is in PipelineNow."""

    key: str
    href: str
    mark: str
    name: str
    where: str
    why: list[Piece]
    n_of_m: str
    rate: str
    rate_tone: str
    rate_delta: Delta
    p50: str
    p95: str
    p95_delta: Delta
    queue: str
    queue_tone: str
    runs: str
    spent: str
    last: str
    last_exact: str


@dataclass(frozen=True, slots=True)
class SortLink:
    """The address that sorts by a column; `order` is ascending, descending or none."""

    href: str = ""
    order: str = "none"


@dataclass(frozen=True, slots=True)
class PipelinesHead:
    """Everything around the rows."""

    sentence: str = ""
    period: str = ""
    checked: str = ""
    windows: list[Choice] = field(default_factory=list)
    providers: list[Choice] = field(default_factory=list)
    repos: list[str] = field(default_factory=list)
    branches: list[str] = field(default_factory=list)
    provider: str = ""
    repo: str = ""
    branch: str = ""
    state: str = ""
    sort: str = ""
    q: str = ""
    everything: str = ""  # the address without filters; empty when there is none to clear
    sorts: dict[str, SortLink] = field(default_factory=dict)
    order: str = ""
    listed: str = ""
    newest: str = ""
    older: str = ""
    nothing: str = ""
    hint: str = ""
    connect: bool = False
    explaining: str = ""  # the beginning of the addresses that explain a number
    zone: str = ""


@dataclass(frozen=True, slots=True)
class PipelinesPage:
    """`now` and `strips` go by the keys of the rows."""

    head: PipelinesHead
    rows: list[PipelineListRow]
    now: dict[str, PipelineNow]
    strips: dict[str, Strip]


def page(read: Read, asked: AskedPipelines, zone: tzinfo) -> PipelinesPage:
    found = ordered(narrowed(read.pipelines, asked), asked.sort)
    first = _first(asked, len(found))
    listed = found[first : first + PAGE]
    return PipelinesPage(
        head=head(read, asked, zone, len(found), len(listed), first),
        rows=[row(one, asked, zone) for one in listed],
        now={str(one.pipeline_id): rows.pipeline_now(one, read.now) for one in listed},
        strips={str(one.pipeline_id): geometry.strip(one.strip) for one in listed},
    )


def _first(asked: AskedPipelines, number: int) -> int:
    """Where the page begins; an address beyond the last page shows the first."""
    after = int(asked.after or 0)
    return after if after < number else 0


def narrowed(pipelines: Sequence[PipelineHealth], asked: AskedPipelines) -> list[PipelineHealth]:
    """Those with the asked state, and what is looked for in their name or repository."""
    q = asked.q.strip().casefold()
    if asked.state in {"unhealthy", "running"}:
        found = rows.shown(pipelines, asked.state)
    else:
        found = [one for one in pipelines if not asked.state or one.state.value == asked.state]
    return [one for one in found if q in f"{one.repo}/{one.name}".casefold()]


def ordered(pipelines: Sequence[PipelineHealth], sort: str) -> list[PipelineHealth]:
    """By a column; without one as they come, which is worst first."""
    slug = sort.removeprefix("-")
    if not slug:
        return list(pipelines)
    key = KEYS[slug]
    known = [one for one in pipelines if key(one) is not None]
    unknown = [one for one in pipelines if key(one) is None]
    return sorted(known, key=key, reverse=(slug in UPWARDS) == sort.startswith("-")) + unknown


def head(read: Read, asked: AskedPipelines, zone: tzinfo, found: int, listed: int, first: int) -> PipelinesHead:
    top = replace(asked, after="")
    cleared = AskedPipelines(window=asked.window, sort=asked.sort)
    return PipelinesHead(
        sentence=sentence(read.pipelines),
        period=rows.period(read.window, zone),
        checked=text.clock(read.now, zone),
        windows=[
            Choice(slug, slug, routes.pipelines(replace(top, window=slug)), chosen=slug == asked.window)
            for slug in WINDOWS
        ],
        providers=[
            Choice(provider, rows.provider_label(provider))
            for provider in sorted({*read.providers, asked.provider} - {""})
        ],
        repos=with_chosen(asked.repo, read.repos),
        branches=with_chosen(asked.branch, read.branches),
        provider=asked.provider,
        repo=asked.repo,
        branch=asked.branch,
        state=asked.state,
        sort=asked.sort.removeprefix("-"),
        q=asked.q,
        everything=routes.pipelines(cleared) if _is_narrowed(asked) else "",
        sorts={slug: _sort_link(top, slug) for slug in SORT_WORDS},
        order=_order(asked.sort),
        listed=_listed(found, listed, first, len(read.pipelines)),
        newest=routes.pipelines(replace(asked, after=_after(first - PAGE))) if first else "",
        older=routes.pipelines(replace(asked, after=_after(first + PAGE))) if first + listed < found else "",
        nothing=_nothing(read, asked) if not listed else "",
        hint=_hint(read, asked) if not listed else "",
        connect=read.empty,
        explaining=routes.explaining(routes.pipelines(asked)),
        zone=f"Times in {text.offset(read.now, zone)}",
    )


def _is_narrowed(asked: AskedPipelines) -> bool:
    return any(getattr(asked, one.name) for one in fields(asked) if one.name not in ("window", "sort", "after"))


def _after(first: int) -> str:
    return str(first) if first > 0 else ""


def _sort_link(asked: AskedPipelines, slug: str) -> SortLink:
    """A second click on a column turns it round; the state's column brings worst first back."""
    if asked.sort.removeprefix("-") != slug:
        return SortLink(routes.pipelines(replace(asked, sort=slug)))
    turned = f"-{slug}" if slug and asked.sort == slug else slug
    upwards = (slug in UPWARDS) != asked.sort.startswith("-")
    return SortLink(routes.pipelines(replace(asked, sort=turned)), "ascending" if upwards else "descending")


def _order(sort: str) -> str:
    """`worst first`, `by success rate, lowest first`."""
    slug = sort.removeprefix("-")
    if not slug:
        return "worst first"
    upwards, downwards = FIRST.get(slug, ("lowest", "highest"))
    first = upwards if (slug in UPWARDS) != sort.startswith("-") else downwards
    return f"by {SORT_WORDS[slug][0].lower()}{SORT_WORDS[slug][1:]}, {first} first"


def _listed(found: int, listed: int, first: int, number: int) -> str:
    """`12`, `3 of 12`, `51 to 100 of 120`; nothing for none, which the list itself says."""
    if not found:
        return ""
    if listed < found:
        return f"{text.count(first + 1)} to {text.count(first + listed)} of {text.count(found)}"
    return text.count(found) if found == number else f"{text.count(found)} of {text.count(number)}"


def sentence(pipelines: Sequence[PipelineHealth]) -> str:
    """`14 pipelines: 1 broken, 2 slower, 11 healthy`."""
    number = len(pipelines)
    states = Counter(one.state for one in pipelines)
    if not number:
        return "No pipelines here"
    if len(states) == 1:
        word = STATE_WORDS[pipelines[0].state]
        return f"1 pipeline, {word}" if number == 1 else f"{text.count(number)} pipelines, all {word}"
    parts = [f"{text.count(states[state])} {word}" for state, word in STATE_WORDS.items() if states[state]]
    return f"{text.counted(number, 'pipeline')}: {', '.join(parts)}"


def _nothing(read: Read, asked: AskedPipelines) -> str:
    if read.empty:
        return "Nothing has arrived yet"
    return "No pipelines match" if _is_narrowed(asked) else "No pipelines had a run lately"


def _hint(read: Read, asked: AskedPipelines) -> str:
    if read.empty:
        return "Pipelines appear here with their first run."
    if not _is_narrowed(asked):
        return "A pipeline without a run in the window is left out once its last run is 30 days old."
    words = {choice.value: choice.label.lower() for choice in STATES}
    places = [
        words.get(asked.state, ""),
        rows.provider_label(asked.provider) if asked.provider else "",
        asked.repo,
        asked.branch,
        f"“{asked.q}” in repository and name" if asked.q else "",
    ]
    return f"Searched: {', '.join(place for place in places if place)}, in {text.length(asked.window)}."


def row(one: PipelineHealth, asked: AskedPipelines, zone: tzinfo) -> PipelineListRow:
    passed = one.successes / one.verdicts if one.verdicts else None
    before = one.successes_before / one.verdicts_before if one.verdicts_before else None
    shown = rows.pipeline_row(one, zone, AskedPipeline(asked.window, asked.branch))
    return PipelineListRow(
        key=shown.key,
        href=shown.href,
        mark=shown.mark,
        name=one.name,
        where=shown.where,
        why=rows.pieces(one.why),
        n_of_m=shown.n_of_m,
        rate=shown.rate,
        rate_tone=shown.rate_tone,
        rate_delta=text.rate_delta(passed, one.verdicts, before, one.verdicts_before),
        p50=text.duration(one.p50_s),
        p95=shown.p95,
        p95_delta=shown.p95_delta,
        queue=shown.queue,
        queue_tone=shown.queue_tone,
        runs=text.count(one.runs),
        spent=text.duration(one.spent_s) if one.spent_s else text.NOTHING,
        last=shown.last,
        last_exact=shown.last_exact,
    )
