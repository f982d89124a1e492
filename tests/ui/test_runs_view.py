"""The runs page as text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from cicd_health.model.runs import FAILED, Outcome
from cicd_health.store import engine, run_pages
from cicd_health.store.run_pages import run_page
from cicd_health.ui import cursor, routes, runs_view
from cicd_health.ui.routes import AskedRuns
from cicd_health.ui.states import runs
from tests.factories import NOW, Rows

BERLIN = ZoneInfo("Europe/Berlin")
ZONE = ZoneInfo("UTC")
EVERYTHING = AskedRuns()


def view(asked: AskedRuns = EVERYTHING, page: int = runs_view.PAGE) -> runs_view.RunsView:
    with engine.reading() as session:
        found = run_page(session, runs_view.wanted(asked, ZONE, NOW), page, cursor.decode(asked.before))
    return runs_view.view(found, asked, ("github",), ("acme/shop",), NOW, ZONE)


def test_a_row_leads_to_the_page_of_its_run(database):
    with engine.writing() as session:
        rows = Rows(session)
        run = rows.run(
            rows.pipeline(), outcome="failure", number=7, failed_job="unit", failed_step="pytest", event="push"
        )
        id = run.id
    shown = view()
    [row] = shown.rows
    assert (row.href, row.number, row.pipeline, row.where) == (f"/runs/{id}", "#7", "ci", "acme/shop")
    assert (row.failed, row.cause) == ("unit › pytest", "push")
    assert shown.now[row.key].mark == "failure"
    assert shown.head.sentence == "1 run, all there are"


def test_a_search_that_is_not_at_the_end_says_how_far_it_went_and_goes_on(database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run_pages, "LOOKED_THROUGH", 2)
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        found = rows.run(pipeline, title="Fix the refund", created_at=NOW - timedelta(hours=5))
        for hours in (1, 2, 3, 4):
            rows.run(pipeline, created_at=NOW - timedelta(hours=hours))
    asked = AskedRuns(q="refund")
    first = view(asked)
    assert (first.rows, first.head.nothing) == ([], "No run found back to 08:42")
    assert (first.head.sub, first.head.onward) == ("searched back to 08:42", "Search further")
    seen = []
    for _ in range(5):
        shown = view(asked)
        seen += [row.key for row in shown.rows]
        if not shown.head.older:
            break
        asked = replace(asked, before=parse_qs(urlsplit(shown.head.older).query)["before"][0])
    assert (seen, shown.head.onward) == ([str(found.id)], "Older")


def test_what_passed_has_no_failed_step(database):
    with engine.writing() as session:
        rows = Rows(session)
        rows.run(rows.pipeline(), failed_job="unit")
    assert view().rows[0].failed == ""


def test_pages_follow_each_other_without_repeating_a_run(database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs_view, "PAGE", 2)
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        keys = [str(rows.run(pipeline, created_at=NOW).id) for _ in range(5)]
    seen, asked = [], AskedRuns()
    for _ in range(3):
        shown = view(asked, 2)
        seen += [row.key for row in shown.rows]
        asked = routes.asked_runs(
            dict(pair.split("=") for pair in shown.head.older.partition("?")[2].split("&") if pair)
        )
    assert seen == keys[::-1]
    assert shown.head.older == ""
    assert shown.head.newest == "/runs"


def test_an_empty_answer_says_what_was_searched(database):
    head = view(AskedRuns(provider="github", branch="main", outcome="failed", window="7d", q="refund")).head
    assert head.nothing == "No runs match"
    assert head.hint == (
        "Searched: did not pass, GitHub, branch main, the last 7 days, "
        "“refund” in title, branch, actor, commit, number and names."
    )
    assert head.everything == "/runs"


def test_a_new_installation_is_not_told_to_widen_its_filters(database):
    assert view().head.nothing == "No runs yet"
    assert view().head.everything == ""


def test_failed_asks_for_everything_that_did_not_pass():
    wanted = runs_view.wanted(AskedRuns(outcome="failed"), ZONE, NOW)
    assert set(wanted.outcomes) == FAILED
    assert runs_view.wanted(AskedRuns(outcome="skipped"), ZONE, NOW).outcomes == (Outcome.SKIPPED,)
    assert runs_view.wanted(AskedRuns(), ZONE, NOW).outcomes == ()


def test_a_day_is_one_of_the_viewer_and_whole():
    wanted = runs_view.wanted(AskedRuns(start="2026-03-12", end="2026-03-12"), BERLIN, NOW)
    assert wanted.start == datetime(2026, 3, 11, 23, tzinfo=UTC)
    assert wanted.end == datetime(2026, 3, 12, 23, tzinfo=UTC)


def test_named_moments_outdo_the_window():
    wanted = runs_view.wanted(AskedRuns(window="7d", start="2026-03-12T08:00"), BERLIN, NOW)
    assert wanted.start == datetime(2026, 3, 12, 7, tzinfo=UTC)
    assert wanted.end is None


def test_a_date_that_cannot_be_read_is_said_and_left_out():
    asked = AskedRuns(start="yesterday")
    assert runs_view.wanted(asked, ZONE, NOW).start is None
    assert "yesterday" in runs_view.head(asked, (), NOW, ZONE).wrong


def test_each_filter_can_be_taken_off_alone():
    asked = AskedRuns(branch="main", actor="wren", before="1-1")
    chips = {chip.label: chip.href for chip in runs_view.head(asked, (), NOW, ZONE).chips}
    assert chips == {
        "Branch": routes.runs(replace(asked, branch="", before="")),
        "Actor": routes.runs(replace(asked, actor="", before="")),
    }


def test_runs_of_one_kind_of_failure_say_in_its_words_what_they_are(database):
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        for signature in ("aa", "bb", None):
            rows.run(
                pipeline, outcome="failure", signature=signature, excerpt=f"E   {signature} is down\n", created_at=NOW
            )
    shown = runs.load(AskedRuns(signature="aa"), ZONE)
    assert [(chip.label, chip.value, chip.href) for chip in shown.head.chips] == [
        ("Failure", "E   aa is down", "/runs")
    ]
    assert len(shown.rows) == 1
    unsigned = runs.load(AskedRuns(outcome="failed", signature="none"), ZONE)
    assert ([chip.value for chip in unsigned.head.chips], len(unsigned.rows)) == (["without a known cause"], 1)


def test_the_runs_behind_a_number_are_counted_in_the_first_line(database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs_view, "PAGE", 2)
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline(name="nightly")
        for outcome in ("success", "failure", "success", "cancelled"):
            rows.run(pipeline, outcome=outcome, created_at=NOW)
        asked = AskedRuns(counted="success_rate", pipeline=str(pipeline.id))
    shown = runs.load(asked, ZONE)
    assert shown.head.sentence == "3 runs counted in success rate"
    assert shown.head.sub.startswith("2 here, created ")  # those listed, not those counted
    assert len(shown.rows) == 2
    assert [(chip.label, chip.value) for chip in shown.head.chips] == [
        ("Counted in", "Success rate"),
        ("Pipeline", "nightly"),
    ]
    assert shown.head.chips[0].href == routes.runs(replace(asked, counted=""))


def test_moments_of_a_link_are_exact_and_read_in_the_viewers_zone():
    asked = AskedRuns(counted="queue_s", start="2026-11-13T09:42:59Z", end="2026-11-20T09:42:59Z")
    head = runs_view.head(asked, (), NOW, BERLIN)
    assert [chip.value for chip in head.chips][1:] == ["13 Nov 2026, 10:42:59", "20 Nov 2026, 10:42:59"]
    assert head.typed["start"] == "2026-11-13T10:42:59"
    wanted = runs_view.wanted(asked, BERLIN, NOW)
    assert (wanted.start, wanted.counted) == (datetime(2026, 11, 13, 9, 42, 59, tzinfo=UTC), "queue_s")


def test_the_first_line_says_of_when_the_counted_runs_are():
    asked = AskedRuns(counted="duration_s", start="2026-11-13T09:42:59Z", end="2026-11-20T09:42:59Z")
    said = "More than 10,000 runs counted in duration p50, Fri 13 Nov 10:42 to Fri 20 Nov 10:42"
    assert runs_view.sentence_counted(asked, runs_view.AT_MOST + 1, BERLIN) == said


def test_a_number_that_is_not_known_narrows_nothing():
    assert routes.asked_runs({"counted": "nonsense"}).counted == ""
