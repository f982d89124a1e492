"""The kind of failure that is open: the failing lines of its newest run, all its pipelines, jobs and incidents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from cicd_health.model.failures import FailingPipeline, Failure
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.failures_view.row import incident_page, place_of, run_name, runs_of, said_of
from cicd_health.ui.routes import AskedFailures


@dataclass(frozen=True, slots=True)
class ExcerptLine:
    """`tone` is "cause" for the line that says best why, "gap" where lines were left out."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class PipelineLine:
    key: str
    name: str
    where: str
    href: str
    runs: str
    runs_href: str


@dataclass(frozen=True, slots=True)
class IncidentLine:
    key: str
    title: str
    href: str
    state: str
    said: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The kind of failure that is open; `key` is empty for none."""

    key: str = ""
    run: str = ""
    run_href: str = ""
    failed: str = ""  # where: job › step
    lines: list[ExcerptLine] = field(default_factory=list)
    pipelines: list[PipelineLine] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    incidents: list[IncidentLine] = field(default_factory=list)


def opened(one: Failure, asked: AskedFailures, now: datetime, zone: tzinfo) -> Opened:
    run = one.example
    return Opened(
        key=one.sighting.signature,
        run=run_name(run.number),
        run_href=routes.run(run.run_id),
        failed=" › ".join(part for part in (run.job, run.step) if part),
        lines=excerpt_lines(run.excerpt or "", one.words),
        pipelines=[_pipeline_line(pipeline, one.sighting.signature, asked) for pipeline in one.pipelines],
        jobs=list(one.jobs),
        incidents=[
            IncidentLine(
                str(incident.id),
                incident.title,
                incident_page(incident),
                incident.state.value,
                said_of(incident, now, zone),
            )
            for incident in one.sighting.incidents
        ],
    )


def _pipeline_line(pipeline: FailingPipeline, signature: str, asked: AskedFailures) -> PipelineLine:
    name, page, where = place_of(pipeline, asked)
    return PipelineLine(
        key=str(pipeline.id),
        name=name,
        where=where,
        href=page,
        runs=text.counted(pipeline.runs, "run"),
        runs_href=runs_of(asked, signature=signature, pipeline=str(pipeline.id)),
    )


def excerpt_lines(excerpt: str, cause: str) -> list[ExcerptLine]:
    """The lines of an excerpt; the last that is the cause is marked as such."""
    lines = excerpt.rstrip("\n").split("\n") if excerpt else []
    place = max((index for index, line in enumerate(lines) if line.strip() == cause), default=-1)
    return [
        ExcerptLine(line, "cause" if index == place else "gap" if line == "…" else "")
        for index, line in enumerate(lines)
    ]
