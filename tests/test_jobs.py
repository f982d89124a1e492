"""From a failing webhook to the messages people get, through the real job engine."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import select

from cicd_health import flow, queue, settings
from cicd_health.alerts import holding
from cicd_health.jobs import JOBS
from cicd_health.store import engine
from cicd_health.store.tables import NotificationRow
from tests import loopback
from tests.bodies import delivery, github_run
from tests.delivering import OPENED, channel, incidents, tell_all


def receive(*bodies: dict) -> None:
    """Each webhook comes twice."""
    now = datetime.now(UTC)
    for body in (*bodies, *bodies):
        flow.receive([delivery(body, at=now)], now)


def states() -> list[str]:
    with engine.reading() as session:
        return [row.state for row in session.exec(select(NotificationRow).order_by(NotificationRow.id))]


@pytest.fixture
def ports(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Where Slack and the mail server will listen; nobody does yet. Waits between tries are short."""
    slack, mail = loopback.free_port(), loopback.free_port()
    given = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mail), "ALERT_EMAIL_TO": "team@example.com"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLACK_WEBHOOK_URL", f"http://127.0.0.1:{slack}{loopback.WEBHOOK}")
    monkeypatch.setenv("PUBLIC_URL", "https://ci.example.com")
    monkeypatch.setattr(queue, "FIRST_RETRY_S", 0.2)
    settings.get.cache_clear()
    flow.start(datetime.now(UTC))
    return slack, mail


async def test_both_channels_hear_of_a_failure_and_of_its_end_even_when_they_were_down(ports):
    began = datetime.now(UTC) - timedelta(minutes=50)
    told = threading.Semaphore(0)
    stop_listening = engine.subscribe(lambda topics: told.release() if "alerts" in topics else None)
    async with queue.running(JOBS):
        receive(github_run(1, conclusion="failure", created=began, branch="main"))
        for _ in ("queued", "one channel was down", "and the other"):
            assert told.acquire(timeout=15)
        stop_listening()
        assert len(states()) == 2
        assert "sent" not in states()
        with loopback.slack(ports[0]) as slack, loopback.mail_server(ports[1]) as mailbox:
            assert slack.wait_for(1)
            assert mailbox.wait_for(1)
            receive(github_run(2, created=began + timedelta(minutes=42), branch="main"))
            assert slack.wait_for(2)
            assert mailbox.wait_for(2)
            broken, recovered = slack.texts
            for part in ("kestrel/checkout-api", "`ci`", "`main`", f"`{1:040x}"[:8], "`wren`"):
                assert part in broken
            assert "<https://ci.example.com/runs/1|" in broken
            assert "<https://github.com/kestrel/checkout-api/actions/runs/1|" in broken
            assert "recovered after 42 min" in recovered
            subjects = [mail["Subject"] for mail in mailbox.mails]
            assert [subject.split(":")[1] for subject in subjects] == [
                " ci failed on main",
                " ci recovered after 42 min on main",
            ]
    assert states() == ["sent"] * 4
    assert len(slack.bodies) == len(mailbox.mails) == 2


@pytest.mark.usefixtures("database")
async def test_a_storm_leaves_together_when_its_time_has_come(monkeypatch):
    monkeypatch.setattr(holding, "TOGETHER", timedelta(seconds=1.5))
    with loopback.slack() as slack:
        channel(slack.url)
        async with queue.running(JOBS):
            tell_all(incidents(8), OPENED, datetime.now(UTC))
            assert slack.wait_for(4)
        assert "5 alerts at once" in slack.texts[3]
    assert states() == ["sent"] * 8
