"""How sources come to be asked: from the settings, and from what people enter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from cicd_health import flow, queue, settings
from cicd_health.flow import connecting
from cicd_health.model.watches import BackfillState
from cicd_health.store import engine, watch_lines, watches

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def stored(database: sa.Engine) -> None:
    """Every test has a database of its own."""


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch):
    """Set settings for the rest of the test; an empty value is none."""

    def use(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        settings.get.cache_clear()

    return use


def lines():
    with engine.reading() as session:
        return watch_lines.lines(session, NOW)


def sources():
    with engine.reading() as session:
        return watch_lines.source_lines(session, NOW)


def test_the_settings_name_what_is_watched_and_the_way_back_begins_at_the_first_start(environment):
    environment(GITHUB_TOKEN="ghp_1", GITHUB_REPOS="kestrel/api, kestrel/web", RUN_RETENTION_DAYS="100")
    flow.start(NOW)
    flow.start(NOW + timedelta(hours=1))
    assert [(line.name, line.origin, line.state) for line in lines()] == [
        ("kestrel/api", "env", "backfilling"),
        ("kestrel/web", "env", "backfilling"),
    ]
    assert lines()[0].backfill.start == NOW - timedelta(days=100)
    [source] = sources()
    assert (source.host, source.connected, source.api_url) == ("github.com", True, "https://api.github.com")
    assert queue.depth() == 4, "a first poll and a way back for each, once"


def test_what_the_settings_no_longer_name_is_watched_no_more(environment):
    environment(GITHUB_TOKEN="ghp_1", GITHUB_REPOS="kestrel/api,kestrel/web")
    flow.start(NOW)
    environment(GITHUB_REPOS="kestrel/web")
    flow.start(NOW)
    assert [line.name for line in lines()] == ["kestrel/web"]
    environment(GITHUB_TOKEN="", GITHUB_REPOS="")
    flow.start(NOW)
    assert lines() == []
    assert [source.connected for source in sources()] == [False]


def test_a_jenkins_without_chosen_jobs_is_watched_whole(environment):
    environment(JENKINS_URL="https://Ci.Example.com/jenkins/", JENKINS_USER="reader", JENKINS_TOKEN="t")
    flow.start(NOW)
    assert [(line.provider, line.host, line.name) for line in lines()] == [("jenkins", "ci.example.com/jenkins", "")]


def test_a_token_that_people_enter_is_stored_sealed_and_used(database: sa.Engine):
    source_id = flow.connect_github(NOW, token="ghp_entered")
    with engine.reading() as session:
        row = watches.source(session, source_id)
        connection = connecting.of_source(row)
    assert row.token is not None
    assert "ghp_entered" not in row.token
    assert connection is not None
    assert connection.token == "ghp_entered"
    assert "ghp_entered" not in repr(connection)


def test_a_repository_may_have_a_token_of_its_own():
    source_id = flow.connect_github(NOW, token="ghp_all")
    watch_id = flow.watch(source_id, "kestrel/secret", NOW, token="ghp_one")
    with engine.reading() as session:
        row, source = watches.pair(session, watch_id)
        assert row is not None
        assert source is not None
        own, shared = connecting.of_source(source, row), connecting.of_source(source)
    assert (own and own.token, shared and shared.token) == ("ghp_one", "ghp_all")


def test_a_public_repository_needs_no_connection():
    watch_id = flow.watch_repository("kestrel/public", NOW)
    [line] = lines()
    assert (line.id, line.name, line.has_token) == (watch_id, "kestrel/public", False)
    assert [source.connected for source in sources()] == [False]


def test_watching_again_changes_the_token_and_keeps_the_place():
    first = flow.watch_repository("kestrel/api", NOW)
    again = flow.watch_repository("kestrel/api", NOW + timedelta(minutes=1), token="ghp_new")
    assert first == again
    assert [line.has_token for line in lines()] == [True]


@pytest.mark.parametrize("name", ["kestrel", "kestrel/api/more", "a b/c", "", "../..//x"])
def test_what_is_no_repository_is_refused_with_a_sentence(name: str):
    with pytest.raises(ValueError, match="owner/name"):
        flow.watch_repository(name, NOW)


@pytest.mark.parametrize(
    "url", ["ftp://ci", "https://user:pw@ci.example.com", "https://ci.example.com?x=1", "ci.example.com", "https://"]
)
def test_what_is_no_plain_web_address_is_refused(url: str):
    with pytest.raises(ValueError, match="address"):
        flow.connect_jenkins(NOW, url=url)


def test_a_forgotten_connection_leaves_nothing_secret_and_watches_nothing(database: sa.Engine):
    source_id = flow.connect_jenkins(NOW, url="https://ci.example.com", username="reader", token="secret")
    flow.forget_connection(source_id, NOW)
    with engine.reading() as session:
        row = watches.source(session, source_id)
    assert (row.token, row.username, row.base_url) == (None, None, None)
    assert lines() == []


def test_a_watch_of_the_settings_is_removed_there(environment):
    environment(GITHUB_REPOS="kestrel/api")
    flow.start(NOW)
    with pytest.raises(ValueError, match="settings"):
        flow.unwatch(lines()[0].id, NOW)


def test_a_way_back_can_be_stopped_and_taken_up_again():
    watch_id = flow.watch_repository("kestrel/api", NOW)
    flow.stop_backfill(watch_id, NOW)
    assert lines()[0].backfill.state == BackfillState.STOPPED
    flow.resume_backfill(watch_id, NOW + timedelta(hours=1))
    [line] = lines()
    assert (line.backfill.state, line.backfill.start) == (BackfillState.RUNNING, watches.backfill_start(NOW))


@pytest.mark.parametrize(
    ("provider", "url", "host"),
    [
        ("github", "https://api.github.com", "github.com"),
        ("github", "https://ghe.example.com/api/v3", "ghe.example.com"),
        ("jenkins", "https://CI.example.com:8443/jenkins", "ci.example.com:8443/jenkins"),
        ("jenkins", "http://ci.example.com", "ci.example.com"),
    ],
)
def test_a_host_is_named_as_events_name_it(provider: str, url: str, host: str):
    assert connecting.host_of(provider, url) == host


@pytest.mark.parametrize("name", ["kestrel/..", "./api", "késtrel/api"])
def test_what_no_repository_can_be_called_is_refused(name: str):
    with pytest.raises(ValueError, match="owner/name"):
        flow.watch_repository(name, NOW)


def test_credentials_of_the_settings_go_to_no_server_they_named_before(environment):
    environment(GITHUB_TOKEN="ghp_old", GITHUB_REPOS="kestrel/api")
    flow.start(NOW)
    environment(GITHUB_TOKEN="ghp_new", GITHUB_API_URL="https://ghe.example.com/api/v3")
    flow.start(NOW)
    assert [(line.host, line.name) for line in lines()] == [("ghe.example.com", "kestrel/api")]
    with engine.reading() as session:
        connections = {row.host: connecting.of_source(row) for row in watches.sources_of_settings(session, "github")}
    assert {host: found and found.token for host, found in connections.items()} == {"ghe.example.com": "ghp_new"}
    assert {line.host: line.connected for line in sources()} == {"github.com": False, "ghe.example.com": True}


def test_a_repository_is_watched_once_however_its_name_is_written(environment):
    first = flow.watch_repository("kestrel/api", NOW)
    assert flow.watch_repository("Kestrel/API", NOW) == first
    environment(GITHUB_REPOS="KESTREL/api")
    flow.start(NOW)
    assert [line.name for line in lines()] == ["kestrel/api"]
