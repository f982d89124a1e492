"""One backfill from beginning to end in a process of its own: `python -m bench.walk GITHUB`, database in DATABASE_URL.

It prints JSON: what came, in what time, with how many requests, and the memory in use as it went. With `floor` as
second argument it asks as many questions, reads the answers and forgets them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

from bench.history import REPO
from cicd_health import flow, queue, settings
from cicd_health.model.watches import Backfill
from cicd_health.providers.http import open_client
from cicd_health.store import engine, migrations, watch_lines, watches

PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
SAMPLE_S = 0.5
AT_ONCE = 4  # requests, as the backfill does


def backfill(api_url: str) -> dict[str, Any]:
    migrations.upgrade(engine.engine())
    queue.prepare(settings.get().database_url)
    now = datetime.now(UTC)
    flow.start(now)
    source_id = flow.connect_github(now, api_url=api_url, token="ghp_stub")
    watch_id = flow.watch(source_id, REPO, now)
    memory: list[tuple[int, float]] = []
    began, cpu = time.perf_counter(), time.process_time()
    with _sampled(watch_id, memory):
        while (again_at := flow.backfill(watch_id, _name(watch_id), datetime.now(UTC))) is not None:
            time.sleep(max(0.0, (again_at - datetime.now(UTC)).total_seconds()))
    walk = _walk(watch_id)
    found = {"runs": walk.done, "requests": walk.requests, "error": walk.error, "memory": memory}
    return found | {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


def floor(api_url: str) -> dict[str, Any]:
    """The list of runs, then the jobs of each, and nothing done with them."""
    began, cpu = time.perf_counter(), time.process_time()
    runs: list[int] = []
    requests = 0
    with open_client(api_url, headers={"Authorization": "Bearer ghp_stub"}) as client:
        page = 1
        while found := client.get(f"/repos/{REPO}/actions/runs", params={"per_page": 100, "page": page}).json():
            if not found["workflow_runs"]:
                break
            runs += [run["id"] for run in found["workflow_runs"]]
            page, requests = page + 1, requests + 1

        def jobs(run_id: int) -> None:
            client.get(f"/repos/{REPO}/actions/runs/{run_id}/jobs", params={"filter": "all", "per_page": 100}).json()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(jobs, runs):
                requests += 1
    found = {"runs": len(runs), "requests": requests, "error": None, "memory": []}
    return found | {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


@contextmanager
def _sampled(watch_id: int, memory: list[tuple[int, float]]) -> Iterator[None]:
    """While the block runs: how much is in use when so many runs are listed or done."""
    ended = Event()

    def sample() -> None:
        while not ended.wait(SAMPLE_S):
            walk = _walk(watch_id)
            memory.append((walk.listed + walk.done, _memory_mb()))

    thread = Thread(target=sample)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _name(watch_id: int) -> str:
    with engine.reading() as session:
        row = watches.watch(session, watch_id)
    assert row.backfill_started_at is not None
    return row.backfill_started_at.isoformat()


def _walk(watch_id: int) -> Backfill:
    with engine.reading() as session:
        line = watch_lines.line(session, watch_id, datetime.now(UTC))
    assert line is not None
    return line.backfill


def _memory_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_MB


if __name__ == "__main__":
    print(json.dumps((floor if "floor" in sys.argv[2:] else backfill)(sys.argv[1])))
