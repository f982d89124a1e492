"""The demo's past goes through the flow and comes out as the page's states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from cicd_health import demo, flow
from cicd_health.demo import company
from cicd_health.demo.fill import tell
from cicd_health.demo.story import SCRIPTED, Sketch, play
from cicd_health.metrics import report
from cicd_health.model.alerts import IncidentState
from cicd_health.model.health import HealthState, Overview, Query
from cicd_health.model.windows import window_ending
from cicd_health.store import alert_lists, engine
from cicd_health.store.alert_lists import IncidentFilter, LogFilter

NOW = datetime(2026, 11, 20, 10, 42, tzinfo=UTC)


def overview() -> Overview:
    with engine.reading() as session:
        return report.overview(session, Query(window_ending("7d", NOW)), NOW)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # what the demo runs on
def test_the_past_shows_every_state_of_a_pipeline_and_only_the_last_hour_is_told_of(database: sa.Engine) -> None:
    pending = demo.fill(NOW, weeks=2)
    shown = overview()
    states = {pipeline.name: pipeline.state for pipeline in shown.pipelines if pipeline.repo != "kestrel/edge-proxy"}
    broken = [pipeline for pipeline in shown.pipelines if pipeline.state is HealthState.BROKEN]
    assert len(shown.pipelines) == 12
    assert [(one.repo, one.in_a_row, one.failing_job) for one in broken] == [("kestrel/checkout-api", 4, "test")]
    assert states["nightly-regression"] is HealthState.UNSTABLE
    assert states["ios-archive"] is HealthState.QUEUE
    assert states["e2e"] is HealthState.FLAKY
    assert states["build"] is HealthState.SLOWER
    assert states["warehouse-build"] is HealthState.HEALTHY
    assert [one.name for one in shown.pipelines if one.state is HealthState.FEW] == ["release"]

    with engine.reading() as session:
        unresolved = tuple(state for state in IncidentState if state is not IncidentState.RESOLVED)
        incidents = alert_lists.incidents(session, IncidentFilter(states=unresolved), 100)
        messages = alert_lists.notifications(session, LogFilter(), 100)
        silences = alert_lists.silences(session, NOW, active=True)
    failing = {row["pipeline"]: row["state"] for row in incidents if row["kind"] == "failure"}
    assert failing == {"ci": "open", "nightly-regression": "acknowledged"}
    assert [row["state"] for row in incidents].count("muted") == shown.muted_incidents == 1
    assert {row["ends_at"] is None for row in silences} == {True, False}
    assert messages
    assert min(row["created_at"] for row in messages) >= NOW - SCRIPTED

    assert min(telling.at for telling in pending) > NOW
    with database.connect() as connection:
        assert set(connection.scalars(sa.text("SELECT state FROM deliveries"))) == {"applied"}


def test_a_database_with_runs_is_left_alone(database: sa.Engine) -> None:
    run = play(Sketch(company.DEPLOY, NOW - timedelta(hours=1)), 1)
    flow.receive([telling.write() for telling in tell([run], NOW)], NOW)
    with pytest.raises(demo.NotEmpty):
        demo.fill(NOW)
    assert overview().summary.total == 1
