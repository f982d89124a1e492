"""One kind of failure as a row of the list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from cicd_health.model.alerts import IncidentState
from cicd_health.model.failures import FailingPipeline, Failure, OpenIncident, Sighting
from cicd_health.ui import format as text
from cicd_health.ui import geometry, routes, rows
from cicd_health.ui.alerts_view import words
from cicd_health.ui.failures_view.listing import BARS
from cicd_health.ui.geometry import Spark
from cicd_health.ui.routes import AskedAlerts, AskedFailures, AskedPipeline, AskedRuns

JOBS = 2  # named in a row


@dataclass(frozen=True, slots=True)
class FailureRow:
    """`incident` is the id of the only open incident, `incidents` are those of several; `open_state` tells of them."""

    key: str
    href: str
    mark: str
    words: str
    jobs: str
    pipeline: str
    of: str  # the pipeline's page
    where: str
    others: str
    bars: Spark
    runs: str
    noun: str
    runs_href: str  # the runs but for their time, which is in the head
    first_exact: str
    last_exact: str
    newest: str
    newest_href: str
    incident: str
    incidents: str
    open_state: str
    said: str
    said_href: str


@dataclass(frozen=True, slots=True)
class FailureNow:
    """What moves from minute to minute."""

    first: str = ""
    last: str = ""


def row(
    one: Failure, asked: AskedFailures, counts: Mapping[str, Sequence[int]], now: datetime, zone: tzinfo
) -> FailureRow:
    seen, newest = one.sighting, one.example
    opens = routes.failures(replace(asked, signature=seen.signature))
    bars = counts.get(seen.signature, ())
    place = place_of(one.pipelines[0], asked) if one.pipelines else ("", "", "")
    alone = seen.incidents[0] if len(seen.incidents) == 1 else None
    return FailureRow(
        key=seen.signature,
        href=routes.failures(replace(asked, signature="")) if seen.signature == asked.signature else opens,
        mark=seen.state.value,
        words=one.words or "no words are known of it",
        jobs=_jobs(one),
        pipeline=place[0],
        of=place[1],
        where=place[2],
        others=f"in {text.count(one.pipelines_n)} pipelines" if one.pipelines_n > 1 else "",
        bars=geometry.bars(bars, label=f"runs per {BARS[asked.window][1]}: {max(bars, default=0)} at most"),
        runs=text.count(seen.runs),
        noun="run" if seen.runs == 1 else "runs",
        runs_href=runs_of(asked, signature=seen.signature),
        first_exact=text.exact(seen.first_seen_at, zone),
        last_exact=text.exact(seen.last_seen_at, zone),
        newest=run_name(newest.number),
        newest_href=routes.run(newest.run_id),
        incident=str(alone.id) if alone else "",
        incidents="" if alone else ",".join(str(incident.id) for incident in seen.incidents),
        open_state=_open_state(seen.incidents),
        said=said_of(alone, now, zone) if alone else _said_of_several(seen.incidents),
        said_href=incident_page(alone) if alone else opens,
    )


def now_of(seen: Sighting, now: datetime) -> FailureNow:
    return FailureNow(text.age(seen.first_seen_at, now), text.age(seen.last_seen_at, now))


def place_of(pipeline: FailingPipeline, asked: AskedFailures) -> tuple[str, str, str]:
    """Its name, its page, and where it is."""
    page = routes.pipeline(pipeline.id, AskedPipeline(asked.window, asked.branch))
    return pipeline.name, page, rows.where(pipeline.provider, pipeline.repo)


def runs_of(asked: AskedFailures, **more: str) -> str:
    return routes.runs(AskedRuns(provider=asked.provider, repo=asked.repo, branch=asked.branch, **more))


def _jobs(one: Failure) -> str:
    """`unit, e2e and 3 more`."""
    more = one.jobs_n - JOBS
    return ", ".join(one.jobs[:JOBS]) + (f" and {more} more" if more > 0 else "")


def run_name(number: int | None) -> str:
    return "the run" if number is None else f"#{number}"


def _open_state(incidents: Sequence[OpenIncident]) -> str:
    """Of one incident its own state; of several whether all are muted; empty for none."""
    states = {one.state for one in incidents}
    if len(states) > 1:
        return IncidentState.OPEN.value
    return next((state.value for state in states), "")


def said_of(incident: OpenIncident, now: datetime, zone: tzinfo) -> str:
    """`Muted until fixed`, `Muted until 14:30`, `Acknowledged`."""
    if incident.state is not IncidentState.MUTED:
        return words.STATES[incident.state]
    until = incident.muted_until
    return f"Muted until {words.ahead(until, now, zone)}" if until else "Muted until fixed"


def _said_of_several(incidents: Sequence[OpenIncident]) -> str:
    """`2 muted`, `1 of 2 open`, `2 incidents`; empty for none."""
    states = Counter(one.state for one in incidents)
    if len(states) == 1:
        return f"{text.count(len(incidents))} {incidents[0].state.value}"
    if some_open := states[IncidentState.OPEN]:
        return f"{text.count(some_open)} of {text.count(len(incidents))} open"
    return f"{text.count(len(incidents))} incidents" if incidents else ""


def incident_page(incident: OpenIncident) -> str:
    return routes.alerts(AskedAlerts(incident=str(incident.id)))
