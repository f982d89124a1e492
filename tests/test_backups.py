"""Backups through the flow: out of either database and into either, and what was on its way goes on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cicd_health import flow, queue
from cicd_health.flow import BackupError
from cicd_health.metrics import report
from cicd_health.model.health import Query
from cicd_health.model.processes import Process
from cicd_health.model.windows import window_ending
from cicd_health.store import engine, migrations, processes
from cicd_health.store.tables import LogRow, RefusalRow, WatchRow
from tests import delivering, every_table, loopback
from tests.backing_up import address, content, jobs, nobody, restored, saved
from tests.conftest import use
from tests.factories import NOW, Rows
from tests.store import histories

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # where both do the same
SERVER = Process("web-1", "all", "host", 7, "0.1.0", NOW, NOW)


@pytest.fixture
def elsewhere(database: sa.Engine, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the other kind, where nothing was ever migrated."""
    if database.dialect.name == "sqlite":
        url = request.getfixturevalue("empty_postgres")
    else:
        url = f"sqlite:///{tmp_path}/elsewhere.db"
    yield url
    engine.engine_for(url).dispose()


@pytest.fixture
def empty_postgres(postgres_pool: Any) -> Iterator[str]:
    name = postgres_pool.take()
    url = postgres_pool.server.get_uri(name)
    with engine.engine_for(url).begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; DROP SCHEMA dbos CASCADE; CREATE SCHEMA public")
    yield url
    postgres_pool.give_back(name)  # which throws it away


def fill(runs: int = 20, seed: int = 1) -> None:
    with engine.writing() as session:
        histories.save(session, histories.history(random.Random(seed), runs))


def count(table: str) -> int:
    with engine.reading() as session:
        return session.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_every_value_of_every_table_is_the_same_in_either_database(
    database: sa.Engine, elsewhere: str, monkeypatch: pytest.MonkeyPatch
):
    with database.begin() as connection:
        every_table.fill(connection, every_table.tables(connection))
    was, backup = content(), saved()
    use(elsewhere, monkeypatch)
    done = restored(backup)
    assert content() == was
    assert all(was.values())  # no table was left out for having no rows
    assert done.rows == {name: len(rows) for name, rows in was.items()} | {"audit_log": every_table.ROWS}
    with engine.writing() as session:
        assert migrations.current(session.connection()) == migrations.head()
        session.add(row := RefusalRow(provider="github", reason="new", times=1, last_at=NOW))
        session.flush()
        assert row.id == every_table.ROWS + 1  # numbers go on behind the last


def numbers() -> list[object]:
    query = Query(window_ending("7d", NOW))
    with engine.reading() as session:
        pages = [report.overview(session, query, NOW), report.summary(session, query, NOW)]
        return [*pages, report.series(session, query, "day", NOW), report.pipelines(session, query, NOW)]


def test_every_number_is_the_same_after_an_import(database: sa.Engine, elsewhere: str, monkeypatch: pytest.MonkeyPatch):
    fill(12)
    source, was = address(), numbers()
    use(elsewhere, monkeypatch)
    flow.bring_over(source, NOW, nobody, replace=False)
    assert numbers() == was
    assert list(flow.check_sums()) == []
    with pytest.raises(BackupError, match="rows already"):
        flow.bring_over(source, NOW, nobody, replace=False)


def test_a_backup_is_of_one_moment_whatever_is_written_meanwhile(
    database: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fill(10)
    runs = count("runs")
    first, last = iter(["alert_rules"]), iter(["runs"])

    def meanwhile(table: str, _rows: int) -> None:  # somebody writes into all of the tables
        if table == next(first, None) or (table == "runs" and next(last, None)):
            fill(12, seed=3)

    with (tmp_path / "backup").open("wb") as file:
        done = flow.back_up(file, NOW, meanwhile)
    assert count("runs") > runs
    use(f"sqlite:///{tmp_path}/elsewhere.db", monkeypatch)
    restored((tmp_path / "backup").read_bytes())
    assert count("runs") == runs == done.totals["runs"].rows
    assert list(flow.check_sums()) == []


def test_what_was_on_its_way_goes_on_and_no_message_is_sent_twice(
    database: sa.Engine, slack: loopback.Slack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    channel = delivering.channel(slack.url)
    sent, sending, queued, later = (delivering.tell(incident)[0] for incident in delivering.incidents(4))
    state(sent, "sent")
    state(sending, "sending", claimed_at=NOW)
    state(later, "queued", next_try_at=NOW + timedelta(hours=2))
    with engine.writing() as session:
        rows = Rows(session)
        run = rows.run(rows.pipeline())
        log = LogRow(key="run:1:1", run_id=run.id or 0, attempt=1, state="pending", next_try_at=NOW, created_at=NOW)
        watch = WatchRow(source_id=1, name="acme/shop", origin="user", backfill_state="running", created_at=NOW)
        watch.backfill_from, watch.busy_until = NOW - timedelta(days=9), NOW + timedelta(minutes=9)
        session.add_all([log, watch])
    backup = saved()
    use(f"sqlite:///{tmp_path}/elsewhere.db", monkeypatch)
    done = restored(backup)
    assert (done.messages, done.logs, done.walks) == (2, 1, 1)
    assert jobs() == {f"deliver {queued}", f"deliver {later}", "fetch_log 1", "backfill 1"}
    with engine.reading() as session:
        assert session.get_one(WatchRow, 1).busy_until is None
    flow.recover(NOW + timedelta(minutes=10))
    clock = delivering.Clock()
    clock.until(NOW + timedelta(hours=1))
    assert len(slack.texts) == 1
    assert delivering.states(channel) == ["sent", "failed", "sent", "queued"]
    assert "not known" in (delivering.messages()[1].error or "")
    clock.until(NOW + timedelta(hours=3))
    assert len(slack.texts) == 2


def state(message: int, word: str, **more: Any) -> None:
    with engine.writing() as session:
        row = delivering.outbox.message(session, message)
        assert row is not None
        row.state = word
        for name, value in more.items():
            setattr(row, name, value)


@ON_SQLITE
def test_messages_that_waited_can_be_given_up(database: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    delivering.channel("http://127.0.0.1:9/hook")
    delivering.tell(delivering.incident())
    backup = saved()
    use(f"sqlite:///{tmp_path}/elsewhere.db", monkeypatch)
    done = restored(backup, silent=True)
    assert (done.messages, done.given_up, delivering.states()) == (0, 1, ["failed"])


def test_a_database_that_holds_something_is_only_lost_when_that_is_said(database: sa.Engine):
    fill(5)
    backup, was = saved(), content()
    fill(9, seed=2)
    with engine.writing() as session:
        queue.enqueue(session, "deliver", "1-old", 1)
    now = content()
    with pytest.raises(BackupError, match="rows already"):
        restored(backup)
    assert content() == now
    restored(backup, replace=True)
    assert content() == was
    assert jobs() == set()  # they were about what is lost


@ON_SQLITE
def test_nothing_is_restored_or_imported_while_a_server_works(
    database: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fill(3)
    backup = saved()
    with engine.writing() as session:
        processes.beat(session, SERVER, NOW)
    with pytest.raises(BackupError, match="all on host"):
        restored(backup, replace=True)
    source = address()
    use(f"sqlite:///{tmp_path}/elsewhere.db", monkeypatch)
    with pytest.raises(BackupError, match="would be lost"):
        flow.bring_over(source, NOW, nobody, replace=False)
    use(source, monkeypatch)
    with pytest.raises(BackupError, match="DATABASE_URL itself"):
        flow.bring_over(source, NOW, nobody, replace=True)
    with engine.writing() as session:
        processes.forget(session, SERVER.id)
    restored(backup, replace=True)


@ON_SQLITE
def test_what_another_program_keeps_is_never_replaced(
    database: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    backup = saved()
    use(f"sqlite:///{tmp_path}/other.db", monkeypatch)
    with engine.writing() as session:
        session.execute(sa.text("CREATE TABLE users (name text)"))
    with pytest.raises(BackupError, match="another program"):
        restored(backup, replace=True)
    with engine.writing() as session:
        session.execute(sa.text("CREATE TABLE alembic_version (version_num text)"))
        session.execute(sa.text("INSERT INTO alembic_version VALUES ('209901010000')"))
    with pytest.raises(BackupError, match="does not know"):
        restored(backup, replace=True)
    assert count("users") == 0


def test_a_backup_that_is_damaged_or_newer_changes_nothing(database: sa.Engine):
    fill(6)
    backup, was = saved(), content()
    place = backup.index(b"tables/runs/") + 700
    with pytest.raises(BackupError, match=r"damaged|not whole"):
        restored(backup[:place] + b"?" + backup[place + 1 :], replace=True)
    assert content() == was
    newer = backup.replace(f'"revision": "{migrations.head()}"'.encode(), b'"revision": "209901010000"')
    with pytest.raises(BackupError, match="209901010000, which this program does not know"):
        restored(newer, replace=True)
    assert content() == was
