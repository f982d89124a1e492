"""What one data set answered, and how that compares with the others and with the limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.dataset.keeping import DataSet
from bench.timing import Timing

LIMIT_MS = {"overview": 50.0, "metrics": 50.0, "runs": 100.0}
GROWTH = 1.5  # of the largest against the smallest, for what is counted
GROWING = ("overview", "metrics")
READ_FROM_ROWS = 100_000  # a filter without sums has its limit up to here


@dataclass(frozen=True, slots=True)
class Answer:
    """`group` is what it is shown with; `limited` the kind of limit it has, if any."""

    group: str
    name: str
    timing: Timing
    limited: str | None = None


@dataclass(slots=True)
class Answers:
    """Of one data set: the floors of its database and of its server, and each answer by name."""

    data_set: DataSet
    floor: Timing
    http_floor: Timing | None = None
    found: dict[str, Answer] = field(default_factory=dict)
    csv: tuple[int, float] | None = None

    def p50(self, name: str) -> float | None:
        return self.found[name].timing.p50_ms if name in self.found else None


def growth(columns: Sequence[Answers], name: str) -> float | None:
    """How many times as long the largest takes as the smallest, of PostgreSQL."""
    sizes = sorted(
        (one for one in columns if one.data_set.name.startswith("PostgreSQL")), key=lambda one: one.data_set.runs
    )
    if len(sizes) < 2:
        return None
    least, most = sizes[0].p50(name), sizes[-1].p50(name)
    return most / least if least and most else None


def beyond_limits(columns: Sequence[Answers]) -> Iterator[str]:
    """A sentence for each answer that took longer than it may."""
    for column in columns:
        for answer in column.found.values():
            if answer.limited is None or ((answer.timing.rows or 0) > READ_FROM_ROWS and "filtered" in answer.group):
                continue
            limit_ms = LIMIT_MS[answer.limited]
            if answer.timing.p50_ms > limit_ms:
                yield f"{answer.name}, {column.data_set.name}: {answer.timing.p50_ms:.0f} ms, limit {limit_ms:.0f} ms"
    for name, answer in _growing(columns).items():
        factor = growth(columns, name)
        if factor is not None and factor > GROWTH:
            yield f"{answer.name}: {factor:.1f} times as long on the largest as on the smallest, limit {GROWTH}"


def _growing(columns: Sequence[Answers]) -> Mapping[str, Answer]:
    """What must not grow. A filter that reads rows has more of them to read, and only a limit of time."""
    return {
        name: answer
        for name, answer in (columns[0].found if columns else {}).items()
        if answer.limited in GROWING and "filtered" not in answer.group
    }
