"""A process of its own that queues a message, or sends what is queued: `python -m tests.job_worker queue work …`.

`later` lets it see a clock a minute ahead, so that nobody has to wait for a dead sender's time to be over.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from cicd_health import flow, queue
from cicd_health.model.alerts import NotificationKind, NotificationState
from cicd_health.store import channels, engine, outbox
from cicd_health.store.outbox import Entry


def queue_one() -> None:
    now = datetime.now(UTC)
    flow.start(now)
    with engine.writing() as session:
        [channel] = channels.in_use(session)
        assert channel.id is not None
        [row] = outbox.queue(
            session, [Entry(channel.id, "CI failed", "build", "critical")], NotificationKind.OPENED, now
        )
        queue.enqueue(session, "deliver", str(row.id), row.id)
    print("queued", flush=True)


def deliver(notification_id: int, now: datetime) -> datetime | None:
    now += timedelta(minutes=1) if "later" in sys.argv else timedelta()
    again_at = flow.deliver(notification_id, now)
    with engine.reading() as session:
        row = outbox.message(session, notification_id)
    if row is not None and row.state == NotificationState.SENT:
        print("sent", flush=True)
    return again_at


async def work() -> None:
    async with queue.running([queue.Job("deliver", deliver)]):
        print("working", flush=True)
        for _ in range(600):
            await asyncio.sleep(0.1)
            if "stop when idle" in sys.argv and queue.depth() == 0:
                return


if "queue" in sys.argv:
    queue_one()
if "work" in sys.argv:
    asyncio.run(work())
