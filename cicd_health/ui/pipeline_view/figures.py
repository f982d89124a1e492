"""The numbers of one pipeline: the figures under its head, and the table against the window before. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cicd_health.model.health import Distribution, Summary
from cicd_health.model.pipeline_report import PipelineReport
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.format import Delta
from cicd_health.ui.routes import AskedPipeline

TOTAL = "throughput_per_day"  # explains the number of runs, too


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: `beside` says what it is made of, `href` leads to how it came about."""

    slug: str
    label: str
    value: str
    beside: str
    delta: Delta
    href: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of the comparison; a rate has its n of m beside it."""

    label: str
    now: str
    before: str
    delta: Delta = field(default_factory=Delta)
    href: str = ""
    now_of: str = ""
    before_of: str = ""


def figures(report: PipelineReport, asked: AskedPipeline) -> list[Figure]:
    now, before = report.summary, report.previous
    own = routes.pipeline(report.query.pipeline_id or 0, asked)

    def figure(slug: str, label: str, value: str, beside: str, delta: Delta, tone: str = "") -> Figure:
        return Figure(slug, label, value, beside, delta, routes.explained(own, slug), tone)

    return [
        figure(
            "success_rate",
            "Success rate",
            text.rate(now.success_rate),
            _n_of_m(now),
            _rate_delta(now, before),
            text.rate_tone(now.success_rate, now.verdicts),
        ),
        figure(
            "first_attempt_success_rate",
            "First attempt",
            text.rate(now.first_attempt_success_rate),
            _first_of(now),
            _first_delta(now, before),
            text.rate_tone(now.first_attempt_success_rate, now.first_verdicts),
        ),
        figure(
            "duration_s",
            "Duration p50 · p95",
            _both(now.duration),
            _measured(now.duration),
            text.duration_delta(_slow_end(now.duration), _slow_end(before.duration, now.duration)),
        ),
        figure(
            "queue_s",
            "Queue p50 · p95",
            _both(now.queue),
            _measured(now.queue),
            text.duration_delta(_slow_end(now.queue), _slow_end(before.queue, now.queue)),
        ),
        figure(
            "time_to_restore_s",
            "Time to restore",
            text.duration(now.restore.median),
            _restored(now),
            _restore_delta(now, before),
        ),
        figure(
            "throughput_per_day",
            "Runs a day",
            per_day(now.throughput_per_day),
            text.counted(now.total, "run"),
            text.count_delta(now.total, before.total),
        ),
        figure(
            "spent_s",
            "Machine time",
            _spent(now.spent_s, now),
            f"{text.duration(now.spent_s / now.total)} a run" if now.spent_s and now.total else "none measured",
            text.count_delta(now.spent_s, before.spent_s),
        ),
        figure(
            "rerun_s",
            "Lost to re-runs",
            _spent(now.rerun_s, now),
            f"{text.rate(now.rerun_s / now.spent_s)} of machine time" if now.spent_s else "none measured",
            text.count_delta(now.rerun_s, before.rerun_s),
        ),
    ]


def _n_of_m(now: Summary) -> str:
    return f"{text.count(now.successes)} of {text.counted(now.verdicts, 'verdict')}" if now.verdicts else "no verdicts"


def _first_of(now: Summary) -> str:
    if not now.first_verdicts:
        return "no first attempts"
    return f"{_of(now.first_successes, now.first_verdicts)}, {text.count(now.rescued)} rescued"


def _measured(spread: Distribution) -> str:
    """Of how many; and that a p50 takes more, where there is none."""
    if not spread.n:
        return "none measured"
    few = "" if spread.n >= text.P50_NEEDS else f", a p50 takes {text.P50_NEEDS}"
    return f"{text.count(spread.n)} measured{few}"


def _restore_delta(now: Summary, before: Summary) -> Delta:
    """Not judged by a few incidents."""
    delta = text.duration_delta(now.restore.median, before.restore.median)
    return delta if min(now.restore.n, before.restore.n) >= text.FEW else replace(delta, tone="quiet")


def _rate_delta(now: Summary, before: Summary) -> Delta:
    return text.rate_delta(now.success_rate, now.verdicts, before.success_rate, before.verdicts)


def _first_delta(now: Summary, before: Summary) -> Delta:
    rates = now.first_attempt_success_rate, before.first_attempt_success_rate
    return text.rate_delta(rates[0], now.first_verdicts, rates[1], before.first_verdicts)


def _both(spread: Distribution) -> str:
    """`7m 26s · 21m 31s`; one value where there are too few for a p95."""
    p50, p95 = text.p50(spread), text.p95(spread)
    if p50 is None:
        return text.NOTHING
    return text.unbroken(f"{text.duration(p50)} · {text.duration(p95)}")


def _slow_end(spread: Distribution, like: Distribution | None = None) -> float | None:
    """The p95; the p50 where there are too few values for one, of this or of the one to compare `like`."""
    if text.p95(like or spread) is None:
        return text.p50(spread)
    return text.p95(spread)


def _restored(now: Summary) -> str:
    if not now.restore.n and not now.restore.open:
        return "nothing to restore"
    open_now = f", {text.count(now.restore.open)} open" if now.restore.open else ""
    return f"{text.count(now.restore.n)} restored{open_now}"


def _spent(seconds: float, of: Summary) -> str:
    """Nothing where no machine time was measured at all."""
    return text.duration(seconds) if of.spent_s else text.NOTHING


def per_day(number: float) -> str:
    return text.count(round(number)) if number >= 10 else f"{number:.1f}"


def comparison(report: PipelineReport, asked: AskedPipeline) -> list[Compared]:
    """Each number, in this window and in the one before."""
    now, before = report.summary, report.previous
    own = routes.pipeline(report.query.pipeline_id or 0, asked)

    def line(label: str, now: str, before: str, delta: Delta, slug: str) -> Compared:
        return Compared(label, now, before, delta, routes.explained(own, slug))

    return [
        line("Runs", text.count(now.total), text.count(before.total), text.count_delta(now.total, before.total), TOTAL),
        Compared(
            "Success rate",
            text.rate(now.success_rate),
            text.rate(before.success_rate),
            _rate_delta(now, before),
            routes.explained(own, "success_rate"),
            _of(now.successes, now.verdicts),
            _of(before.successes, before.verdicts),
        ),
        Compared(
            "First attempt",
            text.rate(now.first_attempt_success_rate),
            text.rate(before.first_attempt_success_rate),
            _first_delta(now, before),
            routes.explained(own, "first_attempt_success_rate"),
            _of(now.first_successes, now.first_verdicts),
            _of(before.first_successes, before.first_verdicts),
        ),
        *[_spread_line(own, word, slug, one, other) for word, slug, one, other in _spreads(now, before)],
        line(
            "Time to restore",
            text.duration(now.restore.median),
            text.duration(before.restore.median),
            _restore_delta(now, before),
            "time_to_restore_s",
        ),
        line(
            "Machine time",
            _spent(now.spent_s, now),
            _spent(before.spent_s, before),
            text.count_delta(now.spent_s, before.spent_s),
            "spent_s",
        ),
        line(
            "Lost to re-runs",
            _spent(now.rerun_s, now),
            _spent(before.rerun_s, before),
            text.count_delta(now.rerun_s, before.rerun_s),
            "rerun_s",
        ),
    ]


def _of(n: int, m: int) -> str:
    return f"{text.count(n)} of {text.count(m)}" if m else ""


def _spreads(now: Summary, before: Summary) -> list[tuple[str, str, float | None, float | None]]:
    return [
        ("Duration p50", "duration_s", text.p50(now.duration), text.p50(before.duration)),
        ("Duration p95", "duration_s", text.p95(now.duration), text.p95(before.duration)),
        ("Queue p50", "queue_s", text.p50(now.queue), text.p50(before.queue)),
        ("Queue p95", "queue_s", text.p95(now.queue), text.p95(before.queue)),
    ]


def _spread_line(own: str, label: str, slug: str, now: float | None, before: float | None) -> Compared:
    delta = text.duration_delta(now, before)
    return Compared(label, text.duration(now), text.duration(before), delta, routes.explained(own, slug))
