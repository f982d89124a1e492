"""The six cards: each a number, what it is n of m of, how it moved, and a sparkline. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cicd_health.model.health import Bucket, Distribution, Overview, Summary
from cicd_health.model.runs import FAILED, Outcome
from cicd_health.ui import format as text
from cicd_health.ui import geometry
from cicd_health.ui.format import Delta
from cicd_health.ui.geometry import Spark

DRAWABLE = 4  # points that make a line worth drawing
CARD_LEAST = 0.15  # a card's duration is judged from 15 %


@dataclass(frozen=True, slots=True)
class Card:
    """`value` with `unit` small behind it, or two values with a quiet dot between. `alarm` is red, before `second`."""

    slug: str
    label: str
    value: str
    unit: str = ""
    other_value: str = ""
    delta: Delta = field(default_factory=Delta)
    compared: bool = True
    first: str = ""
    alarm: str = ""
    second: str = ""


# The metric that explains a card, and that of its second line where it is another one.
EXPLAINED_BY = {
    "success_rate": "success_rate",
    "failure_rate": "failure_rate",
    "duration": "duration_s",
    "queue": "queue_s",
    "open_incidents": "time_to_restore_s",
    "last_status": "last_outcome",
}
SECOND_EXPLAINED_BY = {"failure_rate": "first_attempt_success_rate", "last_status": "throughput_per_day"}


def cards(overview: Overview) -> list[Card]:
    return [
        success_rate(overview),
        failure_rate(overview),
        duration(overview),
        queue(overview),
        open_incidents(overview),
        last_status(overview),
    ]


def sparks(overview: Overview) -> dict[str, Spark]:
    """The little drawing of each card, by its slug."""
    wide = overview.wide_buckets
    outcomes = [pipeline.last_outcome for pipeline in overview.pipelines]
    return {
        "success_rate": geometry.line([_share(bucket) for bucket in wide], filled=True, label="success rate over time"),
        "failure_rate": geometry.bars([_failed(bucket) for bucket in wide], label="runs that did not pass over time"),
        "duration": _slow_end([bucket.duration for bucket in wide], "duration"),
        "queue": _slow_end([bucket.queue for bucket in wide], "queue time"),
        "open_incidents": geometry.blocks(_incident_ages(overview), label="age of each open incident, oldest first"),
        "last_status": geometry.tiles(outcomes, label="the last verdict of each pipeline, what did not pass first"),
    }


def _incident_ages(overview: Overview) -> list[float]:
    """Seconds, oldest first."""
    open_since = [pipeline.since for pipeline in overview.pipelines if pipeline.incident_id is not None]
    return sorted(((overview.now - since).total_seconds() for since in open_since if since), reverse=True)


def _rate(value: float | None) -> tuple[str, str]:
    number, _, unit = text.rate(value).partition(" ")
    return number, unit


def success_rate(overview: Overview) -> Card:
    now, before = overview.summary, overview.previous
    value, unit = _rate(now.success_rate)
    superseded = now.counts.get(Outcome.SUPERSEDED, 0)
    out = f"{text.count(now.total - now.verdicts)} left out"
    return Card(
        slug="success_rate",
        label="Success rate",
        value=value,
        unit=unit,
        delta=text.rate_delta(now.success_rate, now.verdicts, before.success_rate, before.verdicts),
        first=f"{text.count(now.successes)} of {text.counted(now.verdicts, 'verdict')}"
        if now.verdicts
        else "no verdicts",
        second=f"{out}, {text.count(superseded)} superseded" if superseded else out,
    )


def _share(bucket: Bucket) -> float | None:
    verdicts = sum(n for outcome, n in bucket.counts.items() if outcome.verdict)
    return bucket.counts.get(Outcome.SUCCESS, 0) / verdicts if verdicts else None


def _failed(bucket: Bucket) -> int:
    return sum(n for outcome, n in bucket.counts.items() if outcome.failed)


def failure_rate(overview: Overview) -> Card:
    now, before = overview.summary, overview.previous
    value, unit = _rate(now.failure_rate)
    unstable = now.counts.get(Outcome.UNSTABLE, 0)
    failed = sum(n for outcome, n in now.counts.items() if outcome in FAILED) - unstable
    return Card(
        slug="failure_rate",
        label="Failure rate",
        value=value,
        unit=unit,
        delta=text.rate_delta(
            now.failure_rate, now.verdicts, before.failure_rate, before.verdicts, more_is_better=False
        ),
        first=f"{text.count(failed)} failed, {text.count(unstable)} unstable",
        second=_first_attempt(now),
    )


def _first_attempt(summary: Summary) -> str:
    if summary.first_attempt_success_rate is None:
        return "no first attempts"
    return f"{text.rate(summary.first_attempt_success_rate)} first time, {text.count(summary.rescued)} rescued"


def duration(overview: Overview) -> Card:
    now, before = overview.summary.duration, overview.previous.duration
    return Card(
        slug="duration",
        label="Duration p50 · p95",
        value=text.duration(text.p50(now)),
        other_value=text.duration(text.p95(now)) if now.n >= text.P50_NEEDS else "",
        delta=text.duration_delta(text.p95(now), text.p95(before), least=CARD_LEAST),
        first=f"{_measured(now)}, mean {text.duration(now.mean)}" if now.n else "no successes measured",
        second=_was(before),
    )


def _measured(now: Distribution) -> str:
    """`625 successes`; `620 of 625 measured` when not all could be."""
    if now.unmeasured:
        return f"{text.count(now.n)} of {text.count(now.n + now.unmeasured)} measured"
    return text.counted(now.n, "success", "successes")


def _was(before: Distribution) -> str:
    if not before.n:
        return "nothing to compare with"
    return f"p95 was {text.duration(text.p95(before))}, p50 {text.duration(text.p50(before))}"


def _slow_end(spread: Sequence[Distribution], noun: str) -> Spark:
    """The p95 over time; the p50 where too few buckets have enough values for a p95."""
    p95 = [text.p95(one) for one in spread]
    if sum(value is not None for value in p95) >= DRAWABLE:
        return geometry.line(p95, tone="c3", label=f"p95 {noun} over time")
    return geometry.line([text.p50(one) for one in spread], label=f"p50 {noun} over time")


def queue(overview: Overview) -> Card:
    now, before = overview.summary.queue, overview.previous.queue
    return Card(
        slug="queue",
        label="Queue p50 · p95",
        value=text.duration(text.p50(now)),
        other_value=text.duration(text.p95(now)) if now.n >= text.P50_NEEDS else "",
        delta=text.duration_delta(text.p95(now), text.p95(before), least=CARD_LEAST),
        first=f"{text.count(now.n)} measured, {text.count(now.unmeasured)} not" if now.n else "none measured",
        second=_waiting(overview),
    )


def _waiting(overview: Overview) -> str:
    waiting = sum(pipeline.waiting for pipeline in overview.pipelines)
    since = [pipeline.oldest_waiting_at for pipeline in overview.pipelines if pipeline.oldest_waiting_at]
    if not waiting:
        mean = overview.summary.queue.mean
        return "none queued now" if mean is None else f"mean {text.duration(mean)}, none queued now"
    oldest = f", oldest {text.span((overview.now - min(since)).total_seconds())}" if since else ""
    return f"{text.count(waiting)} queued now{oldest}"


def open_incidents(overview: Overview) -> Card:
    now = overview.summary.restore
    oldest = overview.oldest_incident_at
    return Card(
        slug="open_incidents",
        label="Open incidents",
        value=text.count(overview.open_incidents),
        compared=False,
        first=f"restored in {text.duration(now.median)}, {text.count(now.n)} closed" if now.n else "none closed",
        alarm=f"oldest {text.duration((overview.now - oldest).total_seconds())}" if oldest else "",
        second=_muted(overview) if oldest else _mean(overview.summary),
    )


def _muted(overview: Overview) -> str:
    return f", {overview.muted_incidents} muted" if overview.muted_incidents else ""


def _mean(summary: Summary) -> str:
    if summary.restore.open:
        return ""
    return f"mean {text.duration(summary.restore.mean)}" if summary.restore.n else "nothing is broken"


def last_status(overview: Overview) -> Card:
    outcomes = [pipeline.last_outcome for pipeline in overview.pipelines]
    judged = [outcome for outcome in outcomes if outcome is not None and outcome.verdict]
    passed = sum(outcome is Outcome.SUCCESS for outcome in judged)
    now, before = overview.summary, overview.previous
    per_day = now.throughput_per_day
    runs = text.count(round(per_day)) if per_day >= 10 else f"{per_day:.1f}"
    return Card(
        slug="last_status",
        label="Last status",
        value=f"{passed} of {len(judged)}" if judged else text.NOTHING,
        unit="passed" if judged else "",
        delta=text.count_delta(now.total, before.total),
        compared=False,
        first=f"{text.counted(len(outcomes), 'pipeline')}, by the last verdict" if outcomes else "no pipelines",
        second=f"{runs} runs a day, {text.count(now.total)} in all" if now.total else "no runs",
    )
