"""Logs move out of the database when they are complete: read as before, never lost, nothing left behind."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cicd_health import flow, settings
from cicd_health.flow import log_reading
from cicd_health.flow.log_moving import doom_unused_objects
from cicd_health.log_store import LogStoreError, ObjectGone
from cicd_health.model.logs import Piece
from cicd_health.store import engine, logs
from cicd_health.store.tables import LogChunkRow, LogObjectRow, LogRow, RunRow
from tests.factories import NOW, Rows
from tests.s3_stub import KEY_ID, SECRET, Bucket
from tests.stub_server import Answer, Request

LATER = NOW + timedelta(minutes=2)  # a log that was kept at NOW is at rest
LONG = "".join(f"{n} pytest::test_{n * 7919 % 1000} took {n * 31 % 97} ms\n" for n in range(1, 4501))
SHORT = "one\ntwo\nthree\n"
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # it has no part in this


@pytest.fixture
def bucket(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with Bucket() as bucket:
        monkeypatch.setenv("LOG_STORE_KEY_ID", KEY_ID)
        monkeypatch.setenv("LOG_STORE_SECRET", SECRET)
        move_to(bucket.address, monkeypatch)
        yield bucket


def move_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_STORE_URL", address)
    settings.get.cache_clear()
    log_reading._cache.clear()


def a_run(**values: Any) -> int:
    with engine.writing() as session:
        rows = Rows(session)
        run = rows.run(rows.pipeline(), **values)
        rows.attempt(run)
        return run.id


def proven(bucket: Bucket) -> int:
    """One log is moved already; its id."""
    log_id = keep(a_run(), "the first\n")
    assert flow.move_logs(LATER) == 1
    return log_id


def keep(run_id: int, text: str = SHORT) -> int:
    return flow.keep_log(run_id, None, 1, [text.encode()], NOW).id


def rows(kind: Any) -> list[Any]:
    with engine.reading() as session:
        return list(session.scalars(sa.select(kind).order_by(kind.id)))


def text_of(log_id: int) -> str:
    log_reading._cache.clear()
    return "".join(f"{line.text}\n" for line in log_reading.all_lines(log_id))


def answers(log_id: int, green_id: int) -> list[Any]:
    log_reading._cache.clear()
    with engine.reading() as session:
        log = logs.get(session, log_id)
        assert log is not None
        cause = logs.cause_text(session, log)
    some = sorted(random.Random(7).sample(range(1, 4501), 5))
    return [
        cause,
        log_reading.lines(log_id, 2000, 5),
        list(log_reading.texts(log_id, some)),
        log_reading.search(log_id, "test_77 "),
        [(hit.log_id, hit.line, hit.text) for hit in log_reading.search_all("pytest test_919", 50).hits],
        log_reading.new_lines(log_id, green_id, 20),
    ]


def test_a_moved_log_is_read_as_before(bucket: Bucket):
    failed, green = keep(a_run(outcome="failure"), LONG + "Error: it broke\n"), keep(a_run(), LONG)
    before = answers(failed, green)
    assert flow.move_logs(LATER) == 2
    assert [row.body for row in rows(LogChunkRow)] == [b""] * len(rows(LogChunkRow))
    assert {f"ci/{row.key}": row.size for row in rows(LogObjectRow)} == {k: len(b) for k, b in bucket.objects.items()}
    assert answers(failed, green) == before
    assert before[0] == "Error: it broke"
    assert text_of(failed) == LONG + "Error: it broke\n"
    assert flow.move_logs(LATER) == 0


@ONE_DATABASE
def test_scrolling_asks_for_a_piece_once_and_a_whole_log_is_few_questions(bucket: Bucket):
    log_id = keep(a_run(), LONG)
    flow.move_logs(LATER)
    bucket.forget()
    for first in range(2000, 2100, 10):
        log_reading.lines(log_id, first, 5)
    assert len(bucket.requests) == 1
    text_of(log_id)
    assert len(bucket.requests) <= 3


def test_an_outage_loses_nothing_and_is_told_since_when(bucket: Bucket):
    log_id = keep(a_run())
    port = bucket.stop()
    for minute in (2, 3):
        assert flow.move_logs(NOW + timedelta(minutes=minute)) == 0
    with engine.reading() as session:
        standing = logs.standing(session, bucket.address, NOW + timedelta(minutes=3))
    why, since = standing.failing[bucket.address]
    assert (standing.waiting, since) == (1, LATER)
    assert "cannot be reached" in why
    assert text_of(log_id) == SHORT
    bucket.start(port)
    assert flow.move_logs(NOW + timedelta(minutes=4)) == 1
    with engine.reading() as session:
        assert logs.standing(session, bucket.address, LATER) == logs.Standing(0, {})
    assert text_of(log_id) == SHORT


@ONE_DATABASE
def test_a_place_that_failed_and_has_nothing_to_do_is_found_well_again(bucket: Bucket):
    log_id = keep(a_run())
    bucket.fail_next(n=2, status=503)
    assert flow.move_logs(LATER) == 0
    assert rows(LogObjectRow) == []
    with engine.writing() as session:
        session.delete(session.get(LogRow, log_id))
    flow.move_logs(LATER)
    with engine.reading() as session:
        assert logs.standing(session, bucket.address, LATER).failing == {}
    assert bucket.objects == {}


@ONE_DATABASE
def test_an_object_that_arrived_in_part_is_not_used(bucket: Bucket):
    proven(bucket)
    log_id = keep(a_run())

    def keeps_half(request: Request) -> Answer:
        bucket.objects[request.path.removeprefix("/logs/")] = request.body[: len(request.body) // 2]
        return Answer(200)

    bucket.instead(keeps_half)
    assert flow.move_logs(LATER) == 0
    assert text_of(log_id) == SHORT
    flow.move_logs(LATER)
    assert text_of(log_id) == SHORT
    flow.move_logs(NOW + timedelta(hours=2))
    assert len(bucket.objects) == len(rows(LogObjectRow)) == 2


def test_two_workers_that_move_the_same_log_do_no_harm(bucket: Bucket):
    proven(bucket)
    log_id = keep(a_run())

    def meanwhile_the_other_moves_it(request: Request) -> Answer:
        assert flow.move_logs(LATER) == 1
        return bucket.answer(request)

    bucket.instead(meanwhile_the_other_moves_it)
    assert flow.move_logs(LATER) == 0
    assert len(bucket.objects) == 3
    flow.move_logs(NOW + timedelta(hours=2))
    assert len(bucket.objects) == 2
    assert text_of(log_id) == SHORT


def test_what_is_kept_anew_while_it_moves_stays(bucket: Bucket):
    proven(bucket)
    run_id = a_run()
    log_id = keep(run_id)

    def meanwhile_it_is_fetched_again(request: Request) -> Answer:
        flow.keep_log(run_id, None, 1, [b"the whole of it\n"], NOW + timedelta(minutes=2))
        return bucket.answer(request)

    bucket.instead(meanwhile_it_is_fetched_again)
    assert flow.move_logs(LATER) == 0
    assert text_of(log_id) == "the whole of it\n"


@ONE_DATABASE
def test_a_log_just_kept_or_still_growing_stays(bucket: Bucket):
    log_id = keep(a_run())
    assert flow.move_logs(NOW + timedelta(seconds=30)) == 0
    with engine.writing() as session:
        row = logs.lock(session, log_id)
        row.complete = False
        session.add(row)
    assert flow.move_logs(LATER) == 0
    assert bucket.objects == {}


@ONE_DATABASE
def test_without_the_setting_old_places_are_read_and_another_takes_what_is_new(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first, run_id = keep(a_run()), a_run()
    flow.move_logs(LATER)
    move_to("", monkeypatch)
    second = keep(run_id, "second\n")
    assert flow.move_logs(LATER) == 0
    assert (text_of(first), text_of(second)) == (SHORT, "second\n")
    move_to(f"file://{tmp_path}/logs", monkeypatch)
    assert flow.move_logs(LATER) == 1
    assert (text_of(first), text_of(second)) == (SHORT, "second\n")
    assert len(bucket.objects) == 1


@ONE_DATABASE
def test_what_the_store_does_not_give_is_an_error_of_its_own(bucket: Bucket):
    log_id = keep(a_run())
    flow.move_logs(LATER)
    [key] = bucket.objects
    body = bucket.objects[key]
    bucket.objects[key] = bytes(len(body))
    with pytest.raises(LogStoreError, match="something else than what was put there"):
        text_of(log_id)
    del bucket.objects[key]
    with pytest.raises(ObjectGone):
        text_of(log_id)


@ONE_DATABASE
def test_a_search_passes_by_what_the_store_has_lost(bucket: Bucket):
    here, lost = keep(a_run(), "needle one\n"), keep(a_run(), "needle two\n")
    flow.move_logs(LATER)
    [key] = [row.key for row in rows(LogObjectRow) if row.id == rows(LogRow)[-1].object_id]
    del bucket.objects[f"ci/{key}"]
    log_reading._cache.clear()
    assert [hit.log_id for hit in log_reading.search_all("needle", 50).hits] == [here] != [lost]


@ONE_DATABASE
def test_two_who_read_the_same_log_at_once_both_get_it(bucket: Bucket):
    log_id = keep(a_run(), LONG)
    flow.move_logs(LATER)
    with engine.reading() as session:
        pieces = logs.pieces(session, log_id)
    log_reading._cache.clear()

    def while_another_reads() -> Iterator[Piece]:
        yield from pieces
        list(log_reading.blocks(pieces))

    bodies = [block.body for block in log_reading.blocks(pieces)]
    log_reading._cache.clear()
    assert [block.body for block in log_reading.blocks(while_another_reads())] == bodies


def test_objects_go_with_their_logs_also_when_deleting_fails_at_first(bucket: Bucket):
    old, new = a_run(), a_run()
    keep(old)
    kept = keep(new)
    flow.move_logs(LATER)
    with engine.writing() as session:
        session.delete(session.get(RunRow, old))
    bucket.fail_next(n=2, status=503)
    flow.prune(NOW + timedelta(hours=2))
    assert flow.move_logs(NOW + timedelta(hours=2)) == 0
    assert len(bucket.objects) == 2
    flow.move_logs(NOW + timedelta(hours=3))
    assert len(bucket.objects) == len(rows(LogObjectRow)) == 1
    assert text_of(kept) == SHORT


@ONE_DATABASE
def test_whatever_happens_in_whatever_order_logs_are_whole_and_nothing_is_left_behind(
    database: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Logs are kept, kept anew, forgotten and deleted with their runs, while places come, go, and forget to answer."""
    chance, now = random.Random(20261122), NOW
    folders = [tmp_path / "one", tmp_path / "two"]
    said: dict[int, tuple[int, str]] = {}  # by run: its log and the text
    for step in range(60):
        now += timedelta(minutes=chance.choice([1, 5, 90]))
        move_to(chance.choice([f"file://{folder}" for folder in folders] + ["", "file:///dev/null/no"]), monkeypatch)
        happening = chance.randrange(6)
        if happening <= 1 or not said:
            run_id = chance.choice(list(said)) if said and happening else a_run()
            said[run_id] = flow.keep_log(run_id, None, 1, [f"{step}\n".encode()], now).id, f"{step}\n"
        elif happening == 2:
            run_id = chance.choice(list(said))
            del said[run_id]
            with engine.writing() as session:
                session.delete(session.get(RunRow, run_id))
        elif happening == 3:
            doom_unused_objects(now)
        else:
            flow.move_logs(now)
        assert {text_of(log_id) == text for log_id, text in said.values()} <= {True}
    settle(now, folders[0], monkeypatch)
    used = {row.key for row in rows(LogObjectRow)}
    there = {str(file.relative_to(folder)) for folder in folders for file in folder.rglob("*") if file.is_file()}
    assert used == there
    assert len(used) == len(said) > 3


def settle(now: datetime, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_to(f"file://{folder}", monkeypatch)
    flow.move_logs(now + timedelta(hours=2))
    doom_unused_objects(now + timedelta(hours=4))
    flow.move_logs(now + timedelta(hours=4))
