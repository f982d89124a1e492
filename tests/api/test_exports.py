"""Exports: every row that matches, little at a time, and cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.api import exports
from cicd_health.api.csv_text import text_of
from cicd_health.store import engine, lists
from cicd_health.store.lists import RunFilter
from cicd_health.store.tables import RunRow
from tests.api.conftest import KEY, RECENTLY, receive
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


def copies_of(session: Session, run: RunRow, count: int) -> None:
    """More runs like this one, three a second back in time, made by the database."""
    columns = [name for name in RunRow.model_fields if name not in ("id", "external_id", "created_at")]
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count) "
    earlier = "strftime('%Y-%m-%d %H:%M:%f000', created_at, -(n / 3) || ' seconds')"
    if session.get_bind().dialect.name == "postgresql":
        earlier = "created_at - n / 3 * interval '1 second'"
    session.connection().execute(
        sa.text(
            f"INSERT INTO runs ({', '.join(columns)}, external_id, created_at) {numbers}"
            f"SELECT {', '.join(columns)}, 'x' || n, {earlier} FROM runs, numbers WHERE id = :id"
        ),
        {"count": count, "id": run.id},
    )


def test_an_export_of_any_length_is_read_a_little_at_a_time(database: sa.Engine) -> None:
    with engine.writing() as session:
        rows = Rows(session)
        copies_of(session, rows.run(rows.pipeline()), 29_999)
    held, lines, ids = [], [], set()
    for part in exports.run_lines(RunFilter()):
        held.append(database.pool.checkedout())
        lines.append(part.count("\r\n"))
        ids.update(line.partition(",")[0] for line in part.splitlines())
    assert max(lines) <= exports.AT_ONCE
    assert (sum(lines), len(ids)) == (30_001, 30_001)  # with the line of names
    assert set(held) == {0}  # no transaction is open while the reader takes its time


def test_a_reader_that_goes_away_ends_the_work(everything, monkeypatch: pytest.MonkeyPatch) -> None:
    receive(*(github_run(900 + n, created=RECENTLY) for n in range(40)))
    readings: list[int] = []
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    monkeypatch.setattr(lists, "columns_of_runs", counting(lists.columns_of_runs, readings))
    asyncio.run(hang_up_after(everything, 2))
    assert 1 <= len(readings) <= 10


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
