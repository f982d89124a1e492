"""A process of its own that queues a message, or sends what is queued: `python -m tests.job_worker queue work …`.

`later` lets it see a clock a minute ahead, so that nobody has to wait for a dead sender's claim to lapse.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from cicd_health import queue, settings
from cicd_health.alerts import send
from cicd_health.alerts.message import Message
from cicd_health.model.alerts import NotificationKind
from cicd_health.store import alerts, engine
from cicd_health.store.tables import NotificationRow


def queue_one() -> None:
    with engine.writing() as session:
        now = datetime.now(UTC)
        alerts.sync_env_channels(session, settings.get(), now)
        session.flush()
        message = NotificationRow(
            channel_id=1, kind=NotificationKind.OPENED, state="queued", title="CI failed", body="build", created_at=now
        )
        session.add(message)
        session.flush()
        queue.enqueue(session, "deliver", str(message.id), message.id)
    print("queued", flush=True)


def deliver(notification_id: int, now: datetime) -> datetime | None:
    now += timedelta(minutes=1) if "later" in sys.argv else timedelta()
    with engine.writing() as session:
        if not alerts.claim(session, notification_id, now):
            return alerts.look_again_at(session, notification_id, now)
    with engine.reading() as session:
        outgoing = alerts.outgoing(session, notification_id)
    assert outgoing is not None
    target = send.targets(settings.get())[outgoing.channel_slug]
    send.send(target, Message(outgoing.title, outgoing.body, failed=True))
    with engine.writing() as session:
        alerts.finish(session, notification_id, now)
    print("sent", flush=True)
    return None


async def work() -> None:
    async with queue.running([queue.Job("deliver", deliver)]):
        for _ in range(600):
            await asyncio.sleep(0.1)
            if "stop when idle" in sys.argv and queue.depth() == 0:
                return


if "queue" in sys.argv:
    queue_one()
if "work" in sys.argv:
    asyncio.run(work())
