"""How a run is called on its pipeline's page. Plain Python."""

from __future__ import annotations

from cicd_health.model.pipeline_report import PipelineReport


def run_numbers(report: PipelineReport) -> dict[int, int]:
    """The provider's numbers of the runs that the report shows, by our id."""
    strip = report.health.strip if report.health else ()
    known = [*report.latest, *strip]
    return {run.run_id: run.number for run in known if run.number is not None}


def run_name(run_id: int, numbers: dict[int, int]) -> str:
    """`#4449`; our id where the number is not known."""
    return f"#{numbers[run_id]}" if run_id in numbers else f"run {run_id}"
