"""What a row shows: health and runs to text ready to read. Plain Python, no Reflex."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from cicd_health.model.failures import FailureState
from cicd_health.model.health import HealthState, Overview, PipelineHealth, RunLine, SourceHealth
from cicd_health.model.runs import Outcome
from cicd_health.model.windows import Window
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.format import Delta
from cicd_health.ui.routes import AskedPipeline

PROVIDER_LABELS = {"github": "GitHub", "jenkins": "Jenkins"}
EVERYTHING = AskedPipeline()
ATTENTION_ROWS = 8
PIPELINE_ROWS = 50
UNHEALTHY = frozenset(
    {HealthState.BROKEN, HealthState.UNSTABLE, HealthState.QUEUE, HealthState.FLAKY, HealthState.SLOWER}
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A glyph of the sprite, its word and its family."""

    glyph: str
    word: str
    tone: str


MARKS = {
    Outcome.SUCCESS: Mark("success", "Success", "ok"),
    Outcome.FAILURE: Mark("failure", "Failure", "fail"),
    Outcome.TIMED_OUT: Mark("timed_out", "Timed out", "fail"),
    Outcome.STARTUP_FAILURE: Mark("startup_failure", "Startup failure", "fail"),
    Outcome.UNSTABLE: Mark("unstable", "Unstable", "warn"),
    Outcome.CANCELLED: Mark("cancelled", "Cancelled", "off"),
    Outcome.SUPERSEDED: Mark("superseded", "Superseded", "off"),
    Outcome.SKIPPED: Mark("skipped", "Skipped", "off"),
    Outcome.NEUTRAL: Mark("neutral", "Neutral", "off"),
    Outcome.STALE: Mark("stale", "Stale", "off"),
    Outcome.ACTION_REQUIRED: Mark("action_required", "Action required", "hold"),
    Outcome.QUEUED: Mark("queued", "Queued", "off"),
    Outcome.WAITING: Mark("waiting", "Waiting", "hold"),
    Outcome.RUNNING: Mark("running", "Running", "run"),
    Outcome.UNKNOWN: Mark("unknown", "Unknown", "off"),
}
RESCUED = Mark("rescued", "Rescued", "ok")
NO_RUNS = Mark("unknown", "No runs", "off")
STATE_MARKS = {
    HealthState.BROKEN: Mark("failure", "Broken", "fail"),
    HealthState.UNSTABLE: Mark("unstable", "Unstable", "warn"),
    HealthState.QUEUE: Mark("queued", "Queue", "warn"),
    HealthState.FLAKY: Mark("flaky", "Flaky", "warn"),
    HealthState.SLOWER: Mark("slower", "Slower", "warn"),
    HealthState.HEALTHY: Mark("success", "Healthy", "ok"),
    HealthState.FEW: Mark("few", "Few runs", "off"),
}
FAILURE_MARKS = {
    FailureState.NEW: Mark("failure", "New", "fail"),
    FailureState.KNOWN: Mark("known", "Known", "off"),
    FailureState.MUTED: Mark("muted", "Muted", "off"),
}
# By the word a row carries: the page knows the marks, so a row is sent without them.
BY_NAME: dict[str, Mark] = {**MARKS, **STATE_MARKS, **FAILURE_MARKS, "rescued": RESCUED, "no_runs": NO_RUNS}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a sentence; `code` is set in the mono face, `href` is where it leads."""

    text: str
    code: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class AttentionRow:
    """`incident` is the id of the incident that is open of it, `state` how that stands; both empty for none."""

    key: str
    mark: str
    name: str
    where: str
    why: list[Piece]
    when: str
    when_exact: str
    href: str
    incident: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """What a pipeline does now. `kind` is running, queued, approval or empty; `done` is 0–48, the bar's pixels."""

    kind: str = ""
    text: str = ""
    tone: str = ""
    done: int = 0


@dataclass(frozen=True, slots=True)
class PipelineRow:
    """What changes with a verdict; what passes by itself is in PipelineNow."""

    key: str
    mark: str
    name: str
    where: str
    href: str
    n_of_m: str
    rate: str
    rate_tone: str
    p95: str
    p95_delta: Delta
    queue: str
    queue_tone: str
    last: str
    last_exact: str


@dataclass(frozen=True, slots=True)
class PipelineNow:
    """What moves from minute to minute: small, because it is sent the most."""

    age: str = ""
    activity: Activity = field(default_factory=Activity)


@dataclass(frozen=True, slots=True)
class RunRow:
    """What a run is. How it goes is in RunNow."""

    key: str
    pipeline: str
    where: str
    number: str
    title: str
    branch: str
    sha: str
    href: str


@dataclass(frozen=True, slots=True)
class RunNow:
    mark: str = ""
    duration: str = ""
    ended: str = ""
    exact: str = ""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """How fresh a source is. `fresh` is False for a ring instead of a dot."""

    key: str
    label: str
    text: str
    fresh: bool
    detail: str


def provider_label(provider: str) -> str:
    return PROVIDER_LABELS.get(provider, provider.replace("_", " ").capitalize())


def where(provider: str, repo: str, branch: str | None = None) -> str:
    """`kestrel/checkout-api · main`; a Jenkins folder is named as one: `Jenkins · payments`."""
    place = [provider_label(provider), repo] if provider == "jenkins" else [repo]
    return " · ".join(part for part in [*place, branch] if part)


def outcome_mark(outcome: Outcome | None, rescued: bool = False) -> str:
    """Its name in BY_NAME."""
    if outcome is None:
        return "no_runs"
    return "rescued" if rescued and outcome is Outcome.SUCCESS else outcome.value


def sentence(pipelines: Sequence[PipelineHealth]) -> str:
    """The page in one line: `1 pipeline broken, 4 need a look, 6 healthy, 1 with too few runs to say`."""
    states = Counter(pipeline.state for pipeline in pipelines)
    broken, healthy, few = states[HealthState.BROKEN], states[HealthState.HEALTHY], states[HealthState.FEW]
    look = sum(states[state] for state in UNHEALTHY) - broken
    if healthy and healthy == len(pipelines):
        return "The one pipeline is healthy" if healthy == 1 else f"All {healthy} pipelines healthy"
    parts = [
        (broken, f"{text.count(broken)} {{}}broken"),
        (look, f"{text.count(look)} {{}}{'needs' if look == 1 else 'need'} a look"),
        (healthy, f"{text.count(healthy)} {{}}healthy"),
        (few, f"{text.count(few)} {{}}with too few runs to say"),
    ]
    said = [(number, words) for number, words in parts if number]
    if not said:
        return "No pipelines here"
    noun = "pipeline " if said[0][0] == 1 else "pipelines "
    return ", ".join(words.format(noun if i == 0 else "") for i, (_, words) in enumerate(said))


def period(window: Window, zone: tzinfo) -> str:
    """`Sat 14 Nov 00:00 to Fri 20 Nov 10:42, against the 7 days before`."""
    start, end = window.start.astimezone(zone), window.end.astimezone(zone)
    days = window.length.total_seconds() / 86400
    length = "24 hours" if days == 1 else f"{days:.1f}".removesuffix(".0") + " days"
    return f"{start:%a} {start.day} {start:%b %H:%M} to {end:%a} {end.day} {end:%b %H:%M}, against the {length} before"


def pieces(parts: Iterable[str]) -> list[Piece]:
    """Parts joined by a middle dot; what stands in backticks is code."""
    stretches = " · ".join(parts).split("`")
    return [Piece(stretch, code=index % 2 == 1) for index, stretch in enumerate(stretches) if stretch]


def attention(overview: Overview, zone: tzinfo) -> list[AttentionRow]:
    """What needs a person, worst first."""
    rows = []
    for pipeline in overview.pipelines:
        if pipeline.state not in UNHEALTHY or len(rows) == ATTENTION_ROWS:
            continue
        at = pipeline.oldest_waiting_at if pipeline.state is HealthState.QUEUE else pipeline.since
        rows.append(
            AttentionRow(
                key=str(pipeline.pipeline_id),
                mark=pipeline.state.value,
                name=pipeline.name,
                where=where(pipeline.provider, pipeline.repo, pipeline.branch),
                why=[*pieces(pipeline.why), *_last_run(pipeline)],
                when=_since(pipeline, overview.now, zone),
                when_exact=text.exact(at, zone),
                href=routes.pipeline(pipeline.pipeline_id, _asked(overview)),
                incident=str(pipeline.incident_id or ""),
                state=pipeline.incident_state or "",
            )
        )
    return rows


def _asked(overview: Overview) -> AskedPipeline:
    """A pipeline's page for what the overview shows."""
    return AskedPipeline(overview.query.window.slug, overview.query.branch or "")


def _last_run(pipeline: PipelineHealth) -> list[Piece]:
    """` · run #4414`, with a no-break space, which leads to it, where a run is the cause."""
    if pipeline.state not in {HealthState.BROKEN, HealthState.UNSTABLE}:
        return []
    named = (run for run in pipeline.strip if run.run_id == pipeline.last_run_id and run.number is not None)
    before = [Piece(" · ")] if pipeline.why else []
    return [
        piece for run in named for piece in (*before, Piece(f"run\u00a0#{run.number}", href=routes.run(run.run_id)))
    ]


def _since(pipeline: PipelineHealth, now: datetime, zone: tzinfo) -> str:
    if pipeline.state is HealthState.QUEUE and pipeline.oldest_waiting_at:
        return f"{text.span((now - pipeline.oldest_waiting_at).total_seconds())} waiting"
    if pipeline.since is None:
        return ""
    seconds = (now - pipeline.since).total_seconds()
    lately = f" · {text.span(seconds)}" if seconds < 48 * 3600 else ""
    return f"since {text.moment(pipeline.since, now, zone)}{lately}"


def incidents(overview: Overview) -> str:
    """`2 open incidents · 1 muted`; empty when there is none."""
    parts = []
    if overview.open_incidents:
        parts.append(text.counted(overview.open_incidents, "open incident"))
    if overview.muted_incidents:
        parts.append(f"{overview.muted_incidents} muted")
    return " · ".join(parts)


def shown(pipelines: Sequence[PipelineHealth], show: str) -> list[PipelineHealth]:
    """Those the chip asks for: all, unhealthy or running."""
    if show == "unhealthy":
        return [pipeline for pipeline in pipelines if pipeline.state in UNHEALTHY]
    if show == "running":
        return [pipeline for pipeline in pipelines if pipeline.running]
    return list(pipelines)


def pipeline_row(pipeline: PipelineHealth, zone: tzinfo, asked: AskedPipeline = EVERYTHING) -> PipelineRow:
    """The row leads to the pipeline's page, with what is asked for."""
    passed = pipeline.successes / pipeline.verdicts if pipeline.verdicts else None
    return PipelineRow(
        key=str(pipeline.pipeline_id),
        mark=pipeline.state.value,
        name=pipeline.name,
        where=where(pipeline.provider, pipeline.repo, pipeline.branch),
        href=routes.pipeline(pipeline.pipeline_id, asked),
        n_of_m=f"{text.count(pipeline.successes)} of {text.count(pipeline.verdicts)}" if pipeline.verdicts else "",
        rate=text.rate(passed),
        rate_tone=text.rate_tone(passed, pipeline.verdicts),
        p95=text.duration(pipeline.p95_s),
        p95_delta=text.duration_delta(pipeline.p95_s, pipeline.p95_before_s),
        queue=text.duration(pipeline.queue_p95_s),
        queue_tone="late" if pipeline.state is HealthState.QUEUE else "",
        last=outcome_mark(pipeline.last_outcome, pipeline.last_rescued),
        last_exact=text.exact(pipeline.last_at, zone),
    )


def pipeline_now(pipeline: PipelineHealth, now: datetime) -> PipelineNow:
    return PipelineNow(text.age(pipeline.last_at, now), activity(pipeline, now))


def activity(pipeline: PipelineHealth, now: datetime) -> Activity:
    """Running before waiting for approval before queued: what moves is said first."""
    if pipeline.running and pipeline.running_since:
        return _progress(pipeline.running_since, pipeline.expected_end_at, now)
    if pipeline.running:
        return Activity("running", "running", "run", 24)
    if pipeline.needs_approval:
        needs = "needs" if pipeline.needs_approval == 1 else "need"
        return Activity("approval", f"{pipeline.needs_approval} {needs} approval", "hold")
    if pipeline.waiting:
        waited = pipeline.oldest_waiting_at and text.span((now - pipeline.oldest_waiting_at).total_seconds())
        return Activity("queued", f"{pipeline.waiting} queued" + (f" · {waited}" if waited else ""))
    return Activity()


def _progress(since: datetime, expected: datetime | None, now: datetime) -> Activity:
    gone = max(0.0, (now - since).total_seconds())
    if expected is None or expected <= since:
        return Activity("running", f"for {text.duration(gone)}", "run", 24)
    if now >= expected:
        return Activity("running", f"{text.duration((now - expected).total_seconds())} over", "late", 48)
    share = gone / (expected - since).total_seconds()
    return Activity(
        "running", f"{text.duration((expected - now).total_seconds())} left", "run", max(2, round(48 * share))
    )


def run_row(run: RunLine) -> RunRow:
    attempt = f" · {_ordinal(run.attempt)}" if run.attempt > 1 else ""
    return RunRow(
        key=str(run.run_id),
        pipeline=run.pipeline,
        where=run.repo or provider_label(run.provider),
        number=f"#{run.number}{attempt}" if run.number is not None else attempt.removeprefix(" · "),
        title=run.title or "",
        branch=run.branch or "",
        sha=(run.sha or "")[:7],
        href=routes.run(run.run_id),
    )


def run_now(run: RunLine, now: datetime, zone: tzinfo) -> RunNow:
    began = run.started_at or run.created_at
    unfinished = run.completed_at is None
    elapsed = (now - began).total_seconds() if run.outcome is Outcome.RUNNING else None
    return RunNow(
        mark=outcome_mark(run.outcome, run.rescued),
        duration=text.duration(elapsed if unfinished else run.duration_s),
        ended=MARKS[run.outcome].word.lower() if unfinished else text.age(run.completed_at, now),
        exact=text.exact(began if unfinished else run.completed_at, zone),
    )


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def source_row(source: SourceHealth, now: datetime, zone: tzinfo, *, named: bool) -> SourceRow:
    """`GitHub complete to 10:42` after a poll, `Jenkins 18 s ago` after an event; named where there are several."""
    label = f"{provider_label(source.provider)} {source.name}" if named else provider_label(source.provider)
    if source.state == "error":
        said = "cannot be reached"
    elif source.complete_until and (source.last_event_at is None or source.complete_until >= source.last_event_at):
        said = f"complete to {text.moment(source.complete_until, now, zone)}"
    else:
        said = text.age(source.last_event_at, now) if source.last_event_at else "nothing yet"
    return SourceRow(
        key=f"{source.provider}:{source.name}",
        label=label,
        text=said,
        fresh=source.state in {"ok", "never"},
        detail=source.error or text.exact(source.last_event_at, zone),
    )


def source_rows(overview: Overview, zone: tzinfo) -> list[SourceRow]:
    providers = Counter(source.provider for source in overview.sources)
    return [source_row(source, overview.now, zone, named=providers[source.provider] > 1) for source in overview.sources]
