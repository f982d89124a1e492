"""What the command line says."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

SIZES = {"k": 1_000, "m": 1_000_000}
PARTS = ("all", "webhooks", "reading", "requests", "messages", "backfill", "processes")


@dataclass(frozen=True, slots=True)
class Options:
    what: str
    sizes: dict[str, int]
    keep: Path | None
    write: Path | None
    deliveries: int
    seconds: float
    runs: int


def parse(arguments: list[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, each number beside its floor.")
    parser.add_argument("what", nargs="?", choices=PARTS, default="all")
    parser.add_argument("--sizes", type=_sizes, default="100k,1m,10m", help="runs of the data sets, as 100k,1m,10m")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep the data sets there, and use those that are there"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write the page, as docs/performance.md")
    parser.add_argument("--deliveries", type=int, default=20_000, help="deliveries sent to each server at most")
    parser.add_argument("--seconds", type=float, default=20, help="time for each server at most")
    parser.add_argument("--runs", type=int, default=10_000, help="runs of the history that the backfill reads")
    return Options(**vars(parser.parse_args(arguments)))


def _sizes(text: str) -> dict[str, int]:
    """Smallest first. Raises ArgumentTypeError."""
    try:
        found = {name: _runs(name) for name in text.lower().split(",")}
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list such as 100k,1m") from None
    return dict(sorted(found.items(), key=lambda size: size[1]))


def _runs(name: str) -> int:
    return int(name[:-1]) * SIZES[name[-1]] if name[-1:] in SIZES else int(name)
