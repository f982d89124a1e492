"""How a run is called on its pipeline's page. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping

from cicd_health.model.pipeline_report import PipelineReport


def run_ids(report: PipelineReport) -> set[int]:
    """The runs that are named on the page."""
    flaky = (run_id for job in report.flaky for run_id in job.run_ids)
    last = {report.health.last_run_id} if report.health and report.health.last_run_id else set()
    return {change.run_id for change in report.changes} | set(flaky) | last


def run_name(run_id: int, numbers: Mapping[int, int]) -> str:
    """The provider's number, `#4449`; `a run` where it has none."""
    return f"#{numbers[run_id]}" if run_id in numbers else "a run"
