"""What the failures page reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cicd_health.store import engine, recount
from cicd_health.ui.routes import AskedFailures
from cicd_health.ui.states import failures
from cicd_health.ui.states.failures import FailuresPage
from tests.factories import Rows

ZONE = ZoneInfo("Europe/Berlin")


def shown(asked: AskedFailures) -> FailuresPage:
    wide = AskedFailures(asked.window, asked.provider, asked.repo, asked.branch)
    return failures.shown(failures.read(wide, ZONE), asked, ZONE)


@pytest.fixture
def failed(database: None) -> datetime:
    """Two kinds of failure in two repositories, the one known and muted, and two that nobody can explain."""
    now = datetime.now(UTC).replace(microsecond=0)
    with engine.writing() as session:
        rows = Rows(session)
        shop, mail = rows.pipeline(repo="acme/shop"), rows.pipeline(name="nightly", repo="acme/mail")
        for pipeline, signature, days in (
            (shop, "aa", 30),
            (shop, "aa", 2.5),
            (mail, "aa", 1.5),
            (mail, "bb", 0.2),
            (mail, None, 0.1),
            (shop, None, 0.1),
        ):
            words = f"before\nE   {signature} broke\n"
            at = now - timedelta(days=days)
            run = rows.run(pipeline, outcome="failure", signature=signature, excerpt=words, created_at=at)
            if pipeline is mail and signature == "aa":
                rows.incident(mail, run_id=run.id, state="muted")
        recount.rebuild(session)
    return now


def test_kinds_of_failure_are_counted_a_day_at_a_time_with_what_is_open_of_them(failed: datetime) -> None:
    page = shown(AskedFailures())
    assert page.head.sentence == "1 new kind of failure, 1 muted"
    assert page.head.unexplained == "2 failed runs have no log that says why"
    assert [(row.words, row.runs, row.said) for row in page.rows] == [
        ("E   bb broke", "1", ""),
        ("E   aa broke", "2", "Muted until fixed"),
    ]
    assert [row.bars.label for row in page.rows] == ["runs per day: 1 at most"] * 2
    assert page.now["aa"].first == "30 d ago"


def test_what_narrows_the_page_narrows_what_is_known_there(failed: datetime) -> None:
    mail = shown(AskedFailures(repo="acme/mail"))
    assert (mail.head.sentence, mail.head.unexplained) == (
        "1 new kind of failure, 1 muted",
        "1 failed run has no log that says why",
    )
    asked = AskedFailures(repo="acme/shop")
    assert [(row.mark, row.runs) for row in shown(asked).rows] == [("known", "1")]
    assert shown(replace(asked, q="nightly")).rows == []
    assert [row.key for row in shown(AskedFailures(q="NIGHTLY")).rows] == ["bb", "aa"]
    assert [row.key for row in shown(AskedFailures("24h", sort="runs")).rows] == ["bb"]
