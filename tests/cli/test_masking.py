"""No secret is in the log, whoever wrote the line: ours, a library's error, or Reflex about an unknown event."""

from __future__ import annotations

import json
import logging
import time

import pytest
import structlog

from cicd_health import access, secret_file, settings
from cicd_health.cli import logs
from cicd_health.cli.masking import masked

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEsecretsecret\n-----END RSA PRIVATE KEY-----"
SECRETS = {
    "API_KEY": "first-api-key,second-api-key",
    "SMTP_PASS": 'pass"word/with+odd signs',
    "GITHUB_TOKEN": "some token of any look",
    "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T0/B0/slackhooksecret",
    "APPRISE_URLS": "discord://webhookid/webhooktoken, json://user:jsonpass@host/path",
    "DATABASE_URL": "postgresql://ci:dbpassword@db.example/ci",
    "REDIS_URL": "redis://:redispassword@cache.example/0",
    "SECRET_KEY": "new-secret-key,old-secret-key",
}
NEVER = [
    "first-api-key",
    "second-api-key",
    "slackhooksecret",
    "webhooktoken",
    "jsonpass",
    "dbpassword",
    "redispassword",
    "new-secret-key",
    "old-secret-key",
    'pass"word',
    "pass%22word",
    'pass\\"word',
    "some token of any look",
]


@pytest.fixture
def known(monkeypatch, tmp_path):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    settings.get.cache_clear()
    yield tmp_path
    settings.get.cache_clear()


@pytest.mark.parametrize(
    "line",
    [
        *SECRETS.values(),
        json.dumps(SECRETS),
        "GET https://hooks.slack.com/services/T0/B0/slackhooksecret failed",
        "smtp login pass%22word%2Fwith%2Bodd%20signs refused",
        'OperationalError: connection to "postgresql://ci:dbpassword@db.example/ci" failed',
    ],
)
def test_what_the_settings_keep_secret_is_masked_however_it_is_spelled(known, line):
    said = masked(line)
    assert not [secret for secret in NEVER if secret in said]


def test_a_secret_that_was_generated_since_is_known_too(known):
    assert "nothing" in masked("nothing")
    generated = secret_file.secret(known, "INGEST_TOKEN")
    assert generated not in masked(f"a line with {generated} in it")


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        (f"Unknown event. Headers: {{'cookie': 'theme=dark; {access.COOKIE}=hunter2hunter2; tz=x'}}", "hunter2"),
        ("{'authorization': 'Basic aHVudGVyMjpodW50ZXIy'}", "aHVudGVyMjpodW50ZXIy"),
        ("{'authorization': 'token hunter2hunter2'}", "hunter2"),
        ("{'x-jenkins-token': 'hunter2hunter2'}", "hunter2"),
        ("GET /webhooks/jenkins?token=hunter2hunter2&x=1", "hunter2"),
        ("GET /login/sso/callback?code=hunter2hunter2&state=x", "hunter2"),
        ("GET https://blob.example/log?sp=r&sig=hunter2%2Fhunter2", "hunter2"),
        ("ConnectError: https://wren:hunter2@ci.example/api", "hunter2"),
        ("tgram://123456:hunter2hunter2/chat", "hunter2"),
        ("POST https://hooks.slack.com/services/T1/B1/hunter2hunter2", "hunter2"),
        ("a token ghp_hunter2hunter2hunter2hunter2hunter2", "hunter2"),
        (f"a key cicd_{'hunter2' * 6}x", "hunter2"),
        ("Event(payload={'form': {'password': 'hunter2', 'email': 'a@b.c'}})", "hunter2"),
        ("{'new_password': 'hunter2', 'old': 'hunter2', 'secret': 'hunter2'}", "hunter2"),
        (PEM, "MIIEsecret"),
        (json.dumps({"key": PEM}), "MIIEsecret"),
    ],
)
def test_what_looks_like_a_secret_is_masked(known, line, secret):
    said = masked(line)
    assert secret not in said
    assert "****" in said


@pytest.mark.parametrize("password", ['"hunter2', "\\hunter2", "it's hunter2", 'a"hunter2', "a'b\"hunter2", "a\\"])
def test_what_is_typed_is_masked_to_its_end_whatever_is_quoted_in_it(known, password):
    form = {"password": password, "email": "a@b.c"}
    for line in (json.dumps(form), repr(form)):
        for quoted in (line, json.dumps({"event": line}), repr({"event": line})):
            said = masked(quoted)
            assert "hunter2" not in said
            assert "****" in said


@pytest.mark.parametrize(
    "line",
    [
        "cicd_health.flow.polling polled kestrel/checkout-api in 0.4 s",
        "https://ci.example.com/job/app/42/ answered 502",
        "cicd_pipeline_run_duration_seconds_bucket has 12 series",
        '{"event": "served", "port": 3000, "path": "/api/v1/runs?limit=50&cursor=abc"}',
        "the token of source 1 (ci.example.com) cannot be opened",
        "sqlite:///data/cicd_health.db",
        '{"token": "", "name": "ci"}',
    ],
)
def test_other_words_stay_as_they_are(known, line):
    assert masked(line) == line


def test_our_own_lines_and_stacks_pass_through_it(known, capsys):
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        logs.configure(readable=False)
        try:
            raise ConnectionError("https://ci:hunter2@ci.example")
        except ConnectionError:
            structlog.get_logger("test").exception("polling failed", token="first-api-key")
        said = capsys.readouterr().err
    finally:
        root.handlers = handlers
        root.setLevel(level)
        structlog.reset_defaults()
    assert "polling failed" in said
    assert "Traceback" in said
    assert "hunter2" not in said
    assert "first-api-key" not in said


def test_a_long_line_of_many_dots_holds_nobody_up(known):
    line = "a." * 20_000
    begun = time.thread_time()
    assert masked(f"{line} https://ci:other@host") == f"{line} https://****@host"
    assert time.thread_time() - begun < 1  # 0.03 s; where each dot begins a search of its own, 2 s
