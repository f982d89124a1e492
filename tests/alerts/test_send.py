"""Messages reach real servers, and what goes wrong is said without a secret."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from cicd_health.alerts import message, send
from cicd_health.alerts.rule import Verdict
from cicd_health.alerts.send import SendFailed, Target
from cicd_health.settings import read
from tests import loopback
from tests.alerts.facts import facts

OURS = "https://ci.example.com"


def told(**given: Any) -> message.Message:
    """News of a run that failed."""
    known = facts("failure", **given)
    verdict = Verdict(firing=True, headline="failed", failures=1, first=known.attempts[0], last=known.attempts[0])
    return message.opened(known, verdict, OURS)


TOLD = told(branch="feature_x-1", failed_job="test")
SECRET = "Zs3cr3tZs3cr3t"
TEAMS = (
    f"https://prod-1.westus.logic.azure.com:443/workflows/{'6' * 32}/triggers/manual/paths/invoke"
    f"?api-version=1&sp=x&sv=1.0&sig={SECRET}"
)
SLACK = f"https://hooks.slack.com/services/T0000000A/B0000000B/{SECRET}abcdefghij"


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
        send.send(Target("slack", slack.url), told(**names))
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
    ("status", "permanent", "for_good"),
    [
        *((status, True, True) for status in (401, 403, 404, 410)),
        *((status, True, False) for status in (400, 413)),
        *((status, False, False) for status in (429, 500, 503)),
    ],
)
def test_an_error_of_slack_says_whether_time_or_another_message_may_cure_it(status, permanent, for_good):
    with loopback.slack() as slack:
        slack.status = status
        with pytest.raises(SendFailed, match=str(status)) as failed:
            send.send(Target("slack", slack.url), TOLD)
    assert (failed.value.permanent, failed.value.for_good) == (permanent, for_good)


def test_a_sign_in_page_in_front_of_a_webhook_has_not_taken_the_message():
    with loopback.slack() as slack:
        slack.status, slack.location = 302, "/sign-in"
        with pytest.raises(SendFailed, match="302") as failed:
            send.send(Target("slack", slack.url), TOLD)
    assert failed.value.for_good


@pytest.mark.parametrize("url", [f"http://[bad/{SECRET}", f"mailto://me:{SECRET}@[bad?to=a@example.com"])
def test_what_is_no_address_at_all_is_a_failure_that_repeats_nothing_of_it(url):
    with pytest.raises(SendFailed) as failed:
        send.send(Target("slack", url), TOLD)
    assert failed.value.permanent
    assert SECRET not in failed.value.error


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
    send.send(mail, told(branch="<img src=x>"))
    assert "<img" not in loopback.text_of(mailbox.mails[0], "html")
    assert "<img src=x>" in loopback.text_of(mailbox.mails[0])


def test_a_mail_that_some_got_is_not_sent_again_for_the_others(mailbox, mail):
    mailbox.unknown = {"b@example.com"}
    send.send(mail, TOLD)
    assert mailbox.recipients == [["a@example.com"]]


def test_a_mail_that_nobody_got_has_failed_and_the_servers_words_are_told(mailbox, mail):
    mailbox.broken = True
    with pytest.raises(SendFailed, match="451") as failed:
        send.send(mail, TOLD)
    assert not failed.value.permanent
    mailbox.broken, mailbox.unknown = False, {"a@example.com", "b@example.com"}
    with pytest.raises(SendFailed, match="no such user") as failed:
        send.send(mail, TOLD)
    assert failed.value.for_good


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


# Addresses of people


@pytest.mark.parametrize(
    ("url", "kind", "name", "masked"),
    [
        (SLACK, "slack", "Slack", "hooks.slack.com"),
        (f"https://chat.example.com/hooks/{SECRET}", "slack", "Webhook", "https://chat.example.com/…"),
        (f"http://127.0.0.1:8065/hooks/{SECRET}", "slack", "Webhook", "http://127.0.0.1:8065/…"),
        (f"slack://T0000000A/B0000000B/{SECRET}abcdefghij/#builds", "slack", "Slack", "#builds"),
        (f"mailtos://ci:{SECRET}@smtp.example.com:587?from=ci@example.com&to=team@example.com,ops@example.com",
         "email", "E-mail", "team@example.com, ops@example.com by smtp.example.com"),
        (TEAMS, "apprise", "Power Automate / Workflows (for MSTeams)", "workflow://prod-1.westus.logic.azure.com"),
        (f"discord://123456789012345678/{SECRET}", "apprise", "Discord", "discord://"),
        (f"https://discord.com/api/webhooks/123456789012345678/{SECRET}", "apprise", "Discord", "discord://"),
        (f"sendgrid://{SECRET}:ci@example.com/team@example.com", "apprise", "SendGrid", "sendgrid://"),
        (f"pagerduty://{SECRET}@{SECRET}key/src/comp", "apprise", "Pager Duty", "pagerduty://"),
        (f"jsons://user:{SECRET}@hooks.example.com/{SECRET}?token={SECRET}", "apprise", "JSON", "jsons://****@hooks.example.com/…"),
        (f"ntfys://{SECRET}@ntfy.example.com/builds", "apprise", "ntfy", "ntfys://****@ntfy.example.com"),
    ],
)  # fmt: skip
def test_an_address_is_described_without_its_secrets(url, kind, name, masked):
    described = send.describe(url)
    assert (described.kind, described.name) == (kind, name)
    assert masked in described.masked.replace("%23", "#")
    assert SECRET not in described.masked


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "not an address"),
        ("not an address", "not an address"),
        ("nonsense://x", "not an address"),
        ("file:///etc/passwd", "not an address"),
        ("https://", "not an address"),
        ("https://ci:pw/rest@chat.example/hook", "not an address"),
        ("https://ci:pw@ch\u2100t.example/hook", "not an address"),
        ("discord://only-one-part", "not an address"),
        ("mailtos://ci:pw@smtp.example.com?from=ci@example.com&to=nobody", "no valid recipient"),
        ("https://acme.webhook.office.com/webhookb2/x/IncomingWebhook/y/z", "retired"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_in_a_sentence(url, said):
    with pytest.raises(ValueError, match=said) as refused:
        send.describe(url)
    assert "pw" not in str(refused.value)


def test_a_mail_address_of_somebody_sends_one_mail_with_the_others_as_copies(mailbox):
    to = "to=a@example.com,b@example.com"
    url = f"mailto://localhost:{mailbox.port}?smtp={mailbox.host}&from=ci@example.com&{to}"
    assert send.describe(url).kind == "email"
    send.send(Target("email", url), TOLD)
    assert mailbox.recipients == [["a@example.com", "b@example.com"]]
    assert "<b" in loopback.text_of(mailbox.mails[0], "html")


def test_a_password_for_mail_never_travels_in_clear(mailbox, monkeypatch):
    monkeypatch.setattr(send, "LOOPBACK", ())
    url = f"mailto://ci:pw@localhost:{mailbox.port}?smtp={mailbox.host}&from=ci@example.com&to=a@example.com"
    with pytest.raises(SendFailed, match="not sent in clear") as failed:
        send.send(Target("email", url), TOLD)
    assert failed.value.for_good
    assert mailbox.mails == []


@pytest.mark.parametrize(
    "url",
    [
        f"jsons://me:{SECRET}1@example.com/{SECRET}2?-X-Key={SECRET}%2F3",
        f"tgram://123456789:{SECRET}1/{SECRET}2/{SECRET}%2F3",
    ],
)
def test_an_error_repeats_nothing_secret_of_the_address(monkeypatch, url):

    def refuse(*_: object) -> None:
        raise SendFailed(f"could not reach {url}: {SECRET}1, {SECRET}2, {SECRET}/3")

    monkeypatch.setattr(send, "_notify", refuse)
    with pytest.raises(SendFailed) as failed:
        send.send(Target("apprise", url), TOLD)
    assert SECRET not in failed.value.error


def test_what_python_does_not_understand_of_an_address_is_a_failure_like_others():
    odd = f"mailto://me:{SECRET}@example.com?to=a@example.com&smtp=a..{SECRET}"
    with pytest.raises(SendFailed, match=r"could not be sent: UnicodeError$") as failed:
        send.send(Target("email", odd), TOLD)
    assert (failed.value.permanent, failed.value.for_good) == (True, False)
    assert SECRET not in failed.value.error


def test_a_message_too_long_for_a_service_is_cut_as_text():
    long = message.Message("CI failed", "<p>" + "<b>a &lt; b</b> " * 10_000 + "</p>", failed=True)
    with loopback.slack(path="/any") as server:
        plugin = send._plugin(server.url.replace("http://", "json://") + "?:message=text")
        plugin.body_maxlen = 2_000
        send._send_by_apprise(plugin, long)
        assert len(server.texts) == 1
        assert server.texts[0].startswith("a < b a < b")
        assert len(server.texts[0]) < 2_000
