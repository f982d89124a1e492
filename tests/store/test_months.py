"""Deliveries by month: kept once whatever the month, dropped by whole months, and parted while in use."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.config import Config

from cicd_health import flow, settings
from cicd_health.model.deliveries import Incoming
from cicd_health.store import deliveries, engine, lists, months
from tests.conftest import ROOT, use
from tests.postgres_pool import PostgresPool
from tests.store.test_tables import differences

BEFORE_MONTHS = "202611220600"
NOW = datetime(2031, 5, 20, 12, tzinfo=UTC)
APRIL, MAY, JUNE = (datetime(2031, month, 10, tzinfo=UTC) for month in (4, 5, 6))
IN_USE = "INSERT INTO deliveries (provider, external_id, event, received_at, state, size, headers, body, quiet) VALUES "


def incoming(id: str, at: datetime) -> Incoming:
    return Incoming(
        provider="github", external_id=id, event="push", action=None, body=b"{}", payload={}, received_at=at, headers={}
    )


def keep(*some: tuple[str, datetime]) -> list[tuple[int, bool]]:
    """Kept, and applied."""
    with engine.writing() as session:
        found = deliveries.keep(session, [incoming(id, at) for id, at in some])
        deliveries.mark(session, [deliveries.Mark(id, deliveries.DeliveryState.APPLIED) for id, _ in found], NOW)
        return found


def kept() -> list[str]:
    """Latest first."""
    with engine.reading() as session:
        return [row["external_id"] for row in lists.deliveries(session, None, (), 500)]


def move(bind: sa.Engine, how: Callable[[Config, str], None], to: str) -> None:
    config = Config(ROOT / "alembic.ini")
    with bind.begin() as connection:
        config.attributes["connection"] = connection
        how(config, to)


@contextmanager
def used(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    use(url, monkeypatch)
    monkeypatch.setattr(months, "PAUSE_S", (0.01, 0.05))
    yield engine.engine()
    engine.engine_for(url).dispose()
    engine.engine_for.cache_clear()
    settings.get.cache_clear()


@pytest.fixture(scope="module")
def address(postgres_pool: PostgresPool) -> Iterator[str]:
    """Of one database for this file: one with other tables than the template's is not used again."""
    name = postgres_pool.take()
    yield postgres_pool.server.get_uri(name)
    postgres_pool.give_back(name)


@pytest.fixture
def postgres(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """With April, May and June of 2031."""
    with used(address, monkeypatch) as bind:
        with bind.begin() as connection:
            connection.exec_driver_sql("TRUNCATE deliveries")
        for moment in (APRIL, MAY, JUNE):
            assert months.make(bind, moment)
        yield bind


@pytest.fixture
def in_one_table(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """A database that was in use before there were months, with two deliveries, migrated since."""
    with used(postgres_url, monkeypatch) as bind:
        move(bind, alembic.command.downgrade, BEFORE_MONTHS)
        with bind.begin() as connection:
            for id, at in (("first", APRIL), ("second", MAY)):
                connection.exec_driver_sql(f"{IN_USE} ('github', '{id}', 'push', '{at}', 'kept', 2, '{{}}', '', false)")
        move(bind, alembic.command.upgrade, "head")
        yield bind


def tables(bind: sa.Engine) -> dict[str, int]:
    """The rows of each part."""
    with bind.connect() as connection:
        names = months.parts(connection)
        return {n: connection.exec_driver_sql(f"SELECT count(*) FROM {n}").scalar_one() for n in names}


def rows_by_part(bind: sa.Engine) -> dict[str, int]:
    return {name: rows for name, rows in tables(bind).items() if rows}


def test_what_was_kept_in_one_month_is_known_in_the_next(postgres: sa.Engine):
    [(first, _)] = keep(("a", APRIL))
    [again, other] = keep(("a", MAY), ("b", MAY))
    assert again == (first, False)
    assert other[1]
    assert rows_by_part(postgres) == {"deliveries_2031_04": 1, "deliveries_2031_05": 1}


@pytest.mark.parametrize("seed", range(2))
def test_however_often_and_in_whatever_order_each_is_kept_once(database: sa.Engine, seed: int):
    chosen = random.Random(seed)
    ids = [str(n) for n in range(12)]
    seen: dict[str, int] = {}
    for _ in range(10):
        at = [(chosen.choice(ids), NOW + timedelta(days=chosen.randint(-90, 90))) for _ in range(5)]
        for (external_id, _), (id, is_new) in zip(at, keep(*at), strict=True):
            assert is_new == (external_id not in seen)
            assert seen.setdefault(external_id, id) == id
    assert sorted(kept()) == sorted(seen)


def test_two_processes_that_bring_the_same_at_the_turn_of_a_month_keep_it_once(postgres: sa.Engine):
    turn = months.start_of(JUNE)
    with engine.writing() as session:
        deliveries.keep(session, [incoming("a", turn - timedelta(seconds=1))])
        other: list[list[tuple[int, bool]]] = []
        thread = threading.Thread(target=lambda: other.append(keep(("a", turn))))
        thread.start()
        thread.join(0.3)  # long enough to have written, where nothing makes it wait
        assert not other
    thread.join(30)
    assert [is_new for [(_, is_new)] in other] == [False]
    assert kept() == ["a"]


def test_what_comes_without_its_month_is_kept_and_listed_in_its_place(postgres: sa.Engine):
    long_ago, in_two_years = APRIL - timedelta(days=900), JUNE + timedelta(days=700)
    keep(("old", long_ago), ("may", MAY), ("late", in_two_years), ("april", APRIL))
    assert kept() == ["late", "may", "april", "old"]
    assert rows_by_part(postgres)["deliveries_others"] == 2


def test_a_month_that_is_too_old_as_a_whole_is_dropped_and_no_other(postgres: sa.Engine):
    keep(("april", APRIL), ("april too", APRIL), ("early may", MAY - timedelta(days=9)), ("may", MAY))
    keep(("very old", APRIL - timedelta(days=900)))
    flow.prune(MAY + timedelta(days=settings.get().delivery_retention_days))
    assert kept() == ["may", "early may"]
    assert "deliveries_2031_04" not in tables(postgres)


def test_a_month_with_a_delivery_that_waits_is_not_dropped(postgres: sa.Engine):
    keep(("april", APRIL))
    with engine.writing() as session:
        deliveries.keep(session, [incoming("waits", APRIL)])
    assert months.drop(postgres, JUNE) == 0
    assert kept() == ["waits", "april"]


def test_what_is_marked_is_marked_in_whatever_month(database: sa.Engine):
    (april, _), (may, _) = keep(("april", NOW - timedelta(days=30)), ("may", NOW))
    marks = [
        deliveries.Mark(april, deliveries.DeliveryState.IGNORED, "of no interest"),
        deliveries.Mark(may, deliveries.DeliveryState.APPLIED),
    ]
    with engine.writing() as session:
        deliveries.mark(session, marks, NOW)
    with engine.reading() as session:
        rows = [deliveries.read(session, id)[0] for id in (april, may)]
    told = [(row.state, row.error, row.run_id, row.applied_at) for row in rows]
    assert told == [("ignored", "of no interest", None, NOW), ("applied", None, None, NOW)]


def test_months_are_made_ahead_once_however_many_make_them(postgres: sa.Engine):
    later = datetime(2033, 1, 31, 23, tzinfo=UTC)
    with ThreadPoolExecutor() as threads:
        list(threads.map(flow.prune, [later, later]))
    assert {"deliveries_2033_01", "deliveries_2033_02"} <= tables(postgres).keys()


def test_a_month_whose_rows_came_first_is_not_made_and_loses_nothing(postgres: sa.Engine):
    long_after = datetime(2040, 1, 5, tzinfo=UTC)
    keep(("early", long_after))
    assert not months.make(postgres, long_after)
    assert kept() == ["early"]
    assert keep(("early", long_after))[0][1] is False


def test_a_month_is_dropped_when_its_last_reader_is_done_and_nobody_else_waits(postgres: sa.Engine):
    keep(("april", APRIL))
    with postgres.connect() as reader, ThreadPoolExecutor() as threads:
        reader.exec_driver_sql("SELECT count(*) FROM deliveries").scalar_one()
        dropping = threads.submit(months.drop, postgres, MAY)
        assert keep(("may", MAY))[0][1]  # while it is tried
        assert not dropping.done()
        reader.rollback()
        assert dropping.result(30) == 1
    assert kept() == ["may"]


def test_what_else_is_too_old_goes_while_a_month_cannot_be_dropped(
    postgres: sa.Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(months, "TRIES", 1)
    monkeypatch.setattr(months, "LOCK_MS", 20)
    keep(("very old", APRIL - timedelta(days=900)), ("april", APRIL), ("may", MAY))
    later = MAY + timedelta(days=settings.get().delivery_retention_days)
    with postgres.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM deliveries").scalar_one()
        flow.prune(later)
        assert kept() == ["may", "april"]
    flow.prune(later)
    assert kept() == ["may"]


def test_a_database_in_use_keeps_its_one_table_until_it_is_parted(in_one_table: sa.Engine):
    assert tables(in_one_table) == {}
    [first, third] = keep(("first", NOW), ("third", NOW))
    assert (first[1], third[1]) == (False, True)
    assert flow.part_deliveries(NOW)
    assert not flow.part_deliveries(NOW)
    assert rows_by_part(in_one_table) == {"deliveries_before": 3}
    assert keep(("first", JUNE), ("third", JUNE), ("fourth", JUNE))[:2] == [first, (third[0], False)]
    assert rows_by_part(in_one_table) == {"deliveries_before": 3, "deliveries_2031_06": 1}
    assert kept() == ["fourth", "third", "second", "first"]
    with in_one_table.connect() as connection:
        assert differences(connection) == []
    flow.prune(APRIL + timedelta(days=settings.get().delivery_retention_days + 1))  # the first part goes row by row
    assert kept() == ["fourth", "third", "second"]


def test_others_write_while_a_table_is_parted(in_one_table: sa.Engine):
    done = threading.Event()
    ids: list[tuple[int, bool]] = []

    def write() -> None:
        while not done.is_set():
            ids.extend(keep((f"n{len(ids)}", NOW)))

    with ThreadPoolExecutor() as threads:
        writing = threads.submit(write)
        assert flow.part_deliveries(NOW)
        done.set()
        writing.result(30)
    assert len(ids) + 2 == len(set(kept()))
    assert all(is_new for _, is_new in ids)


def test_a_run_that_goes_is_forgotten_in_every_month(postgres: sa.Engine):
    (april, _), (may, _) = keep(("april", APRIL), ("may", MAY))
    asked: dict[str, Any] = {"ids": [april, may]}
    with postgres.begin() as connection:
        for statement in RUN_OF_BOTH:
            connection.execute(sa.text(statement), asked)
        connection.execute(sa.text("DELETE FROM runs"))
        assert connection.execute(sa.text("SELECT count(run_id), count(*) FROM deliveries")).one() == (0, 2)


def test_months_are_one_table_again_after_the_way_down(postgres_url: str, monkeypatch: pytest.MonkeyPatch):
    with used(postgres_url, monkeypatch) as bind:
        for moment in (APRIL, MAY):
            assert months.make(bind, moment)
        keep(("april", APRIL), ("may", MAY))
        assert rows_by_part(bind) == {"deliveries_2031_04": 1, "deliveries_2031_05": 1}
        move(bind, alembic.command.downgrade, BEFORE_MONTHS)
        assert tables(bind) == {}
        assert kept() == ["may", "april"]
        with bind.begin() as connection:  # as the version before writes
            again = f"{IN_USE} ('github', 'may', 'push', now(), 'kept', 2, '{{}}', '', false)"
            as_before = f"{again} ON CONFLICT (provider, external_id) DO NOTHING"
            assert connection.exec_driver_sql(as_before).rowcount == 0


RUN_OF_BOTH = (
    "INSERT INTO sources (id, provider, host, name, created_at) VALUES (1, 'github', 'github.com', 'GitHub', now())",
    "INSERT INTO repositories (id, source_id, key, name, created_at) VALUES (1, 1, 'id:1', 'a/b', now())",
    "INSERT INTO pipelines (id, repo_id, key, name, created_at) VALUES (1, 1, 'id:1', 'ci', now())",
    "INSERT INTO runs (id, repo_id, pipeline_id, provider, external_id, attempt, attempts, status, outcome,"
    " default_branch, created_at, quiet) VALUES (1, 1, 1, 'github', '1', 1, 1, 'queued', 'queued', true, now(), false)",
    "UPDATE deliveries SET run_id = 1 WHERE id = ANY(:ids)",
)
