"""What a loop says over and over is told a few times a minute, and then how often it was left out."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from cicd_health import settings
from cicd_health.cli import logs
from cicd_health.cli.repeats import EVERY_S, TOLD, Repeats


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def record(words: object, level: int = logging.WARNING, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("library", level, "", 0, words, (), None)
    made.__dict__.update(more)
    return made


def test_a_cause_is_told_ten_times_a_minute_and_then_counted():
    clock = Clock()
    repeats = Repeats(clock)
    told = [repeats.filter(record("lost: %s")) for _ in range(100)]
    assert told.count(True) == TOLD
    assert repeats.filter(record("another"))
    clock.now_s = EVERY_S
    again = record("lost: %s")
    assert repeats.filter(again)
    assert vars(again)["not_shown"] == 100 - TOLD


def test_another_job_or_error_is_another_cause_and_details_are_never_left_out():
    repeats = Repeats(Clock())
    for _ in range(TOLD):
        repeats.filter(record({"event": "job failed", "job": "poll", "exc_info": ValueError()}))
    assert not repeats.filter(record({"event": "job failed", "job": "poll", "exc_info": ValueError()}))
    assert repeats.filter(record({"event": "job failed", "job": "poll", "exc_info": TypeError()}))
    assert repeats.filter(record({"event": "job failed", "job": "prune", "exc_info": ValueError()}))
    assert all(repeats.filter(record("answered", logging.DEBUG)) for _ in range(100))


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    root, ours, engine = logging.getLogger(), logging.getLogger("cicd_health"), logging.getLogger("dbos")
    before = root.handlers, root.level, ours.level, engine.handlers, engine.propagate, engine.level
    yield
    root.handlers, root.level, ours.level, engine.handlers, engine.propagate, engine.level = before
    logging.captureWarnings(False)
    structlog.reset_defaults()
    settings.get.cache_clear()


@pytest.mark.parametrize(("level", "least"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_level_and_the_form_are_chosen_by_settings(
    level: str, least: int, logging_as_it_was: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("LOG_LEVEL", level)
    monkeypatch.setenv("LOG_FORMAT", "json")
    settings.get.cache_clear()
    logs.as_chosen()
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        ours = structlog.get_logger("cicd_health.test")
        for name in ("debug", "info", "warning", "error"):
            getattr(ours, name)("said", word=name)
    logging.getLogger("dbos").error("of the engine")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["word"] for line in lines[:-1]] == ["debug", "info", "warning", "error"][4 - least :]
    assert {line["request_id"] for line in lines[:-1]} == {"r-1"}
    assert (lines[-1]["logger"], lines[-1]["event"]) == ("dbos", "of the engine")
