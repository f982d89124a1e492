"""The product as it would be if it kept no sums: `python -m bench.unsummed serve`. What they cost is the difference.

Left out are the tallies, the times to restore and the flakes, which saving a run otherwise keeps true.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch

from cicd_health.cli import app, logs
from cicd_health.store import runs, tallies


def main() -> None:
    logs.configure(readable=sys.stderr.isatty())
    with keeping_no_sums():
        app()


@contextmanager
def keeping_no_sums() -> Generator[None]:
    with (
        patch.object(tallies, "change", lambda *_: None),
        patch.object(runs, "moved_verdicts", lambda *_: []),
        patch.object(runs, "tried_commits", lambda *_: {}),
    ):
        yield


if __name__ == "__main__":
    main()
