"""The whole page of a pipeline."""

from zoneinfo import ZoneInfo

from cicd_health.ui.pipeline_view.numbers import run_ids
from cicd_health.ui.pipeline_view.page import page
from cicd_health.ui.routes import AskedPipeline
from tests.ui.pipeline_samples import report


def test_the_tab_says_which_pipeline_it_is_and_how():
    shown = page(report(), {}, AskedPipeline(), ZoneInfo("UTC"))
    assert shown.tab == "build · slower"
    assert shown.runs_now.keys() == {row.key for row in shown.runs}


def test_a_pipeline_that_never_ran_has_a_page():
    never = report(health=None, latest=(), heat=(), jobs=(), steps=(), changes=(), flaky=(), failures=())
    assert page(never, {}, AskedPipeline(), ZoneInfo("UTC")).tab == "build · no runs"


def test_the_runs_that_are_named_are_those_of_changes_flaky_jobs_and_the_last_verdict():
    assert run_ids(report()) == {29, 812, 1}
