"""The bench measures what it says: real deliveries, all of them answered, refusals and losses counted."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from bench import floor, load, processes, servers
from bench.bodies import SIZE, Prepared, failures, prepare
from bench.measure import Measured
from bench.requests import SECRET, requests
from bench.table import table
from cicd_health.providers import PROVIDERS

GITHUB = PROVIDERS["github"]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(tmp_path_factory.mktemp("bench") / "requests", 150)


@pytest.fixture(scope="module")
def floor_port() -> Iterator[int]:
    with servers.floor() as port:
        yield port


def split(request: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    return dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:]), body


def test_every_prepared_request_is_one_that_github_could_have_sent(prepared: Prepared) -> None:
    found = [split(request) for request in requests(prepared.file)]
    assert len(found) == prepared.deliveries >= 150
    assert len({headers["x-github-delivery"] for headers, _ in found}) == len(found)
    runs = set()
    for headers, body in found:
        GITHUB.verify(headers, {}, body, (SECRET,))
        events = GITHUB.parse(headers, GITHUB.decode(headers, body))
        assert not any(event.outcome.failed for event in events)
        runs |= {getattr(event, "run_external_id", event.external_id) for event in events}
        assert int(headers["content-length"]) == len(body)
    assert len(runs) == prepared.runs
    assert 0.9 * SIZE < prepared.size < 1.1 * SIZE


def test_what_is_prepared_of_other_hours_is_of_other_runs(prepared: Prepared, tmp_path: Path) -> None:
    others = prepare(tmp_path / "others", 150, seed="others", hours_ago=6)
    ids = [{split(one)[0]["x-github-delivery"] for one in requests(file)} for file in (prepared.file, others.file)]
    assert not ids[0] & ids[1]


def test_each_prepared_failure_is_of_a_pipeline_of_its_own_on_the_default_branch() -> None:
    pipelines = set()
    for name, request in failures(3):
        headers, body = split(request)
        GITHUB.verify(headers, {}, body, (SECRET,))
        [run] = GITHUB.parse(headers, GITHUB.decode(headers, body))
        assert run.outcome.failed
        assert run.pipeline.name == name
        assert run.branch == run.repo.default_branch
        pipelines.add(run.pipeline.external_id)
    assert len(pipelines) == 3


def test_the_floor_accepts_what_is_signed_and_refuses_the_rest(prepared: Prepared) -> None:
    headers, body = split(next(requests(prepared.file)))
    sent = {name.encode(): value.encode() for name, value in headers.items()}
    assert floor.judge(sent, body)[0] == HTTPStatus.ACCEPTED
    assert floor.judge(sent, body + b" ")[0] == HTTPStatus.UNAUTHORIZED


def test_the_load_sends_every_request_once_and_counts_the_answers(prepared: Prepared, floor_port: int) -> None:
    found = asyncio.run(load.run(prepared.file, floor_port, connections=4, seconds=30, warm_up=20))
    assert found["statuses"] == {HTTPStatus.ACCEPTED: prepared.deliveries}
    assert found["per_s"] > 0
    assert 0 < found["p50_s"] <= found["p99_s"]


def test_a_paced_load_takes_the_time_that_its_pace_says(prepared: Prepared, floor_port: int) -> None:
    found = asyncio.run(load.run(prepared.file, floor_port, connections=4, seconds=30, warm_up=0, per_s=400))
    assert found["statuses"] == {HTTPStatus.ACCEPTED: prepared.deliveries}
    assert found["per_s"] <= 410


def test_a_server_that_hangs_up_is_counted_as_no_answer(prepared: Prepared) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        async def measured() -> dict[str, Any]:
            loop = asyncio.get_running_loop()
            sending = loop.create_task(load.run(prepared.file, port, connections=1, seconds=5, warm_up=0))
            server.setblocking(False)
            connection, _ = await loop.sock_accept(server)
            connection.close()
            return await sending

        assert asyncio.run(measured())["statuses"] == {0: 1}


def test_the_parts_of_a_file_hold_each_request_once(prepared: Prepared) -> None:
    parts = [list(requests(part)) for part in processes.split(prepared.file, 4)]
    assert sorted(itertools.chain(*parts)) == sorted(requests(prepared.file))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_what_a_process_used_grows_with_what_it_does() -> None:
    before = processes.tree_cpu_s(os.getpid())
    while processes.tree_cpu_s(os.getpid()) <= before:
        pass
    assert processes.tree_cpu_s(os.getpid()) > before


def test_percentiles_are_nearest_rank() -> None:
    values = [float(number) for number in range(1, 101)]
    assert load.percentile(values, 0.99) == 99
    assert load.percentile(values, 0.5) == 50
    assert load.percentile([3.0, 1.0, 2.0], 0.5) == 2
    assert load.percentile([], 0.5) is None


def test_the_table_shows_the_share_of_the_floor() -> None:
    ours = Measured("SQLite", 10_000, 1000.0, 12.0, 40.0, 0, 0.2, lost=0)
    least = Measured("Floor", 20_000, 4000.0, 3.0, 9.0, 0, 0.3)
    shown = table([ours], least).splitlines()
    assert "| of the floor" in shown[3]
    assert "25%" in shown[3]
    assert "100%" in shown[3]
    assert len({len(line) for line in shown}) == 1


def test_a_dead_server_is_told_with_what_it_wrote() -> None:
    with (
        pytest.raises(servers.Dead, match="No module named"),
        servers.served([sys.executable, "-m", "bench.nowhere"], servers.free_port(), {}),
    ):
        pass
