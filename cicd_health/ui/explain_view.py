"""What stands behind a number, as text: what it is, of how many, what was left out, and where its runs are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import zip_longest

from cicd_health.metrics import METRICS
from cicd_health.model.explain import Explanation, LeftOut
from cicd_health.model.health import Query
from cicd_health.ui import api_addresses, routes, rows
from cicd_health.ui import format as text
from cicd_health.ui.routes import AskedExplanation, AskedRuns

LABELS = {metric.slug: metric.label for metric in METRICS}
# What `counted=` also takes: the lists behind parts of numbers.
PLAIN = {"passed": "Passed", "failed": "Did not pass", "rescued": "Rescued", "verdict_duration_s": "Duration p50"}
# What a number counts where it is not runs, and where the runs counted have a name of their own.
NOUNS = {
    "success_rate": "verdict",
    "failure_rate": "verdict",
    "first_attempt_success_rate": "first verdict",
    "rescue_rate": "failed first attempt",
    "time_to_restore_s": "incident",
    "flaky": "job",
    "last_outcome": "pipeline",
}
NOT_RUNS = ("flaky", "last_outcome")
ALL = ("throughput_per_day", "failure_streak")  # nothing can be left out
BETTER = {"higher": "Higher is better.", "lower": "Lower is better."}
ALWAYS = (1980, 2200)  # the years between which a window says something


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    """`mark` is an outcome's, empty for what is none; rows with the same `why` say it once, in the last."""

    mark: str
    word: str
    count: str
    why: str


@dataclass(frozen=True, slots=True)
class Beside:
    """A number that stands beside the one explained."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Explained:
    """The drawer. It is open when it has a `label`; without a `value` it is being read."""

    key: str = ""
    label: str = ""
    of: str = ""
    value: str = ""
    unit: str = ""
    n_of_m: str = ""
    period: str = ""
    narrowed: str = ""
    formula: str = ""
    source: str = ""
    beside: list[Beside] = field(default_factory=list)
    left_out: list[LeftOutRow] = field(default_factory=list)
    nothing_left_out: str = ""
    remarks: list[str] = field(default_factory=list)
    runs: str = ""
    runs_href: str = ""
    api_href: str = ""
    close: str = ""
    problem: str = ""


def begun(asked: AskedExplanation) -> Explained:
    """The drawer at once, before anything is read; closed for a number that is not there."""
    if asked.slug not in LABELS:
        return Explained()
    return Explained(key=_key(asked), label=LABELS[asked.slug], close=asked.page)


def explained(asked: AskedExplanation, query: Query, found: Explanation, pipeline: str, zone: tzinfo) -> Explained:
    """`pipeline` is the name of the one that the question is narrowed to, if it is."""
    value, unit = number(found.value, found.unit)
    listed = _listed(found)
    return Explained(
        key=_key(asked),
        label=found.label,
        of=pipeline or "All pipelines",
        value=value,
        unit=unit,
        n_of_m=n_of_m(found),
        period=period(query, found, zone),
        narrowed=narrowed(query),
        formula=_words(found.formula),
        source=_words(" ".join(part for part in (found.source, BETTER.get(found.better, "")) if part)),
        beside=beside(found),
        left_out=left_out(found.left_out),
        nothing_left_out="" if found.left_out else "Nothing.",
        remarks=list(found.remarks),
        runs="" if listed == 0 else "Show the runs" if listed is None else f"Show the {text.counted(listed, 'run')}",
        runs_href=runs_href(found),
        api_href=api_addresses.numbers(_narrowing(query)),
        close=asked.page,
    )


def beside(found: Explanation) -> list[Beside]:
    """But for the part that is the number itself."""
    parts = (part for part in found.parts if not found.label.endswith(f" {part.name}"))
    return [Beside(part.name, " ".join(number(part.value, part.unit)).strip()) for part in parts]


def _key(asked: AskedExplanation) -> str:
    return f"{asked.slug}@{asked.pipeline_id}"


def number(value: float | None, unit: str) -> tuple[str, str]:
    """A value and its unit: `94.2`, `%`; `7m 24s` has its own."""
    if value is None:
        return text.NOTHING, ""
    if unit == "rate":
        shown, _, percent = text.rate(value).partition(" ")
        return shown, percent
    if unit == "s":
        return text.duration(value), ""
    if unit == "per_day":
        return (text.count(round(value)) if value >= 10 else f"{value:.1f}"), "a day"
    return text.count(round(value)), ""


def n_of_m(found: Explanation) -> str:
    """`630 of 669 verdicts`."""
    noun = NOUNS.get(found.slug, "run")
    if found.slug in ALL:
        return text.counted(found.m, noun)
    return f"{text.count(found.n)} of {text.counted(found.m, noun)}" if found.m else f"no {noun}s"


def _listed(found: Explanation) -> int | None:
    """How many runs its list has; None where the number counts something else."""
    if found.slug in NOT_RUNS or not found.counted:
        return None if found.m else 0
    return found.m if found.unit == "rate" else found.n


def period(query: Query, found: Explanation, zone: tzinfo) -> str:
    """The window, or the one of their own that some numbers have."""
    window = found.query.window if found.slug in NOT_RUNS else query.window
    if window.start.year < ALWAYS[0]:
        return "All that was ever received"
    return rows.period(window, zone).partition(", against")[0]


def narrowed(query: Query) -> str:
    """The filters in words, without the pipeline, which stands above them."""
    parts = [rows.provider_label(query.provider) if query.provider else "", query.repo or ""]
    parts += [f"branch {query.branch}" if query.branch else ""]
    said = ", ".join(part for part in parts if part)
    return said or ("All its branches" if query.pipeline_id else "All sources, repositories and branches")


def _words(said: str) -> str:
    """Outcomes as people write them."""
    return said.replace("_", " ")


def left_out(found: Sequence[LeftOut]) -> list[LeftOutRow]:
    pairs = zip_longest(found, found[1:])
    return [_left_out(one, "" if after and after.why == one.why else one.why) for one, after in pairs]


def _left_out(one: LeftOut, why: str) -> LeftOutRow:
    known = rows.BY_NAME.get(one.word)
    return LeftOutRow(
        mark=one.word if known else "",
        word=known.word if known else one.word.capitalize(),
        count=text.count(one.count),
        why=why,
    )


def runs_href(found: Explanation) -> str:
    """The list of exactly the runs behind it."""
    query = found.query
    start, end = query.window.start, query.window.end
    return routes.runs(
        AskedRuns(
            provider=query.provider or "",
            repo=query.repo or "",
            pipeline=str(query.pipeline_id or ""),
            branch=query.branch or "",
            event=query.event or "",
            actor=query.actor or "",
            job=query.job or "",
            counted=found.counted,
            start=_moment(start) if start.year >= ALWAYS[0] else "",
            end=_moment(end) if end.year < ALWAYS[1] else "",
        )
    )


def _narrowing(query: Query) -> dict[str, str]:
    """The parameters of the API for the same question."""
    said = {
        "from": _moment(query.window.start),
        "to": _moment(query.window.end),
        "provider": query.provider,
        "repo": query.repo,
        "pipeline": query.pipeline_id,
        "branch": query.branch,
    }
    return {name: str(value) for name, value in said.items() if value}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def counted_label(counted: str) -> str:
    """The name of the number that a list of runs is behind."""
    return LABELS.get(counted) or PLAIN.get(counted, counted)
