"""The overview page as text, from one Overview: computed once, shared by everybody who looks. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from cicd_health.model.health import HealthState, Overview
from cicd_health.model.windows import WINDOWS
from cicd_health.ui import format as text
from cicd_health.ui import geometry, routes, rows, series
from cicd_health.ui.cards import Card, cards, sparks
from cicd_health.ui.geometry import Spark, Strip
from cicd_health.ui.routes import SHOWN, Asked, AskedPipeline, explaining
from cicd_health.ui.routes import overview as address
from cicd_health.ui.rows import AttentionRow, PipelineNow, PipelineRow, RunNow, RunRow, SourceRow
from cicd_health.ui.series import Charts


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: its value, its word, where it leads, whether it is the one."""

    value: str
    label: str
    href: str = ""
    chosen: bool = False
    number: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    sentence: str = ""
    period: str = ""
    checked: str = ""
    explaining: str = ""  # the address that explains a number, but for its slug
    wall: str = ""  # the address of the same on a screen for all
    nothing: str = ""  # said instead of the numbers when no run is in the window
    hint: str = ""
    wider: str = ""  # the address that asks for more


@dataclass(frozen=True, slots=True)
class Filters:
    windows: list[Choice] = field(default_factory=list)
    providers: list[Choice] = field(default_factory=list)
    repos: list[str] = field(default_factory=list)
    branches: list[str] = field(default_factory=list)
    provider: str = ""
    repo: str = ""
    branch: str = ""
    everything: str = ""  # the address without filters; empty when there is none to clear


@dataclass(frozen=True, slots=True)
class Freshness:
    sources: list[SourceRow] = field(default_factory=list)
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Attention:
    rows: list[AttentionRow] = field(default_factory=list)
    summary: str = ""
    incidents: str = ""
    calm: str = ""


@dataclass(frozen=True, slots=True)
class Pipelines:
    rows: list[PipelineRow] = field(default_factory=list)
    chips: list[Choice] = field(default_factory=list)
    summary: str = ""
    cut: str = ""
    nothing: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Latest:
    rows: list[RunRow] = field(default_factory=list)
    total: str = ""

    def first(self, number: int) -> Latest:
        """The newest of them."""
        return replace(self, rows=self.rows[:number])


@dataclass(frozen=True, slots=True)
class View:
    """What changes often stands apart from what does not: a part is sent whole, and only when it changed.

    `sparks`, `pipelines_now`, `strips` and `latest_now` go by the keys of the rows they belong to.
    """

    empty: bool
    heading: Heading
    filters: Filters
    freshness: Freshness
    attention: Attention
    cards: list[Card]
    sparks: dict[str, Spark]
    charts: Charts
    pipelines: Pipelines
    pipelines_now: dict[str, PipelineNow]
    strips: dict[str, Strip]
    latest: Latest
    latest_now: dict[str, RunNow]


def view(overview: Overview, asked: Asked, zone: tzinfo) -> View:
    listed = rows.shown(overview.pipelines, asked.show)[: rows.PIPELINE_ROWS]
    return View(
        empty=overview.empty,
        heading=heading(overview, asked, zone),
        filters=filters(overview, asked),
        freshness=Freshness(rows.source_rows(overview, zone), f"Times in {text.offset(overview.now, zone)}"),
        attention=attention(overview, zone),
        cards=[_unbroken(card) for card in cards(overview)],
        sparks=sparks(overview),
        charts=series.charts(overview, zone),
        pipelines=pipelines(overview, asked, zone),
        pipelines_now={str(pipeline.pipeline_id): rows.pipeline_now(pipeline, overview.now) for pipeline in listed},
        strips={str(pipeline.pipeline_id): geometry.strip(pipeline.strip) for pipeline in listed},
        latest=latest(overview),
        latest_now={str(run.run_id): rows.run_now(run, overview.now, zone) for run in overview.latest},
    )


def _unbroken(card: Card) -> Card:
    """On a phone its lines wrap: a number and its unit stay together."""
    return replace(card, first=text.unbroken(card.first), second=text.unbroken(card.second))


def heading(overview: Overview, asked: Asked, zone: tzinfo) -> Heading:
    said = Heading(
        sentence=rows.sentence(overview.pipelines),
        period=rows.period(overview.query.window, zone),
        checked=text.clock(overview.now, zone),
        explaining=explaining(address(asked)),
        wall=routes.wall(asked),
    )
    if overview.summary.total:
        return said
    length = text.length(asked.window)
    places = [asked.provider and rows.provider_label(asked.provider), asked.repo, asked.branch]
    searched = ", ".join(place for place in places if place) or "all sources, repositories and branches"
    wider = _wider(asked)
    hint = f"Searched: {searched}. "
    hint += "Widen the window to see older runs." if wider else "Clear the filters to see more."
    return replace(
        said,
        nothing=f"No runs in {length}",
        hint=hint,
        wider=address(wider or Asked(window=asked.window)),
    )


def _wider(asked: Asked) -> Asked | None:
    slugs = list(WINDOWS)
    following = slugs.index(asked.window) + 1
    return replace(asked, window=slugs[following]) if following < len(slugs) else None


def window_choices(asked: Asked) -> list[Choice]:
    return [Choice(slug, slug, address(replace(asked, window=slug)), chosen=slug == asked.window) for slug in WINDOWS]


def filters(overview: Overview, asked: Asked) -> Filters:
    providers = sorted({source.provider for source in overview.sources} | ({asked.provider} - {""}))
    return Filters(
        windows=window_choices(asked),
        providers=[Choice(provider, rows.provider_label(provider)) for provider in providers],
        repos=with_chosen(asked.repo, overview.repos),
        branches=with_chosen(asked.branch, overview.branches),
        provider=asked.provider,
        repo=asked.repo,
        branch=asked.branch,
        everything=address(replace(asked, provider="", repo="", branch="")) if asked.narrowed else "",
    )


def with_chosen(chosen: str, offered: Sequence[str]) -> list[str]:
    """What is offered, and what was chosen even when it is not offered any more."""
    some = [name for name in offered if name]
    return some if not chosen or chosen in some else [chosen, *some]


def attention(overview: Overview, zone: tzinfo) -> Attention:
    listed = rows.attention(overview, zone)
    number = sum(pipeline.state in rows.UNHEALTHY for pipeline in overview.pipelines)
    summary = f"{number}, worst first" if number == len(listed) else f"{len(listed)} of {number}, worst first"
    return Attention(
        rows=listed,
        summary=summary if listed else "",
        incidents=rows.incidents(overview),
        calm="" if listed else _calm(overview, zone),
    )


def _calm(overview: Overview, zone: tzinfo) -> str:
    few = sum(pipeline.state is HealthState.FEW for pipeline in overview.pipelines)
    number = len(overview.pipelines)
    who = f"All {text.counted(number, 'pipeline')} healthy" if number and not few else "No pipeline needs a look"
    return f"{who}, last checked {text.clock(overview.now, zone)}"


def pipelines(overview: Overview, asked: Asked, zone: tzinfo) -> Pipelines:
    listed = rows.shown(overview.pipelines, asked.show)
    first = listed[: rows.PIPELINE_ROWS]
    return Pipelines(
        rows=[rows.pipeline_row(pipeline, zone, AskedPipeline(asked.window, asked.branch)) for pipeline in first],
        chips=[
            Choice(
                show,
                show.capitalize(),
                address(replace(asked, show=show)),
                chosen=show == asked.show,
                number=text.count(len(rows.shown(overview.pipelines, show))),
            )
            for show in SHOWN
        ],
        summary=f"{text.count(len(overview.pipelines))}, worst first",
        cut=f"{len(first)} of {text.count(len(listed))} shown, worst first. Choose a repository to narrow them."
        if len(first) < len(listed)
        else "",
        nothing="" if first else f"No {asked.show} pipelines" if asked.show != "all" else "No pipelines here",
        hint="Choose All to see the others." if asked.show != "all" else "Nothing matches the filters above.",
    )


def latest(overview: Overview) -> Latest:
    return Latest(
        rows=[rows.run_row(run) for run in overview.latest],
        total=f"{text.counted(overview.summary.total, 'run')} in the window",
    )
