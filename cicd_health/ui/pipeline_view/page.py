"""Everything a pipeline's page shows, part by part: a part is sent whole, and only when it changed. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from cicd_health.model.pipeline_report import PipelineReport
from cicd_health.ui import rows
from cicd_health.ui.pipeline_view import figures, head, heat, jobs, trends, troubles
from cicd_health.ui.pipeline_view.figures import Compared, Figure
from cicd_health.ui.pipeline_view.head import Bar, Head, LastRuns
from cicd_health.ui.pipeline_view.heat import HeatMap
from cicd_health.ui.pipeline_view.jobs import Slowest
from cicd_health.ui.pipeline_view.trends import Trends
from cicd_health.ui.pipeline_view.troubles import Troubles
from cicd_health.ui.routes import AskedPipeline
from cicd_health.ui.rows import RunNow, RunRow
from cicd_health.ui.run_view.verdict import Verdict


@dataclass(frozen=True, slots=True)
class PipelinePage:
    """`tab` is the title of the browser's tab; `runs_now` goes by the keys of the runs."""

    tab: str
    head: Head
    bar: Bar
    verdict: Verdict
    last_runs: LastRuns
    figures: list[Figure]
    comparison: list[Compared]
    troubles: Troubles
    trends: Trends
    slowest: Slowest
    heat: HeatMap
    runs: list[RunRow]
    runs_now: dict[str, RunNow]


def page(report: PipelineReport, numbers: Mapping[int, int], asked: AskedPipeline, zone: tzinfo) -> PipelinePage:
    """`numbers` are the provider's, of the runs that are named (`numbers.run_ids`), by our id."""
    word = rows.BY_NAME[report.health.state if report.health else "no_runs"].word.lower()
    return PipelinePage(
        tab=f"{report.name} · {word}",
        head=head.head(report, asked, zone),
        bar=head.bar(report, asked, zone),
        verdict=head.verdict(report, numbers, asked, zone),
        last_runs=head.last_runs(report, zone),
        figures=figures.figures(report, asked),
        comparison=figures.comparison(report, asked),
        troubles=troubles.troubles(report, numbers, zone),
        trends=trends.trends(report, zone),
        slowest=jobs.slowest(report, zone),
        heat=heat.heat_map(report.heat),
        runs=[rows.run_row(run) for run in report.latest],
        runs_now={str(run.run_id): rows.run_now(run, report.now, zone) for run in report.latest},
    )
