"""How one pipeline is named and told of on the wall."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from cicd_health.model.health import HealthState
from cicd_health.ui.wall_view import tiles
from tests.ui import samples
from tests.ui.samples import DAY, HOUR, MINUTE, NOW

BERLIN = ZoneInfo("Europe/Berlin")


def broken(**changes):
    return samples.pipeline(state=HealthState.BROKEN, since=NOW - 47 * MINUTE, **changes)


def test_from_afar_a_github_pipeline_goes_by_its_repository_and_a_jenkins_one_by_its_job():
    assert tiles.names(broken(name="ci", repo="kestrel/checkout-api")) == ("checkout-api", "ci on main, kestrel")
    jenkins = broken(name="nightly", repo="payments/eu", provider="jenkins", branch=None)
    assert tiles.names(jenkins) == ("nightly", "Jenkins, payments/eu")
    assert tiles.names(broken(name="deploy", repo="", provider="jenkins", branch=None)) == ("deploy", "Jenkins")
    assert tiles.names(broken(name="ci", repo="alone")) == ("alone", "ci on main")


@pytest.mark.parametrize(
    ("ago", "number", "unit", "since"),
    [
        (47 * MINUTE, "47", "minutes", "since 09:55"),
        (HOUR, "1", "hour", "since 09:42"),
        (timedelta(seconds=20), "20", "seconds", "since 10:41"),
        (3 * DAY, "3", "days", "since Tue 10:42"),
    ],
)
def test_the_large_tile_says_for_how_long_and_since_when(ago, number, unit, since):
    shown = tiles.hero(samples.pipeline(state=HealthState.BROKEN, since=NOW - ago), NOW, BERLIN, "7d")
    assert (shown.number, shown.unit, shown.since) == (number, unit, since)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("open", "Broken, nobody has it yet"),
        ("acknowledged", "Broken, somebody has it"),
        ("muted", "Broken, muted"),
        (None, "Broken"),
    ],
)
def test_the_large_tile_says_whether_somebody_sees_to_it(state, said):
    assert tiles.hero(broken(incident_state=state), NOW, BERLIN, "7d").said == said


def test_what_is_broken_for_more_than_seven_days_is_chronic_and_no_longer_solid_red():
    fresh = tiles.tile(samples.pipeline(state=HealthState.BROKEN, since=NOW - 7 * DAY), NOW, "7d")
    old = tiles.tile(samples.pipeline(state=HealthState.BROKEN, since=NOW - 7 * DAY - MINUTE), NOW, "7d")
    assert (fresh.look, fresh.word) == ("solid", "Broken")
    assert (old.look, old.word, old.age) == ("outlined", "Chronic", "7 d")


def test_a_tile_of_a_queue_says_how_long_the_oldest_job_waits():
    waits = samples.pipeline(
        state=HealthState.QUEUE, since=NOW - 3 * HOUR, waiting=3, oldest_waiting_at=NOW - 12 * MINUTE
    )
    shown = tiles.tile(waits, NOW, "7d")
    assert (shown.look, shown.word, shown.age) == ("barred", "Queue", "12 min")


@pytest.mark.parametrize(
    ("changes", "label", "said"),
    [
        ({}, "Healthy", "98.1 %, 4 min ago"),
        ({"successes": 3, "verdicts": 3, "state": HealthState.FEW}, "Few runs", "3 verdicts, 4 min ago"),
        ({"successes": 0, "verdicts": 0, "state": HealthState.FEW}, "Few runs", "no verdict yet"),
        (
            {"running": 1, "running_since": NOW - MINUTE, "expected_end_at": NOW + timedelta(seconds=104)},
            "Running",
            "running, 1m 44s left",
        ),
        ({"needs_approval": 2}, "Action required", "2 need approval"),
        ({"waiting": 1, "oldest_waiting_at": NOW - 5 * MINUTE}, "Queued", "1 queued · 5 min"),
    ],
)
def test_a_quiet_line_says_what_the_pipeline_does_else_how_it_went(changes, label, said):
    shown = tiles.line(samples.pipeline(**changes), NOW, "7d")
    assert (shown.label, shown.said) == (label, said)


def test_every_tile_leads_to_its_pipeline():
    shown = tiles.tile(broken(pipeline_id=12), NOW, "30d")
    assert shown.href == "/pipelines/12?window=30d"
    assert tiles.line(samples.pipeline(pipeline_id=12), NOW, "7d").href == "/pipelines/12"
