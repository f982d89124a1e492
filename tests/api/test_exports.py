"""Exports: every row that matches, little at a time, and cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import asyncio
import csv
import io
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from cicd_health.api import exports
from cicd_health.api.csv_text import text_of
from cicd_health.store import engine
from cicd_health.store.lists import RunFilter
from cicd_health.store.tables import RunRow
from tests.api.conftest import KEY, NOW, RECENTLY, receive
from tests.bodies import github_run
from tests.factories import Rows


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_text_that_would_be_a_formula_is_made_harmless(text: str) -> None:
    assert next(csv.reader(io.StringIO(text_of([[text]]), newline=""))) == [f"'{text}"]


def test_lines_are_those_of_rfc_4180() -> None:
    moment = datetime(2026, 3, 2, 12, 0, 0, 500000, tzinfo=UTC)
    written = text_of([["a,b", 'say "x"', "two\nlines", None, -1.5, moment]])
    assert written == '"a,b","say ""x""","two\nlines",,-1.5,2026-03-02T12:00:00.500000Z\r\n'


def test_runs_and_numbers_as_csv(client, configured) -> None:
    title = '=HYPERLINK("x")'
    receive(
        github_run(900, created=RECENTLY, display_title=title),
        github_run(901, created=RECENTLY + timedelta(minutes=1), conclusion="failure"),
    )
    answer = client.get("/api/v1/runs.csv", headers=KEY)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="runs.csv"'
    assert [row["number"] for row in table(answer.text)] == ["901", "900"]
    assert table(answer.text)[1]["title"] == f"'{title}"
    passed = client.get("/api/v1/runs.csv", params={"conclusion": "success"}, headers=KEY)
    assert [row["outcome"] for row in table(passed.text)] == ["success"]

    (whole,) = table(client.get("/api/v1/metrics.csv", headers=KEY).text)
    assert (whole["key"], whole["total"], whole["success_rate"], whole["duration_p50_s"]) == ("", "2", "0.5", "60.0")
    grouped = table(client.get("/api/v1/metrics.csv", params={"group_by": "pipeline"}, headers=KEY).text)
    assert [(row["name"], row["failure_count"], row["cancelled_count"]) for row in grouped] == [("ci", "1", "0")]
    assert [client.get(f"/api/v1/{name}.csv").status_code for name in ("runs", "metrics")] == [401, 401]


@pytest.fixture
def thirty_thousand(database: sa.Engine) -> int:
    with engine.writing() as session:
        rows = Rows(session)
        run = rows.run(rows.pipeline(), title="t" * 200)
        table = SQLModel.metadata.tables["runs"]
        values = {column.name: getattr(run, column.name) for column in table.c if column.name != "id"}
        many = [values | {"external_id": f"x{n}", "created_at": NOW - timedelta(seconds=n // 3)} for n in range(29_999)]
        session.connection().execute(sa.insert(RunRow), many)
    return 30_000


def test_an_export_of_any_length_holds_little_in_memory(thirty_thousand: int) -> None:
    lines = exports.run_lines(RunFilter())
    next(lines), next(lines)
    tracemalloc.start()
    seen = sum(part.count("\r\n") for part in lines)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == thirty_thousand - exports.AT_ONCE
    assert peak < 12_000_000


def test_a_reader_that_goes_away_ends_the_work(everything, thirty_thousand: int, monkeypatch) -> None:
    readings = []
    monkeypatch.setattr(exports.lists, "columns_of_runs", counting(exports.lists.columns_of_runs, readings))
    asyncio.run(hang_up_after(everything, 2))
    assert 1 <= len(readings) <= 4


def counting(read: Any, calls: list[int]) -> Any:
    def counted(*args: Any) -> Any:
        calls.append(1)
        return read(*args)

    return counted


async def hang_up_after(app: Any, parts: int) -> None:
    """Ask for the export as a server would, and go away after some of it."""
    headers = [(name.lower().encode(), value.encode()) for name, value in (KEY | {"host": "testserver"}).items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "path": "/api/v1/runs.csv", "raw_path": b"/api/v1/runs.csv", "query_string": b"", "headers": headers,
        "scheme": "http", "server": ("testserver", 80), "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip
    bodies, gone = [], asyncio.Event()
    said = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive_() -> dict[str, Any]:
        if said:
            return said.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            bodies.append(message)
            if len(bodies) >= parts:
                gone.set()
                await asyncio.sleep(0)

    await app(scope, receive_, send)
