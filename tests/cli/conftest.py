"""Commands send every logger to the stream of their test: afterwards, all go where they went before."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from cicd_health.cli import logs


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """The engine of jobs, for one, does not start with a handler whose stream is closed."""
    loggers = [logging.getLogger(name) for name in ("", logs.OURS, *logs.CHATTY, *logs.OWN_HANDLERS)]
    before = [(one, one.handlers, one.level, one.propagate) for one in loggers]
    hooks = sys.excepthook, threading.excepthook
    yield
    for one, handlers, level, propagate in before:
        one.handlers, one.propagate = handlers, propagate
        one.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
