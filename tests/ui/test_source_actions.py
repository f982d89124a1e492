"""What the forms and buttons of the sources page do, against servers that answer like GitHub and Jenkins."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from cicd_health import flow, settings, vault
from cicd_health.store import engine, watch_lines, watches
from cicd_health.ui import source_actions as do
from cicd_health.ui.told import Note
from tests.github_stub import GitHubStub
from tests.jenkins_stub import JenkinsStub

ZONE = ZoneInfo("UTC")
TOKEN = "ghp_stub"


@pytest.fixture(autouse=True)
def stored(database: sa.Engine) -> None:
    """Every test has a database of its own."""


@pytest.fixture
def github() -> Iterator[GitHubStub]:
    with GitHubStub() as stub:
        stub.repo("kestrel/checkout-api")
        yield stub


@pytest.fixture
def jenkins() -> Iterator[JenkinsStub]:
    with JenkinsStub() as stub:
        stub.root.make("payments/nightly")
        yield stub


def sources() -> list[Any]:
    with engine.reading() as session:
        return watch_lines.source_lines(session, datetime.now(UTC))


def connect_github(**form: Any) -> Note:
    return do.tried_and_stored("github", form, do.github_of, flow.connect_github)


def connect_jenkins(**form: Any) -> Note:
    return do.tried_and_stored("jenkins", form, do.jenkins_of, flow.connect_jenkins)


def test_a_token_that_works_is_stored_sealed(github: GitHubStub):
    note = connect_github(api_url=github.url, token=TOKEN)
    assert note.done, note
    assert note.tone == "ok"
    assert note.sentences
    [source] = sources()
    assert source.connected
    with engine.reading() as session:
        kept = watches.source(session, source.id).token
    assert kept is not None
    assert TOKEN not in kept
    assert vault.unseal(kept) == TOKEN


def test_a_token_that_does_not_work_is_not_stored(github: GitHubStub):
    note = connect_github(api_url=github.url, token="ghp_wrong")
    assert (note.done, note.tone) == (False, "fail")
    assert note.text == "Not saved: it does not work yet."
    assert note.sentences
    assert sources() == []


def test_it_is_stored_all_the_same_when_that_is_wanted(github: GitHubStub):
    note = connect_github(api_url=github.url, token="ghp_wrong", anyway="on")
    assert note.done
    assert "although" in note.text
    assert len(sources()) == 1


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"api_url": "ftp://x", "token": "x"}, "The address must be like"),
        ({"api_url": "", "token": "x"}, "The address must be like"),
        ({"api_url": "https://api.github.com", "app_id": "x"}, "An App's id is a number"),
        ({"api_url": 5, "token": ["x"]}, "The address must be like"),
    ],
)
def test_what_cannot_be_a_connection_is_said(form: dict[str, Any], said: str):
    note = connect_github(**form)
    assert not note.done
    assert said in note.text
    assert sources() == []


def test_a_server_that_does_not_answer_is_said_and_nothing_stored(github: GitHubStub):
    url = github.url
    github.stop()
    note = connect_github(api_url=url, token=TOKEN)
    assert not note.done
    assert "cannot be reached" in note.sentences[0]


def test_nothing_that_was_typed_is_said_or_logged(github: GitHubStub, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    for form in ({"token": "sesame"}, {"app_id": "7", "app_private_key": "PRIVATE KEY-----sesame"}):
        assert "sesame" not in repr(connect_github(api_url=github.url, **form))
    assert "sesame" not in caplog.text


def test_a_jenkins_is_connected_and_all_its_jobs_are_watched(jenkins: JenkinsStub):
    note = connect_jenkins(url=jenkins.address, username="wren", token="api-token")
    assert note.done, note
    with engine.reading() as session:
        [line] = watch_lines.lines(session, datetime.now(UTC))
    assert (line.provider, line.name) == ("jenkins", "")


def connected(github: GitHubStub) -> int:
    return flow.connect_github(datetime.now(UTC), api_url=github.url, token=TOKEN)


def test_a_stored_connection_is_tested(github: GitHubStub):
    source_id = connected(github)
    assert do.tested(source_id).text == "The connection works."
    github.tokens.clear()
    note = do.tested(source_id)
    assert note.text == "The connection does not work."
    assert note.sentences


def test_a_repository_is_added_with_a_token_of_its_own(github: GitHubStub):
    note = do.added(connected(github), {"name": " kestrel/checkout-api ", "token": "own", "secret": "hush"})
    assert note.done, note
    with engine.reading() as session:
        [line] = watch_lines.lines(session, datetime.now(UTC))
    assert (line.name, line.has_token, line.has_secret) == ("kestrel/checkout-api", True, True)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": ""}, "Write its name first."),
        ({"name": "nonsense"}, "A repository is named owner/name."),
        ({}, "Write"),
    ],
)
def test_what_is_no_repository_is_said(github: GitHubStub, form: dict[str, Any], said: str):
    note = do.added(connected(github), form)
    assert not note.done
    assert said in note.text


def test_polling_now_says_what_it_comes_to(github: GitHubStub):
    source_id = connected(github)
    assert do.queued(source_id, ZONE).tone == "warn"
    do.added(source_id, {"name": "kestrel/checkout-api"})
    assert do.queued(source_id, ZONE).text == "1 poll queued"
    with engine.writing() as session:
        row = watches.source(session, source_id)
        row.trouble, row.next_poll_at = "limited", datetime.now(UTC) + timedelta(minutes=20)
    note = do.queued(source_id, ZONE)
    assert note.text.startswith("Waits until ")
    assert note.text.endswith("because the provider asked for it")


def test_what_is_not_there_any_more_is_said():
    assert do.tested(999).tone == "fail"
    assert do.queued(999, ZONE).tone == "fail"
    assert do.changed(flow.unwatch, 999)
    assert do.changed(flow.stop_backfill, do.number("x'; drop table runs")) != ""


def test_a_watch_is_removed(github: GitHubStub):
    do.added(connected(github), {"name": "kestrel/checkout-api"})
    with engine.reading() as session:
        [line] = watch_lines.lines(session, datetime.now(UTC))
    assert do.changed(flow.unwatch, line.id) == ""
    with engine.reading() as session:
        assert watch_lines.lines(session, datetime.now(UTC)) == []


def test_only_known_providers_have_a_secret():
    assert do.secret_of("github") == settings.get().github_webhook_secret
    assert do.secret_of("gitlab") == ""
    assert do.webhook_address("jenkins").endswith(f"?token={settings.get().jenkins_webhook_token}")
