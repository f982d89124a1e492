"""Slack and the provider down for an hour, on a simulated clock: all is told once and in order, and since when."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from cicd_health import flow
from cicd_health.providers import http
from cicd_health.store import engine, watches
from tests import watching
from tests.chaos import ledger
from tests.delivering import NOW, OPENED, Clock, channel, channel_row, incidents, messages, seconds, tell_all
from tests.github_stub import GitHubStub

REPO = "kestrel/checkout-api"
HOUR = timedelta(hours=1)


@pytest.mark.usefixtures("database")
def test_slack_is_down_for_an_hour(slack, database: sa.Engine):
    id = channel(slack.url)
    broken = incidents(6)
    slack.status = 503
    clock = Clock()
    for n, incident in enumerate(broken):  # one every ten minutes
        clock.until(seconds(600 * n))
        tell_all([incident], OPENED, clock.now)
    clock.until(NOW + HOUR)
    tried = len(slack.texts)
    assert channel_row(id).error, "it says that it does not work"
    assert {one.state for one in messages()} == {"queued"}
    slack.status = 200
    slack.bodies.clear()
    clock.until(NOW + 2 * HOUR)
    took = "\n".join(slack.texts)
    told = [took.count(f"pipeline {incident} opened") for incident in broken]
    line = ledger.Line("Slack down for an hour", database.dialect.name, expected=6, messages=len(messages()))
    line.doubled = sum(times > 1 for times in told)
    line.notes = [f"{tried} tries meanwhile, then {len(slack.texts)} messages for all"]
    ledger.write(line)
    assert {one.state for one in messages()} == {"sent"}
    assert told == [1] * 6
    places = [took.index(f"pipeline {incident} opened") for incident in broken]
    assert places == sorted(places)
    assert tried < 60


def test_the_provider_is_down_for_an_hour(database: sa.Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http, "PAUSE_S", 0.01)
    with time_machine.travel(watching.now() - 3 * HOUR, tick=False) as clock, GitHubStub(REPO) as github:
        flow.start(watching.now())
        repo = github.repo(REPO)
        repo.play(watching.now() - timedelta(minutes=2))
        source_id = flow.connect_github(watching.now(), api_url=github.url, token="ghp_stub")
        watch_id = flow.watch(source_id, REPO, watching.now(), backfill=False)
        watching.poll(watch_id)
        port = github.stop()
        began, asked = watching.now(), 0
        for minute in range(60):
            clock.shift(60)
            if minute % 10 == 5:
                repo.play(watching.now())  # builds go on while nobody can be asked about them
            asked += _poll_due()
        said = watching.source(source_id)
        assert said.state == "error"
        since = watching.line(watch_id).error_at
        assert since is not None
        assert since - began < timedelta(minutes=10)
        github.start(port)
        back = watching.now()
        while watching.line(watch_id).state != "ok":
            clock.shift(60)
            _poll_due()
            assert watching.now() - back < 2 * HOUR, "it does not come back"
        healed_s = (watching.now() - back).total_seconds()
        runs = watching.runs()
    line = ledger.Line("the provider down for an hour", database.dialect.name, found=len(runs), healed_s=healed_s)
    line.said, line.notes = said.error or "", [f"asked {asked} times meanwhile", "healed on the simulated clock"]
    ledger.write(line)
    assert len(runs) == len({run["external_id"] for run in runs}) == 7
    assert asked < 20


def _poll_due() -> int:
    """What the jobs do that are due; how many polls that were."""
    with engine.reading() as session:
        due = watches.due(session, watching.now())
    for watch_id, _ in due:
        flow.poll(watch_id, watching.now())
    return len(due)
