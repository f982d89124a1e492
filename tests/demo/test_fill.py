"""The demo's past goes through the flow and comes out as the page's states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from cicd_health import demo, flow
from cicd_health.demo import company
from cicd_health.demo.fill import tell
from cicd_health.demo.story import Sketch, play
from cicd_health.metrics import report
from cicd_health.model.health import HealthState, Overview, Query
from cicd_health.model.windows import window_ending
from cicd_health.store import engine

NOW = datetime(2026, 11, 20, 10, 42, tzinfo=UTC)


def overview() -> Overview:
    with engine.reading() as session:
        return report.overview(session, Query(window_ending("7d", NOW)), NOW)


def test_the_past_shows_every_state_of_a_pipeline_and_tells_nobody(database: sa.Engine) -> None:
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

    assert shown.open_incidents == 2
    assert shown.oldest_incident_at is not None
    assert timedelta(hours=24) < NOW - shown.oldest_incident_at < timedelta(hours=36)
    assert min(telling.at for telling in pending) > NOW
    with database.connect() as connection:
        assert set(connection.scalars(sa.text("SELECT state FROM deliveries"))) == {"applied"}
        assert connection.scalar(sa.text("SELECT count(*) FROM outbox")) == 0


def test_a_database_with_runs_is_left_alone(database: sa.Engine) -> None:
    run = play(Sketch(company.DEPLOY, NOW - timedelta(hours=1)), 1)
    flow.receive([telling.write() for telling in tell([run], NOW)], NOW)
    with pytest.raises(demo.NotEmpty):
        demo.fill(NOW)
    assert overview().summary.total == 1
