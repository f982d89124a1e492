"""Asks one data set every question: as the server does, by a session for reading, and then the server itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from bench import servers
from bench.answers import Answer, Answers
from bench.dataset.keeping import DataSet
from bench.questions import Ask, Cast, Question, cast, floor, questions
from bench.reading import FLOOR, Reader, csv_path, paths
from bench.timing import TIMES, measure
from cicd_health.store import engine

Say = Callable[[str], None]
WIDE = ("pages", "kept", "groups")


def answers(data_set: DataSet, pipelines: int, files: Path, say: Say, times: int = TIMES) -> Answers:
    """Everything, `times` times each; the server's files go into a folder."""
    bind = engine.create_engine(data_set.url).execution_options(reads_only=True)
    try:
        with Session(bind) as session:
            known = cast(session, pipelines)
        found = _asked(data_set, bind, questions(known, datetime.now(UTC)), say, times)
    finally:
        bind.dispose()
    with servers.dashboard(data_set.url, files) as server:
        _over_http(found, known, server.port, say, times)
    return found


def wide_answers(data_set: DataSet, pipelines: int, say: Say, times: int = TIMES) -> Answers:
    """What may grow with the number of pipelines."""
    bind = engine.create_engine(data_set.url).execution_options(reads_only=True)
    try:
        with Session(bind) as session:
            known = cast(session, pipelines)
        wide = [one for one in questions(known, datetime.now(UTC)) if one.group in WIDE]
        return _asked(data_set, bind, wide, say, times)
    finally:
        bind.dispose()


def _asked(data_set: DataSet, bind: Any, asked: Sequence[Question], say: Say, times: int) -> Answers:
    found = Answers(data_set, measure(lambda: ask(bind, floor()), times=times * 10))
    for question in asked:
        timing = measure(lambda ask_it=question.ask: ask(bind, ask_it), question.count, times)
        found.found[question.name] = Answer(question.group, question.name, timing, question.limited)
        say(f"  {question.name}: {timing.p50_ms:.1f} ms")
    return found


def ask(bind: Any, asked: Ask) -> Any:
    with Session(bind) as session:
        return asked(session, datetime.now(UTC))


def _over_http(found: Answers, known: Cast, port: int, say: Say, times: int) -> None:
    reader = Reader(port)
    found.http_floor = reader.timing(FLOOR, times * 10)
    for name, path in paths(known).items():
        timing = reader.timing(path, times)
        label = f"GET {name}"
        kind = "metrics" if path.startswith("/api/v1/metrics") else "runs" if path.startswith("/api/v1/runs") else None
        group = "http, filtered" if known.branch in path or known.actor in path else "http"
        found.found[label] = Answer(group, label, timing, kind)
        say(f"  {label}: {timing.p50_ms:.1f} ms")
    found.csv = reader.rows_per_s(csv_path(datetime.now(UTC)))
    reader.close()
