"""What was read once is remembered, and never shown once it is not so any more."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from cicd_health.flow import saving
from cicd_health.metrics import report
from cicd_health.model import runs as model
from cicd_health.model.health import Query
from cicd_health.model.windows import Window, window_ending
from cicd_health.store import engine
from tests.factories import NOW, attempt
from tests.factories import job as job_event


def ago(**parts: float):
    return NOW - timedelta(**parts)


def test_a_run_that_gets_another_branch_or_actor_is_counted_there_at_once(database: sa.Engine) -> None:
    """The sums of its day stay the same; what was read of that day before must not be shown again."""
    window = window_ending("30d", NOW)

    def told(**labels: str | None) -> None:
        run = attempt(external_id="77", created_at=ago(days=3), **labels)
        saving.absorb([saving.Parsed(None, (run,), quiet=True)], NOW)

    def counted_on(**labels: str) -> int:
        with engine.reading() as session:
            return report.summary(session, Query(window, **labels), NOW).total

    told(branch="main", actor=None)
    assert (counted_on(branch="main"), counted_on(branch="dev"), counted_on(actor="wren")) == (1, 0, 0)
    told(branch="dev", actor="wren")
    assert (counted_on(branch="main"), counted_on(branch="dev"), counted_on(actor="wren")) == (0, 1, 1)


def test_a_run_is_counted_among_those_with_a_job_as_soon_as_it_has_it(database: sa.Engine) -> None:
    window = window_ending("30d", NOW)

    def told(event: model.Event) -> None:
        saving.absorb([saving.Parsed(None, (event,), quiet=True)], NOW)

    def with_job() -> int:
        with engine.reading() as session:
            return report.summary(session, Query(window, job="deploy"), NOW).total

    told(attempt(external_id="77", created_at=ago(days=3)))
    assert with_job() == 0
    told(job_event(run_external_id="77", name="deploy", created_at=ago(days=1)))
    assert with_job() == 1


def test_what_is_asked_again_is_what_has_changed_since(database: sa.Engine) -> None:
    """Another run of a day that was read before, at its very edge of the window too."""
    start = ago(days=3)
    window = Window("custom", start, start + timedelta(days=2, hours=3, minutes=4, seconds=5))

    def totals() -> list[int]:
        with engine.reading() as session:
            query = Query(window)
            days = report.groups(session, query, "day")
            return [report.summary(session, query, NOW).total, *(summary.total for _, summary in days)]

    expected = [0, 0, 0, 0]
    assert totals() == expected
    for moment, day in ((start, 1), (window.end - timedelta(seconds=1), 3), (window.end, None), (ago(days=2), 2)):
        event = attempt(external_id=f"{moment:%d%H%M%S}", created_at=moment)
        saving.absorb([saving.Parsed(None, (event,), quiet=True)], NOW)
        if day is not None:
            expected[0] += 1
            expected[day] += 1
        assert totals() == expected
