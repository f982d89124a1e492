"""A process of its own that does the jobs, and says how far the ways back are.

It prints `<state> <listed> <done>` of the first watch whenever that changed, and ends when the way back has.
"""

from __future__ import annotations

import asyncio

from cicd_health import queue
from cicd_health.jobs import JOBS
from tests import watching


async def work() -> None:
    said = ""
    async with queue.running(JOBS):
        for _ in range(1200):
            walk = watching.lines()[0].backfill
            now = f"{walk.state.value} {walk.listed} {walk.done}"
            if now != said:
                print(now, flush=True)
                said = now
            if walk.state.value == "done":
                return
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(work())
