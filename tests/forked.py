"""Processes for tests, real ones that can be killed: forked from one that has imported everything already.

For importing takes longer than what most of them do. Servers are started as their users start them, see `running`.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Self

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["cicd_health.jobs", "cicd_health.queue", "apprise", "tests.watching"])


class Forked:
    """`python -m <module> <args>` with the environment of the caller. As a context: killed at its end."""

    def __init__(self, module: str, *args: str, **environment: str) -> None:
        reader, writer = CONTEXT.Pipe(duplex=False)
        self._process = CONTEXT.Process(target=_run, args=(writer, module, args, os.environ | environment))
        self._process.start()
        writer.close()
        self._lines = os.fdopen(os.dup(reader.fileno()), encoding="utf-8")
        reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._lines.close()

    def lines(self) -> Iterator[str]:
        """What it prints, until it ends."""
        return (line.strip() for line in self._lines)

    def kill(self) -> None:
        """As `kill -9` does."""
        self._process.kill()
        self._process.join()

    def wait(self, timeout_s: float) -> int | None:
        """Its exit code; None when it still runs."""
        self._process.join(timeout_s)
        return self._process.exitcode


def _run(writer: Connection, module: str, args: tuple[str, ...], environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(writer.fileno(), sys.stdout.fileno())
    writer.close()
    sys.argv = [module, *args]
    runpy.run_module(module, run_name="__main__")
