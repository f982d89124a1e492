"""`python -m bench`: webhooks per second and reading times on both databases, beside their floor, in one run.

`python -m bench backfill`: how fast a long history comes in.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench import backfill, measure, servers
from bench.bodies import prepare
from bench.table import page, table


def main() -> int:
    options = _options()
    if options.what == "backfill":
        _say(f"Backfill of {options.runs:,} runs")
        print(backfill.run(options.runs))
        return 0
    with tempfile.TemporaryDirectory(prefix="cicd-bench-") as folder, servers.databases() as databases:
        _say(f"Preparing {options.deliveries:,} signed deliveries")
        prepared = prepare(Path(folder, "requests"), options.deliveries)
        _say("Floor")
        floor = measure.floor(prepared, options.seconds)
        measured = []
        for name, (url, files) in databases.items():
            _say(name)
            with servers.dashboard(url, files) as port:
                measured.append(measure.dashboard(name, url, prepared, options.seconds, port))
    shown = table(measured, floor)
    print(shown)
    if options.write:
        options.write.write_text(page(shown, prepared, datetime.now(UTC)), encoding="utf-8")
    return 1 if any(one.refused or one.lost for one in measured) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["webhooks", "backfill"], default="webhooks")
    parser.add_argument("--runs", type=int, default=10_000, help="runs of the history that the backfill reads")
    parser.add_argument("--deliveries", type=int, default=20_000, help="deliveries sent to each server at most")
    parser.add_argument("--seconds", type=float, default=20, help="time for each server at most")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write the page, as docs/performance.md")
    return parser.parse_args()


def _say(what: str) -> None:
    print(f"{what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
