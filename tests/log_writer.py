"""A process of its own that keeps a log again and again, in turns with two contents: `python -m tests.log_writer 1`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from cicd_health.logs.intake import Intake
from cicd_health.model.logs import Findings
from cicd_health.store import engine, logs

WORDS = ("even", "odd")
LINES = 60_000


def main(log_id: int) -> None:
    contents = []
    for word in WORDS:
        intake = Intake(4_000_000)
        intake.feed(f"{word} line\n".encode() * LINES)
        packed = intake.finish()
        contents.append((packed, logs.prepare(packed.blocks)))
    for turn in range(10_000):
        packed, chunks = contents[turn % 2]
        with engine.writing() as session:
            logs.keep(session, log_id, packed, chunks, Findings(), datetime.now(UTC), position=1)
        print(WORDS[turn % 2], flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
