"""A day is that of the viewer's zone, also when its clocks change: 23, 25, 23.5 or 24.5 hours long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.metrics import report
from cicd_health.model.health import Query
from cicd_health.model.windows import Window
from cicd_health.store import engine, recount
from cicd_health.store.reports import rows as counted
from tests.factories import NOW, Rows, at

DAY = timedelta(days=1)
CHANGES = [
    ("Europe/Berlin", "2026-03-29", 23),
    ("Europe/Berlin", "2026-10-25", 25),
    ("America/New_York", "2026-03-08", 23),
    ("America/New_York", "2026-11-01", 25),
    ("Australia/Lord_Howe", "2026-04-05", 24.5),
    ("Australia/Lord_Howe", "2026-10-04", 23.5),
]


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        yield session


@pytest.mark.parametrize("many", [False, True], ids=["counted one by one", "from kept tallies"])
def test_the_day_on_which_clocks_change_holds_what_was_created_on_it(
    session: Session, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    rows = Rows(session)
    pipeline = rows.pipeline()
    moments = []
    for day in sorted({day for _, day, _ in CHANGES}):
        moments += [at(f"{day} 00:10") + timedelta(minutes=30 * n) for n in range(-60, 108)]
    for moment in moments:
        rows.run(pipeline, created_at=moment)
    recount.rebuild(session)
    if many:
        monkeypatch.setattr(counted, "MANY", -1)
    for tz, day, hours in CHANGES:
        zone = ZoneInfo(tz)
        midnight = datetime.combine(datetime.fromisoformat(day), time(), zone)
        window = Window("custom", (midnight - DAY).astimezone(UTC), (midnight + 2 * DAY).astimezone(UTC))
        query = Query(window, tz=tz)
        on_day = Counter(f"{moment.astimezone(zone):%Y-%m-%d}" for moment in moments)
        groups = {key["key"]: summary.total for key, summary in report.groups(session, query, "day")}
        assert groups == {key: on_day[key] for key in groups}, tz
        assert (len(groups), groups[day]) == (3, 2 * hours), tz
        series = report.series(session, query, "day", NOW)
        assert [sum(bucket.counts.values()) for bucket in series] == list(groups.values()), tz
        assert [bucket.end - bucket.start for bucket in series] == [DAY, timedelta(hours=hours), DAY], tz
