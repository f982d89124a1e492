"""The disk under the database is full: refused and said, nothing accepted is lost, and it heals when there is room."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import ledger, small_disk
from tests.chaos.postgres import Postgres
from tests.chaos.sender import until
from tests.chaos.small_disk import SmallDisk

FULL_S = 15.0


@pytest.fixture
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    """Skipped, and loudly, where nobody may mount."""
    try:
        with small_disk.mounted(tmp_path / "disk", request.param) as disk:
            yield disk
    except small_disk.NotAllowed as error:
        pytest.skip(f"NO SMALL DISK: mounting a file system is not allowed here ({error}); run it as root")


@pytest.mark.parametrize("disk", [24], indirect=True)
def test_the_disk_under_sqlite(build, disk: SmallDisk, sqlite_template: Path):
    there = disk.folder / "cicd_health.db"
    shutil.copy(sqlite_template, there)
    _full(build("sqlite", DATABASE_URL=f"sqlite:///{there}"), disk, lambda: None)


@pytest.mark.parametrize("disk", [400], indirect=True)
def test_the_disk_under_postgresql(build, disk: SmallDisk):
    with Postgres.started(disk.folder) as server:
        _full(build("postgres", DATABASE_URL=server.url), disk, server.start)


def _full(world, disk: SmallDisk, restart) -> None:
    """`restart` is what an operator does besides making room: PostgreSQL ends itself when it cannot write its log."""
    page = world.watch()
    with world.sender(breaks_every=40, per_s=100, size=8000) as sender:
        sender.wait_for(100)
        disk.fill()
        filled = time.perf_counter()
        until(lambda: sender.statuses[503] >= 50, 60, lambda: f"nothing is refused: {sender.statuses}")
        until(lambda: page.said, 60, lambda: "the page says nothing")
        said_after_s = time.perf_counter() - filled
        time.sleep(max(0.0, FULL_S - (time.perf_counter() - filled)))  # the trouble itself
        readable = world.get("/api/v1/runs?limit=1").status_code
        reasons = world.get("/ready").json()
        disk.empty()
        restart()
        emptied = time.perf_counter()
        sender.wait_for(len(sender.accepted) + 100)
        page.live_again(since=emptied)
        until(world.ready, 60)
        healed_s = time.perf_counter() - emptied
    line = world.line("the disk is full")
    world.settle(sender, line)
    line.healed_s, line.said = healed_s, page.problems()
    line.notes = [
        f"503 within {sender.slowest(503):.1f} s",
        f"said after {said_after_s:.1f} s",
        f"GET /api/v1/runs meanwhile {readable}",
        f"/ready: {reasons.get('reasons') or reasons.get('warnings')}",
    ]
    ledger.write(line)
    assert set(sender.statuses) <= {200, 202, 503}
    assert sender.slowest(503) < 10
    assert (line.messages, line.doubled) == (line.expected, 0)
