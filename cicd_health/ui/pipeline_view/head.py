"""The head of a pipeline's page: what it is, how it is in a sentence, its last 30 runs, what can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from cicd_health.model.health import HealthState, PipelineHealth, StripRun
from cicd_health.model.pipeline_report import PipelineReport
from cicd_health.model.runs import Outcome
from cicd_health.model.windows import WINDOWS
from cicd_health.ui import format as text
from cicd_health.ui import geometry, routes, rows
from cicd_health.ui.geometry import Strip
from cicd_health.ui.pipeline_view.numbers import run_name
from cicd_health.ui.routes import AskedPipeline, AskedPipelines, AskedRuns
from cicd_health.ui.run_view.head import Crumb
from cicd_health.ui.run_view.said import Said, code, link, plain
from cicd_health.ui.run_view.verdict import Verdict
from cicd_health.ui.view import Choice, with_chosen


@dataclass(frozen=True, slots=True)
class Head:
    """`url` is the provider's own page; `nothing` is said instead of the numbers when no run is in the window."""

    crumbs: list[Crumb] = field(default_factory=list)
    title: str = ""
    mark: str = "no_runs"
    where: str = ""
    url: str = ""
    provider: str = ""
    runs: str = ""
    period: str = ""
    checked: str = ""
    nothing: str = ""
    hint: str = ""
    wider: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """What can be chosen."""

    windows: list[Choice] = field(default_factory=list)
    branches: list[str] = field(default_factory=list)
    branch: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class StripLink:
    """One bar of the strip: `column` counts from 1."""

    key: str
    column: str
    href: str
    title: str


@dataclass(frozen=True, slots=True)
class LastRuns:
    """The last 30 runs, each a link; `first` and `last` say when the outermost were created."""

    strip: Strip = field(default_factory=Strip)
    links: list[StripLink] = field(default_factory=list)
    first: str = ""
    last: str = ""


def head(report: PipelineReport, asked: AskedPipeline, zone: tzinfo) -> Head:
    said = Head(
        crumbs=[
            Crumb("Pipelines", routes.pipelines(AskedPipelines(window=asked.window)), below=False),
            Crumb(
                report.repo or rows.provider_label(report.provider),
                routes.pipelines(AskedPipelines(window=asked.window, provider=report.provider, repo=report.repo)),
            ),
            Crumb(report.name),
        ],
        title=report.name,
        mark=report.health.state.value if report.health else "no_runs",
        where=rows.where(report.provider, report.repo, asked.branch or None),
        url=text.web_address(report.url),
        provider=rows.provider_label(report.provider),
        runs=routes.runs(AskedRuns(pipeline=str(report.query.pipeline_id), branch=asked.branch, window=asked.window)),
        period=rows.period(report.query.window, zone),
        checked=text.clock(report.now, zone),
    )
    if report.summary.total:
        return said
    wider = next((slug for slug in WINDOWS if WINDOWS[slug] > WINDOWS[asked.window]), "")
    where = f" on {asked.branch}" if asked.branch else ""
    further = replace(asked, window=wider) if wider else replace(asked, branch="")
    return replace(
        said,
        nothing=f"No runs in {text.length(asked.window)}{where}",
        hint="Widen the window to see older runs." if wider else "What ran before is in the list of runs.",
        wider=routes.pipeline(report.query.pipeline_id or 0, further) if wider or asked.branch else "",
    )


def bar(report: PipelineReport, asked: AskedPipeline, zone: tzinfo) -> Bar:
    own = report.query.pipeline_id or 0
    return Bar(
        windows=window_choices(own, asked),
        branches=with_chosen(asked.branch, report.branches),
        branch=asked.branch,
        zone=f"Times in {text.offset(report.now, zone)}",
    )


def window_choices(pipeline_id: int, asked: AskedPipeline) -> list[Choice]:
    return [
        Choice(slug, slug, routes.pipeline(pipeline_id, replace(asked, window=slug)), chosen=slug == asked.window)
        for slug in WINDOWS
    ]


def verdict(report: PipelineReport, numbers: Mapping[int, int], asked: AskedPipeline, zone: tzinfo) -> Verdict:
    """How it is: what, since when, why; below it the last verdict."""
    health = report.health
    if health is None:
        return Verdict("no_runs", [plain("This pipeline has not run yet.")])
    return Verdict(
        health.state.value, _cause(health, report.now, asked, zone), _context(health, report.now, numbers, zone)
    )


def _cause(health: PipelineHealth, now: datetime, asked: AskedPipeline, zone: tzinfo) -> list[Said]:
    word = rows.STATE_MARKS[health.state].word
    if health.state in rows.UNHEALTHY:
        since = f" {_since(health, now, zone)}" if _since(health, now, zone) else ""
        why = [code(piece.text) if piece.code else plain(piece.text) for piece in rows.pieces(health.why)]
        return [plain(f"{word}{since}{': ' if why else ''}"), *why]
    passed = f"{text.count(health.successes)} of {text.counted(health.verdicts, 'run')} passed"
    if health.state is HealthState.HEALTHY:
        return [plain(f"{word}: {passed} in {text.length(asked.window)}")]
    if not health.verdicts:
        return [plain(f"No run passed or failed in {text.length(asked.window)}: nothing to judge by")]
    return [plain(f"{passed} in {text.length(asked.window)}: too few to judge by")]


def _since(health: PipelineHealth, now: datetime, zone: tzinfo) -> str:
    """`since Fri 15:41, for 50 min`."""
    if health.state is HealthState.QUEUE and health.oldest_waiting_at:
        return f"for {text.span((now - health.oldest_waiting_at).total_seconds())}"
    if health.since is None:
        return ""
    since = f"since {text.moment(health.since, now, zone)}"
    return f"{since}, for {text.span((now - health.since).total_seconds())}"


def _context(health: PipelineHealth, now: datetime, numbers: Mapping[int, int], zone: tzinfo) -> list[Said]:
    said: list[Said] = []
    if health.last_run_id and health.last_outcome:
        word = "rescued by a re-run" if health.last_rescued else rows.MARKS[health.last_outcome].word.lower()
        when = text.moment(health.last_at, now, zone) if health.last_at else ""
        name = run_name(health.last_run_id, numbers)
        said = [
            plain("Last verdict" + (f" on {health.branch}" if health.branch else "") + ": "),
            link(name, routes.run(health.last_run_id)),
            plain(f", {word}" + (f", ended {when}" if when else "") + "."),
        ]
    if health.incident_state:
        said.append(plain(f" Incident {health.incident_state}."))
    return [*said, *_now(health)]


def _now(health: PipelineHealth) -> list[Said]:
    parts = []
    if health.running:
        parts.append(f"{health.running} running")
    if health.waiting and health.state is not HealthState.QUEUE:
        parts.append(f"{health.waiting} queued")
    if health.needs_approval:
        parts.append(f"{health.needs_approval} {'needs' if health.needs_approval == 1 else 'need'} approval")
    return [plain(f" Now: {', '.join(parts)}.")] if parts else []


def last_runs(report: PipelineReport, zone: tzinfo) -> LastRuns:
    runs = report.health.strip[-geometry.BARS :] if report.health else ()
    if not runs:
        return LastRuns(strip=geometry.strip(()))
    missing = geometry.BARS - len(runs)
    links = [
        StripLink(str(run.run_id), str(missing + i), routes.run(run.run_id), _bar_title(run, zone))
        for i, run in enumerate(runs, start=1)
    ]
    first, last = (text.moment(run.created_at, report.now, zone) for run in (runs[0], runs[-1]))
    return LastRuns(geometry.strip(runs), links, first, last if last != first else "")


def _bar_title(run: StripRun, zone: tzinfo) -> str:
    """`#4449 failure, 7m 24s, 20 Nov 2026, 10:42:05`."""
    name = f"#{run.number}" if run.number is not None else f"run {run.run_id}"
    word = "rescued" if run.rescued and run.outcome is Outcome.SUCCESS else rows.MARKS[run.outcome].word.lower()
    took = f", {text.duration(run.duration_s)}" if run.duration_s is not None else ""
    return f"{name} {word}{took}, {text.exact(run.created_at, zone)}"
