"""What stands around the list: the sentence, the filters, what there is when nothing is listed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, tzinfo
from urllib.parse import urlencode

from cicd_health.model.failures import FailureState
from cicd_health.model.health import Query
from cicd_health.model.windows import WINDOWS
from cicd_health.store.lists import NO_SIGNATURE
from cicd_health.ui import format as text
from cicd_health.ui import routes, rows
from cicd_health.ui.failures_view.listing import BARS, PAGE, Listed, Read
from cicd_health.ui.failures_view.row import runs_of
from cicd_health.ui.pipelines_view import SortLink
from cicd_health.ui.routes import AskedFailures
from cicd_health.ui.view import Choice, with_chosen

STATES = [Choice(state.value, rows.FAILURE_MARKS[state].word) for state in FailureState]
SORT_WORDS = {"": "New first", "last": "Last seen", "runs": "Most runs"}
ORDERS = {"": "new first", "last": "last seen first", "runs": "most runs first"}
SORTS = [Choice(slug, word) for slug, word in SORT_WORDS.items()]


@dataclass(frozen=True, slots=True)
class FailuresHead:
    """Everything around the rows. `span` is what is added to an address of runs for those of the window."""

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
    bar: str = ""  # of what a bar is: "Per day"
    listed: str = ""
    span: str = ""
    newest: str = ""
    older: str = ""
    nothing: str = ""
    hint: str = ""
    wider: str = ""  # the address that looks further back
    wider_words: str = ""
    connect: bool = False
    unexplained: str = ""
    unexplained_href: str = ""
    zone: str = ""


def head(read: Read, asked: AskedFailures, listed: Listed, zone: tzinfo) -> FailuresHead:
    top = replace(asked, after="", signature="")
    number, first, shown = listed.number, listed.first, len(listed.failures)
    wider = _wider(asked)
    return FailuresHead(
        sentence=sentence(read, asked.window),
        period=rows.period(read.query.window, zone).partition(", against")[0],
        checked=text.clock(read.now, zone),
        windows=[
            Choice(slug, slug, routes.failures(replace(top, window=slug)), chosen=slug == asked.window)
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
        sort=asked.sort,
        q=asked.q,
        everything=routes.failures(AskedFailures(asked.window, sort=asked.sort)) if _is_narrowed(asked) else "",
        sorts={
            slug: SortLink(routes.failures(replace(top, sort=slug)), "descending" if slug == asked.sort else "none")
            for slug in SORT_WORDS
        },
        bar=f"Per {BARS[asked.window][1]}",
        listed=_counted(listed, len(read.seen), asked.sort),
        span=_span(read.query),
        newest=routes.failures(replace(top, after=_after(first - PAGE))) if first else "",
        older=routes.failures(replace(top, after=_after(first + PAGE))) if first + shown < number else "",
        nothing="" if shown else _nothing(read, asked),
        hint="" if shown else _hint(read, asked, listed.unseen),
        wider="" if shown or wider is None else routes.failures(wider),
        wider_words="" if wider is None else f"Look at {text.length(wider.window)}",
        connect=read.empty,
        unexplained=_unexplained(read.unexplained),
        unexplained_href=runs_of(asked, signature=NO_SIGNATURE, outcome="failed"),
        zone=f"Times in {text.offset(read.now, zone)}",
    )


def _after(first: int) -> str:
    return str(first) if first > 0 else ""


def _is_narrowed(asked: AskedFailures) -> bool:
    usual = ("window", "sort", "after", "signature")
    return any(getattr(asked, one.name) for one in fields(asked) if one.name not in usual)


def _wider(asked: AskedFailures) -> AskedFailures | None:
    slugs = list(WINDOWS)
    following = slugs.index(asked.window) + 1
    return replace(asked, window=slugs[following], after="") if following < len(slugs) else None


def sentence(read: Read, window: str) -> str:
    """`3 new kinds of failure, 12 known, 1 muted`."""
    states = Counter(one.state for one in read.seen)
    said = [(states[state], state.value) for state in FailureState if states[state]]
    if not said:
        known = " whose cause is known" if read.unexplained else ""
        return f"No failure{known} in {text.length(window)}"
    kinds = "kind of failure" if said[0][0] == 1 else "kinds of failure"
    return ", ".join(
        f"{text.count(number)} {state}{f' {kinds}' if place == 0 else ''}" for place, (number, state) in enumerate(said)
    )


def _unexplained(number: int) -> str:
    if not number:
        return ""
    return f"{text.counted(number, 'failed run')} {'has' if number == 1 else 'have'} no log that says why"


def _counted(listed: Listed, number: int, sort: str) -> str:
    """`12, new first`, `3 of 12, …`, `51 to 100 of 120, …`; nothing for none, which the list itself says."""
    found, shown = listed.number, len(listed.failures)
    if not shown:
        return ""
    said = text.count(found) if found == number else f"{text.count(found)} of {text.count(number)}"
    if shown < found:
        said = f"{text.count(listed.first + 1)} to {text.count(listed.first + shown)} of {text.count(found)}"
    unseen = f", {text.count(listed.unseen)} not searched" if listed.unseen else ""
    return f"{said}, {ORDERS[sort]}{unseen}"


def _nothing(read: Read, asked: AskedFailures) -> str:
    if read.empty:
        return "Nothing has arrived yet"
    return "No kind of failure matches" if _is_narrowed(asked) else "No kind of failure here"


def _hint(read: Read, asked: AskedFailures, unseen: int) -> str:
    """What was searched, and how to search more."""
    if read.empty:
        return "Failures appear here with the first run that fails."
    if not _is_narrowed(asked):
        return "What fails is grouped here by the words of its log."
    places = [
        asked.state,
        rows.provider_label(asked.provider) if asked.provider else "",
        asked.repo,
        asked.branch,
        f"“{asked.q}” in words, signature, job and pipeline" if asked.q else "",
    ]
    some = f" {text.count(unseen)} more kinds were not searched: narrow them first." if unseen else ""
    return f"Searched: {', '.join(place for place in places if place)}, in {text.length(asked.window)}.{some}"


def _span(query: Query) -> str:
    start, end = (
        f"{at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z" for at in (query.window.start, query.window.end)
    )
    return "&" + urlencode({"from": start, "to": end})
