"""Messages reach real servers, and what goes wrong is said without a secret."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from cicd_health.alerts import message, send
from cicd_health.alerts.send import SendFailed, Target
from cicd_health.settings import read
from tests import loopback
from tests.alerts.facts import facts

TOLD = message.opened(facts("failure", branch="feature_x-1", failed_job="test"), 1, "https://ci.example.com")


@pytest.fixture
def mailbox() -> Iterator[loopback.Mailbox]:
    with loopback.mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def mail(mailbox) -> Target:
    given = {"SMTP_HOST": mailbox.host, "SMTP_PORT": str(mailbox.port), "ALERT_EMAIL_FROM": "ci@example.com"}
    return send.targets(read(given | {"ALERT_EMAIL_TO": "a@example.com,b@example.com"}))["env-email"]


@pytest.mark.parametrize("path", [loopback.WEBHOOK, "/hook", "/a/b?token=x"])
def test_any_web_address_gets_slacks_text_with_title_and_body(path):
    with loopback.slack(path=path) as slack:
        send.send(Target("slack", slack.url), TOLD)
        assert slack.paths == [path]
        assert list(slack.bodies[0]) == ["text"]
        for part in (
            "acme/api: CI failed",
            "`feature_x-1`",
            "*Failing job* `test`",
            "<https://ci.example.com/runs/101|",
        ):
            assert part in slack.texts[0]


def test_names_that_call_people_in_slack_call_nobody():
    names = {name: "<!channel> <@U123> <!here|x>" for name in ("branch", "actor", "title", "failed_job", "excerpt")}
    with loopback.slack() as slack:
        send.send(Target("slack", slack.url), message.opened(facts("failure", **names), 1, "https://ci.example.com"))
        raw = json.dumps(slack.bodies[0])
    assert "<!" not in raw
    assert "<@" not in raw
    assert "&lt;!channel&gt;" in raw


@pytest.mark.parametrize("answer", [b"ok", b"", b"{}"])
def test_every_2xx_means_taken(answer):
    with loopback.slack() as slack:
        slack.status, slack.answer = 202, answer
        send.send(Target("slack", slack.url), TOLD)
        assert len(slack.bodies) == 1


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (403, True), (404, True), (410, True), (429, False), (500, False), (503, False)],
)
def test_an_error_of_slack_says_whether_time_may_cure_it(status, permanent):
    with loopback.slack() as slack:
        slack.status = status
        with pytest.raises(SendFailed, match=str(status)) as failed:
            send.send(Target("slack", slack.url), TOLD)
    assert failed.value.permanent is permanent


def test_an_unreachable_slack_is_no_permanent_error_and_its_secret_is_not_told():
    url = f"http://127.0.0.1:{loopback.free_port()}{loopback.WEBHOOK}"
    with pytest.raises(SendFailed) as failed:
        send.send(Target("slack", url), TOLD)
    assert not failed.value.permanent
    assert "XXXX" not in failed.value.error
    assert "XXXX" not in repr(Target("slack", url))


def test_a_silent_server_is_given_up(monkeypatch):
    monkeypatch.setattr(send, "READ_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(SendFailed):
        send.send(Target("slack", f"http://127.0.0.1:{silent.getsockname()[1]}/hook"), TOLD)


def test_one_mail_goes_to_all(mailbox, mail):
    send.send(mail, TOLD)
    assert mailbox.recipients == [["a@example.com", "b@example.com"]]
    assert mailbox.mails[0]["Subject"] == "acme/api: CI failed on feature_x-1"
    assert mailbox.mails[0]["From"] == "ci@example.com"
    for part in ("feature_x-1", "https://ci.example.com/runs/101", "0000001"):
        assert part in loopback.text_of(mailbox.mails[0])
        assert part in loopback.text_of(mailbox.mails[0], "html")


def test_a_branch_with_markup_stays_text_in_mail(mailbox, mail):
    send.send(mail, message.opened(facts("failure", branch="<img src=x>"), 1, "https://ci.example.com"))
    assert "<img" not in loopback.text_of(mailbox.mails[0], "html")
    assert "<img src=x>" in loopback.text_of(mailbox.mails[0])


def test_a_mail_that_some_got_is_not_sent_again_for_the_others(mailbox, mail):
    mailbox.unknown = {"b@example.com"}
    send.send(mail, TOLD)
    assert mailbox.recipients == [["a@example.com"]]


def test_a_mail_that_nobody_got_has_failed(mailbox, mail):
    mailbox.broken = True
    with pytest.raises(SendFailed) as failed:
        send.send(mail, TOLD)
    assert not failed.value.permanent


def test_an_unreachable_mail_server_is_named():
    port = loopback.free_port()
    given = read({"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "ALERT_EMAIL_TO": "a@example.com"})
    with pytest.raises(SendFailed, match=f"127.0.0.1:{port}"):
        send.send(send.targets(given)["env-email"], TOLD)


def test_an_apprise_url_gets_the_message():
    with loopback.slack(path="/any") as server:
        url = server.url.replace("http://", "json://") + "?:message=text"
        send.send(send.targets(read({"APPRISE_URLS": url}))["env-apprise-1"], TOLD)
        assert "feature_x-1" in server.texts[0]


def test_an_address_that_is_none_is_a_permanent_error():
    with pytest.raises(SendFailed) as failed:
        send.send(Target("apprise", "nonsense://x"), TOLD)
    assert failed.value.permanent
    assert "nonsense" not in failed.value.error


def test_no_setting_means_no_target():
    assert send.targets(read({})) == {}


def test_every_setting_gives_its_target():
    given = {
        "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T/B/X",
        "SMTP_HOST": "mail",
        "ALERT_EMAIL_TO": "a@b.c",
    }
    found = send.targets(read(given | {"APPRISE_URLS": "json://a/,json://b/"}))
    assert sorted(found) == ["env-apprise-1", "env-apprise-2", "env-email", "env-slack"]
