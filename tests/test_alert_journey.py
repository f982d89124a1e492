"""From a webhook posted to the real server to what Slack and a mailbox receive, also across `kill -9`."""

import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from cicd_health.cli import page_build
from tests import running
from tests.bodies import github_run, signed
from tests.loopback import free_port, mail_server, slack, text_of

SECRET = "a-secret-of-the-test"


@pytest.fixture(scope="module", autouse=True)
def built_page() -> None:
    page_build.ensure()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(f"{request.param}_url")


def channels(slack_url: str, mail_port: int) -> dict[str, str]:
    return {
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "API_KEY": "test-key",
        "SLACK_WEBHOOK_URL": slack_url,
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mail_port),
        "ALERT_EMAIL_FROM": "health@kestrel.example",
        "ALERT_EMAIL_TO": "team@kestrel.example",
    }


def post(server: running.Server, body: dict) -> dict:
    raw = json.dumps(body).encode()
    answer = httpx.post(f"{server.url}/webhooks/github", content=raw, headers=signed(raw, SECRET))
    assert answer.status_code == 202, answer.text
    return answer.json()


def minutes_ago(minutes: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


def alerts(server: running.Server) -> list[dict]:
    answer = httpx.get(f"{server.url}/api/v1/alerts", headers={"Authorization": "Bearer test-key"})
    return answer.json()["items"]


def test_a_failure_reaches_slack_and_mail_and_so_does_the_recovery(url: str, tmp_path: Path):
    with slack() as chat, mail_server() as mailbox:
        server = running.start(tmp_path / "data", DATABASE_URL=url, **channels(chat.url, mailbox.port))
        try:
            post(server, github_run(1, conclusion="failure", created=minutes_ago(44)))
            assert chat.wait_for(1)
            assert mailbox.wait_for(1)
            run_id = httpx.get(f"{server.url}/api/v1/runs", headers={"Authorization": "Bearer test-key"}).json()[
                "items"
            ][0]["id"]
            for told in (chat.texts[0], text_of(mailbox.mails[0])):
                for word in ("ci", "kestrel/checkout-api", "main", f"{1:040x}"[:7], f"{server.url}/runs/{run_id}"):
                    assert word in told
            post(server, github_run(2, created=minutes_ago(2)))
            assert chat.wait_for(2)
            assert mailbox.wait_for(2)
            for told in (chat.texts[1], text_of(mailbox.mails[1])):
                assert "recovered after 42 min" in told.lower()
            assert [alert["state"] for alert in alerts(server)] == ["resolved"]
            assert len(chat.texts) == len(mailbox.mails) == 2
        finally:
            server.stop()


def test_with_both_down_nothing_is_lost_across_kill_9(url: str, tmp_path: Path):
    slack_port, mail_port = free_port(), free_port()
    down = channels(f"http://127.0.0.1:{slack_port}/services/T/B/X", mail_port)
    server = running.start(tmp_path / "data", DATABASE_URL=url, **down)
    try:
        post(server, github_run(1, conclusion="failure", created=minutes_ago(3)))
        states = [n["state"] for alert in alerts(server) for n in alert["notifications"]]
        assert len(states) == 2
        assert "sent" not in states
    finally:
        server.stop(signal.SIGKILL)
    with slack(slack_port, "/services/T/B/X") as chat, mail_server(mail_port) as mailbox:
        server = running.start(tmp_path / "data", DATABASE_URL=url, **down)
        try:
            assert chat.wait_for(1, timeout_s=60)
            assert mailbox.wait_for(1, timeout_s=60)
            post(server, github_run(2, created=minutes_ago(1)))
            assert chat.wait_for(2, timeout_s=60)
            assert "recovered" in chat.texts[1]
            assert mailbox.wait_for(2, timeout_s=60)
            assert (len(chat.texts), len(mailbox.mails)) == (2, 2)
        finally:
            server.stop()
