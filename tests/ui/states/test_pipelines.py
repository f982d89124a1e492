"""What the pages of pipelines read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cicd_health import flow
from cicd_health.ui.routes import AskedPipeline, AskedPipelines
from cicd_health.ui.states import pipeline, pipelines
from tests.bodies import delivery, github_run

ZONE = ZoneInfo("Europe/Berlin")


def test_both_pages_show_what_arrived_and_an_unknown_pipeline_is_nobodys(database):
    now = datetime.now(UTC).replace(microsecond=0)
    for number, outcome in enumerate(("success", "failure"), start=1):
        body = github_run(number, conclusion=outcome, created=now - timedelta(minutes=30 - 10 * number))
        flow.receive([delivery(body)], now)
    [found] = pipelines.read(AskedPipelines(), ZONE).pipelines
    page = pipeline.load(found.pipeline_id, AskedPipeline(), ZONE)
    assert page is not None
    assert (found.name, found.runs, found.successes, found.verdicts) == ("ci", 2, 1, 2)
    assert (page.tab, page.figures[0].beside) == ("ci · broken", "1 of 2 verdicts")
    assert "#2" in [said.text for said in page.verdict.context]
    assert pipelines.read(AskedPipelines(repo="nobody/here"), ZONE).pipelines == ()
    assert pipeline.load(999, AskedPipeline(), ZONE) is None
