"""Figures, comparison, jobs and the heat map of a pipeline's page."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from cicd_health.model.health import Restore
from cicd_health.model.pipeline_report import HeatCell
from cicd_health.ui.pipeline_view import figures, jobs
from cicd_health.ui.pipeline_view.heat import heat_map
from cicd_health.ui.routes import AskedPipeline
from tests.ui import samples
from tests.ui.pipeline_samples import change, report
from tests.ui.samples import spread

BERLIN = ZoneInfo("Europe/Berlin")


def figure(slug: str, **changes: object) -> figures.Figure:
    return next(one for one in figures.figures(report(**changes), AskedPipeline()) if one.slug == slug)


def test_every_figure_leads_to_how_it_is_made():
    assert figure("success_rate").href == "/pipelines/5?explain=success_rate"
    assert figure("success_rate").beside == "630 of 669 verdicts"


def test_a_rate_says_its_n_of_m_and_few_verdicts_are_quiet():
    few = samples.summary(success_rate=0.5, successes=2, verdicts=4)
    low = samples.summary(success_rate=0.5, successes=4, verdicts=8)
    assert [figure("success_rate", summary=one).tone for one in (few, low)] == ["quiet", "bad"]
    first = samples.summary(first_successes=60, first_verdicts=70, rescued=4)
    assert figure("first_attempt_success_rate", summary=first).beside == "60 of 70, 4 rescued"


def test_one_incident_is_not_called_better_or_worse_than_another():
    once, often = (samples.summary(restore=Restore(n=n, median=8460.0)) for n in (1, 5))
    before = samples.summary(restore=Restore(n=5, median=3120.0))
    assert figure("time_to_restore_s", summary=once, previous=before).delta.tone == "quiet"
    assert figure("time_to_restore_s", summary=often, previous=before).delta.tone == "bad"


def test_what_is_still_open_is_not_nothing_to_restore():
    assert figure("time_to_restore_s", summary=samples.summary(restore=Restore(open=1))).beside == "0 restored, 1 open"


def test_few_durations_have_no_p95_and_are_compared_by_the_p50():
    shown = figure(
        "duration_s",
        summary=samples.summary(duration=spread(6, 100, 200, 300)),
        previous=samples.summary(duration=spread(30, 90, 100, 900)),
    )
    assert (shown.value, shown.delta.text) == ("3m\u00a020s · –", "100 %")


def test_nothing_measured_is_a_dash():
    nothing = samples.summary(spent_s=0.0, duration=spread(0), total=0)
    assert figure("spent_s", summary=nothing).value == "–"
    assert figure("duration_s", summary=nothing).value == "–"


def test_the_comparison_shows_both_windows_with_their_n_of_m():
    lines = {line.label: line for line in figures.comparison(report(), AskedPipeline())}
    assert (lines["Runs"].now, lines["Runs"].before, lines["Runs"].delta.text) == ("698", "650", "7 %")
    assert (lines["Success rate"].now, lines["Success rate"].now_of) == ("94.2 %", "630 of 669")


def test_a_window_without_machine_time_is_not_said_to_have_cost_none():
    lines = {one.label: one for one in figures.comparison(report(previous=samples.summary()), AskedPipeline())}
    assert (lines["Machine time"].now, lines["Machine time"].before) == ("20h 00m", "–")
    assert lines["Lost to re-runs"].before == "–"


def test_a_job_shows_its_share_of_the_critical_path_and_when_it_moved():
    shown = jobs.slowest(report(changes=(change(job="assemble", blame=None),), looked_at=68), BERLIN)
    first, second = shown.jobs
    assert (first.name, first.p50, first.share, first.width) == ("assemble", "19m 50s", "81 %", "81%")
    assert (first.delta.text, first.delta.tone) == ("47 %", "bad")
    assert (first.changed, first.worse, second.changed) == ("slower since Tue 10:42", True, "")
    assert shown.shares == "shares from the last 68 runs"
    assert shown.sparks.keys() == {"assemble", "unit"}


def test_the_step_that_a_change_is_blamed_on_is_marked():
    first, second, third = jobs.slowest(report(), BERLIN).steps
    assert (first.name, first.of, first.changed) == ("gradle bundleRelease", "assemble", "slower since Tue 10:42")
    assert second.changed == ""
    assert (third.p50, third.share) == ("–", "2 %")  # too few for a p50; its share of the job


def test_a_pipeline_without_jobs_says_so():
    assert jobs.slowest(report(jobs=(), steps=()), BERLIN).nothing == "No jobs are known of these runs"


def test_a_cell_says_how_many_ran_and_failed_in_words():
    shown = heat_map([HeatCell(0, 9, 12, 10, 2, 245.0), HeatCell(6, 23, 3, 0, 0, None)])
    busy, calm = shown.rows[0].squares[9], shown.rows[6].squares[23]
    assert (busy.text, busy.tint, busy.failed) == ("12", "46%", "20%")
    assert busy.title == "Mon 09:00 to 10:00: 12 runs, 2 of 10 did not pass, p50 4m 05s"
    assert (calm.title, calm.failed) == ("Sun 23:00 to 00:00: 3 runs", "0%")
    assert shown.rows[0].squares[8].text == ""


def test_on_a_phone_three_hours_share_a_cell():
    shown = heat_map([HeatCell(0, 9, 12, 10, 2, 245.0), HeatCell(0, 11, 4, 4, 0, 245.0)])
    assert shown.coarse_rows[0].squares[3].title == "Mon 09:00 to 12:00: 16 runs, 2 of 14 did not pass"
    assert len(shown.coarse_hours) == 8


def test_without_runs_there_is_no_heat_map():
    assert heat_map([]).rows == []
