"""What a dashboard without runs offers to copy, and to whom."""

import hashlib
import hmac
import json
from datetime import timedelta

from cicd_health.model.health import Refusal
from cicd_health.model.runs import Attempt
from cicd_health.providers import github
from cicd_health.ui import connect
from tests.ui.samples import NOW

SECRET = "a-secret-4f1c"


def offered(admin: bool):
    return connect.connect("http://localhost:3000", SECRET, "a-token-9ae2", admin=admin, now=NOW)


def test_a_viewer_sees_addresses_and_no_secret():
    shown = offered(admin=False)
    assert shown.github == "http://localhost:3000/webhooks/github"
    assert "4f1c" not in repr(shown)
    assert "9ae2" not in repr(shown)
    assert shown.curl == ""


def test_an_administrator_sees_the_secret_masked_and_copies_it_whole():
    shown = offered(admin=True)
    assert shown.secret == SECRET
    assert SECRET not in shown.secret_shown
    assert shown.secret_shown.endswith("4f1c")


def test_the_command_is_signed_and_the_provider_understands_it():
    command = offered(admin=True).curl
    body = command.partition("-d '")[2].removesuffix("'").encode()
    signature = command.partition("X-Hub-Signature-256: ")[2].partition("'")[0]
    headers = {"x-github-event": "workflow_run", "x-hub-signature-256": signature}
    assert headers["x-hub-signature-256"] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    github.verify(headers, {}, body, (SECRET,))
    (attempt,) = github.parse(headers, json.loads(body))
    assert isinstance(attempt, Attempt)
    assert (attempt.repo.name, attempt.pipeline.name, attempt.outcome) == ("example/hello", "CI", "success")


def test_a_refused_event_is_said_with_its_reason():
    refused = Refusal("jenkins", "wrong token", 1, NOW - timedelta(seconds=40))
    github_heard, jenkins_heard = connect.heard([refused], NOW)
    assert (github_heard.text, github_heard.refused) == ("nothing yet", False)
    assert jenkins_heard.text == "1 refused 40 s ago: wrong token"
