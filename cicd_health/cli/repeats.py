"""Keeps what a loop says over and over from filling the log: a cause is told a few times a minute, then counted."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

EVERY_S = 60.0
TOLD = 10  # times in such a span
MOST = 1000  # causes that are remembered
NOT_SHOWN = "not_shown"  # on a record: how many like it were left out before


@dataclass(slots=True)
class Heard:
    """One cause, since the moment its span began."""

    since_s: float
    told: int = 0
    left_out: int = 0


class Repeats(logging.Filter):
    """Lets a line pass, unless its cause was told often enough in the last minute. What is left out is counted.

    A cause is who says what: logger, level, words without their values, kind of error, and the job in which it is said.
    What is told in detail, by LOG_LEVEL=debug, is never left out.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._heard: OrderedDict[Any, Heard] = OrderedDict()
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno <= logging.DEBUG:
            return True
        with self._lock:
            heard = self._of(_cause(record))
            if heard.told >= TOLD:
                heard.left_out += 1
                return False
            heard.told += 1
            setattr(record, NOT_SHOWN, heard.left_out)
            heard.left_out = 0
            return True

    def _of(self, cause: Any) -> Heard:
        now_s = self._clock()
        heard = self._heard.setdefault(cause, Heard(now_s))
        if now_s - heard.since_s >= EVERY_S:
            heard.since_s, heard.told = now_s, 0
        self._heard.move_to_end(cause)
        if len(self._heard) > MOST:
            self._heard.popitem(last=False)
        return heard


def _cause(record: logging.LogRecord) -> Any:
    said: Any = record.msg
    job = said.get("job") if isinstance(said, dict) else None
    words = said.get("event") if isinstance(said, dict) else said
    error = _error(record, said)
    return record.name, record.levelno, str(words), error, str(job)


def _error(record: logging.LogRecord, said: Any) -> type | None:
    found = said.get("exc_info") if isinstance(said, dict) else record.exc_info
    if isinstance(found, tuple):
        return found[0]
    return type(found) if isinstance(found, BaseException) else None


def say_how_many(_logger: Any, _method: str, event: Any) -> Any:
    """For structlog's formatter: the line says how many like it were left out before."""
    left_out = getattr(event.get("_record"), NOT_SHOWN, 0)
    return event | {NOT_SHOWN: left_out} if left_out else event
