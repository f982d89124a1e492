"""`python -m bench.excerpts`: how often the excerpt of a failed log has the line that people call the cause.

Beside it two simple rules on the same logs: the last 30 lines, and 30 lines around the first line that says error.
Counted are our own cases and, where the folder of published logs is there, the labelled logs of two large projects.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cicd_health.logs import excerpt
from cicd_health.logs.line import plain
from cicd_health.model.logs import Line
from tests.conftest import SHARED_DATA
from tests.logs.cases import cases


@dataclass(frozen=True)
class Labelled:
    """`cause` has the numbers of the lines that were labelled; one of them is enough."""

    name: str
    lines: Sequence[Line]
    cause: set[int]


@dataclass(frozen=True)
class Found:
    name: str
    hit: bool
    cause: bool
    near: bool  # the one line that is named is at most two lines away
    last: bool
    first: bool


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.excerpts", description=__doc__)
    parser.add_argument("--logs", type=Path, default=SHARED_DATA, help="folder of published logs")
    folder: Path = parser.parse_args().logs
    rows = {"own cases": [measured(one) for one in own()]}
    if folder.exists():
        rows["GitHub, PyTorch"] = [measured(one) for one in pytorch(folder)]
        rows["Jenkins, Node.js"] = [measured(one) for one in node(folder)]
    print(table(rows))
    for kind, found in rows.items():
        for one in found:
            if not one.hit:
                print(f"missed: {kind}: {one.name}")
    print("\n".join(speed()))
    return 0


def own() -> Iterator[Labelled]:
    return (Labelled(case.name, case.lines, {max(case.cause)}) for case in cases())


def pytorch(folder: Path) -> Iterator[Labelled]:
    logs = folder / "github" / "logs"
    for label in json.loads((logs / "pytorch-labels.json").read_bytes()):
        yield Labelled(label["file"], read(logs / "pytorch" / label["file"]), {label["failing_line_number"]})


def node(folder: Path) -> Iterator[Labelled]:
    """Where the console of the job that failed is there; the reason is given as text."""
    for file in sorted((folder / "jenkins" / "node-ci").glob("*/expected.json")):
        consoles = sorted(file.parent.glob("*.txt"))
        verdicts = json.loads(file.read_bytes())
        if consoles and isinstance(verdicts, list):
            reason = {line.strip() for one in verdicts for line in plain_lines(one["reason"])}
            lines = read(consoles[0])
            yield Labelled(file.parent.name, lines, {one.number for one in lines if plain(one.text).strip() in reason})


def plain_lines(text: str) -> Iterator[str]:
    return (plain(line) for line in text.split("\n") if line.strip())


def read(file: Path) -> list[Line]:
    return [Line(n, text) for n, text in enumerate(file.read_bytes().decode("utf-8", "replace").split("\n"), 1)]


def measured(one: Labelled) -> Found:
    found = excerpt.find(one.lines)
    shown = {line.number for line in found.lines} if found else set()
    cause = found.cause if found else 0
    return Found(
        one.name,
        hit=bool(one.cause & shown),
        cause=cause in one.cause,
        near=any(abs(cause - number) <= 2 for number in one.cause),
        last=bool(one.cause & {line.number for line in one.lines[-excerpt.MOST_LINES :]}),
        first=bool(one.cause & around_first_error(one.lines)),
    )


def around_first_error(lines: Sequence[Line]) -> set[int]:
    """GitHub's own mark where the log has one, else the first line that Jenkins would begin so."""
    word = "##[error]" if any("##[" in line.text for line in lines) else "ERROR"
    first = next((at for at, line in enumerate(lines) if word in line.text), len(lines))
    half = excerpt.MOST_LINES // 2
    return {line.number for line in lines[max(first - half, 0) : first + half]}


def table(rows: dict[str, list[Found]]) -> str:
    """Markdown."""
    lines = [
        "| logs | number | in the excerpt | named as the cause | within 2 lines | last 30 lines | around first error |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, found in rows.items():
        shares = (share(getattr(one, key) for one in found) for key in ("hit", "cause", "near", "last", "first"))
        lines.append(f"| {name} | {len(found)} | {' | '.join(shares)} |")
    return "\n".join(lines)


def share(hits: Iterable[bool]) -> str:
    counted = list(hits)
    return f"{sum(counted)} ({sum(counted) / len(counted):.0%})" if counted else "–"


def speed() -> Iterator[str]:
    """A build of many files that fails at its end."""
    tail = cases()[0].lines
    for count in (30_000, 300_000):
        calm = (
            "2026-03-01T10:11:12.0000000Z [{}/300000] Building CXX object lib/CMakeFiles/core.dir/node{}.cpp.o -O2 -g"
        )
        lines = [Line(n, calm.format(n, n)) for n in range(1, count)]
        lines += [Line(count + line.number, line.text) for line in tail]
        began = time.process_time()
        excerpt.find(lines)
        yield f"{len(lines):,} lines: {time.process_time() - began:.2f} s of a core"


if __name__ == "__main__":
    sys.exit(main())
