"""The facts of a run, and what stands below its log."""

import json
from datetime import timedelta

from cicd_health.store.tables import RunRow
from cicd_health.ui.routes import AskedRun
from cicd_health.ui.run_view.aside import aside
from cicd_health.ui.run_view.head import head, tab_title
from tests.factories import NOW, Rows
from tests.ui.run_view.told import MINUTE, ZONE, step, story


def red_after_green(made: Rows) -> RunRow:
    pipeline = made.pipeline()
    green = made.run(pipeline, number=1, sha="a" * 40, created_at=NOW - 60 * MINUTE, duration_s=378.0)
    passed = made.job(green, "test", duration_s=300.0)
    step(made, passed, 1, "Run pytest", "success", 161)
    run = made.run(
        pipeline, number=4, outcome="failure", title="Retry refunds", event="pull_request", pull_request=17,
        actor="wren", sha="b" * 40, url="https://ci.example/4", created_at=NOW - 10 * MINUTE, duration_s=353.0,
        signature="s" * 16,
    )  # fmt: skip
    made.attempt(run, attempt=1, duration_s=353.0, queue_s=9.0)
    job = made.job(
        run, "test", outcome="failure", labels=json.dumps(["ubuntu-24.04"]), signature="s" * 16, duration_s=217.0
    )
    step(made, job, 1, "Run pytest", "failure", 156)
    return run


def test_the_facts_are_said_in_the_words_of_the_field(database):
    told = head(story(red_after_green), AskedRun(), ZONE)
    facts = {fact.label: fact.value for fact in told.facts}
    assert facts == {
        "Branch": "main",
        "Commit": "bbbbbbb",
        "Author": "wren",
        "Trigger": "pull request #17",
        "Started": "Thu 12 Mar 10:32:05",
        "Duration": "5m 53s",
        "Queue": "9s",
        "Runner": "ubuntu-24.04",
    }
    assert (told.title, told.number, told.url, told.provider) == (
        "Retry refunds",
        "#4",
        "https://ci.example/4",
        "GitHub",
    )
    assert [crumb.text for crumb in told.crumbs] == ["Pipelines", "acme/shop", "ci", "#4"]


def test_the_tab_of_the_browser_says_which_run_and_how_it_ended(database):
    assert tab_title(story(red_after_green)) == "ci #4 · failure"


def test_how_long_a_cancelled_run_took_is_not_compared(database):
    def cancelled(made: Rows) -> RunRow:
        pipeline = made.pipeline()
        for number in range(1, 7):
            made.run(pipeline, number=number, created_at=NOW - (70 - number) * MINUTE, duration_s=378.0)
        stopped = made.run(pipeline, number=8, outcome="cancelled", created_at=NOW - 10 * MINUTE, duration_s=20.0)
        made.attempt(stopped, attempt=1, outcome="cancelled", duration_s=20.0)
        return stopped

    [took] = [fact for fact in head(story(cancelled), AskedRun(), ZONE).facts if fact.label == "Duration"]
    assert (took.value, took.delta.text) == ("20s", "")


def test_a_run_with_one_attempt_has_no_tabs(database):
    assert head(story(red_after_green), AskedRun(), ZONE).tabs == []


def test_an_attempt_that_is_not_there_is_said(database):
    told = head(story(red_after_green, attempt=7), AskedRun(attempt=7), ZONE)
    assert told.notice == "There is no attempt 7; this is attempt 1."


def test_comparing_is_offered_where_there_is_a_green_run(database):
    assert head(story(red_after_green), AskedRun(job=3), ZONE).compare.endswith("?job=3&new=1")
    alone = story(lambda made: made.run(made.pipeline(), outcome="failure"))
    assert head(alone, AskedRun(), ZONE).compare == ""


def test_against_the_last_green_only_what_was_measured_is_said(database):
    told = aside(story(red_after_green), ZONE).against
    assert told.green == "#1, 09:48"
    assert [(line.label, line.value, line.delta.tone) for line in told.lines] == [
        ("Duration of the run", "6m 18s → 5m 53s", "quiet"),
        ("test", "5m 00s → 3m 37s", "quiet"),
        ("Run pytest", "2m 41s → 2m 36s", "quiet"),
        ("Commits between", "1", "quiet"),
    ]


def test_the_same_failure_elsewhere_marks_this_run_and_the_first(database):
    def build(made: Rows) -> RunRow:
        run = red_after_green(made)
        other = made.pipeline("nightly", "acme/other")
        made.run(other, number=9, outcome="failure", created_at=NOW - timedelta(days=2), signature="s" * 16)
        return run

    told = aside(story(build), ZONE).elsewhere
    assert [(row.name, row.number, row.words) for row in told.rows] == [
        ("ci", "#4", "this run"),
        ("acme/other nightly", "#9", "first"),
    ]


def test_a_run_without_an_incident_says_that_there_was_no_alert(database):
    assert aside(story(red_after_green), ZONE).alerts.note == "No alert."


def test_an_incident_without_a_channel_says_that_nobody_was_told(database):
    def build(made: Rows) -> RunRow:
        run = red_after_green(made)
        made.incident(made.session.get_one(type(made.pipeline()), run.pipeline_id), run_id=run.id)
        return run

    told = aside(story(build), ZONE).alerts
    assert told.summary.endswith(", open")
    assert told.note == "No message was sent: no channel takes it."
