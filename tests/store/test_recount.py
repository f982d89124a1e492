"""What is kept beside the rows is what the rows say, whatever comes and in whatever order."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from cicd_health.store import engine, recount, tallies
from cicd_health.store.held_runs import RUN
from cicd_health.store.tables import FlakeRow, RunRow, TallyRow
from tests.factories import contribution
from tests.store import histories


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        yield session


def assert_all_is_as_the_rows_say(session: Session) -> None:
    session.flush()
    by_id = {row.id: row for row in session.connection().execute(sa.select(RUN))}
    assert {id: row.restored_s for id, row in by_id.items() if row.restored_s is not None} == histories.restored(
        session
    )
    for run_id, (spent_s, rerun_s) in histories.machine_time(session).items():
        assert by_id[run_id].spent_s == (None if spent_s is None else pytest.approx(spent_s, abs=1e-6))
        assert by_id[run_id].rerun_s == (None if rerun_s is None else pytest.approx(rerun_s, abs=1e-6))
    assert histories.kept_flakes(session) == histories.flakes(session)
    assert [str(difference) for difference in recount.check(session)] == []


@pytest.mark.parametrize("seed", range(3))
def test_whatever_comes_what_is_kept_is_what_the_rows_say(session: Session, seed: int) -> None:
    rng = random.Random(seed)
    events = histories.history(rng, runs=40)
    while events:
        batch = [events.pop() for _ in range(min(len(events), rng.choice([1, 3, 30])))]
        histories.save(session, batch)
    assert_all_is_as_the_rows_say(session)
    assert histories.restored(session)
    assert histories.flakes(session)


def test_what_is_wrong_is_named_and_put_right(session: Session) -> None:
    histories.save(session, histories.history(random.Random(7), runs=25))
    session.execute(sa.update(RunRow).where(RUN.c.id <= 9).values(restored_s=1.0, spent_s=2.0, rerun_s=None))
    session.execute(sa.update(FlakeRow).values(job="nobody's"))
    session.execute(sa.delete(TallyRow).where(TallyRow.scope == "repo"))
    tallies.change(session, [], [contribution(pipeline_id=99, repo_id=99)])
    found = [str(difference) for difference in recount.check(session)]
    assert any(text.startswith("runs 1 restored_s: kept 1.0, counted") for text in found)
    assert any(text.startswith("runs 1 spent_s, rerun_s: kept (2.0, None), counted") for text in found)
    assert any(text.startswith("flakes") and "nobody's" in text and text.endswith("counted nothing") for text in found)
    assert any(text.startswith("flakes") and "kept nothing" in text for text in found)
    assert any(text.startswith("tallies repo 1 run day") and "kept nothing" in text for text in found)
    assert any(text.startswith("tallies pipeline 99") and text.endswith("counted nothing") for text in found)
    recount.rebuild(session)
    assert_all_is_as_the_rows_say(session)


def test_an_empty_database_has_nothing_to_count(session: Session) -> None:
    recount.rebuild(session)
    assert recount.days(session) == recount.check(session) == session.exec(select(TallyRow)).all() == []
