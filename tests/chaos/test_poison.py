"""A delivery that breaks whatever touches it: the others go on, it is kept with its error, tried again, and shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from cicd_health import flow
from cicd_health.api.inbox import Inbox
from cicd_health.providers import PROVIDERS
from cicd_health.providers.provider import NotJson
from cicd_health.store import engine, lists
from tests.bodies import delivery, github_run
from tests.chaos import ledger

NOW = datetime.now(UTC).replace(microsecond=0)
DEEP = '{"action":"completed","workflow_run":' + "[" * 100_000 + "]" * 100_000 + "}"


def run(number: int, **more: Any) -> dict[str, Any]:
    return github_run(number, created=NOW - timedelta(minutes=5), **more)


POISONS: dict[str, Callable[[], dict[str, Any]]] = {
    "not a run at all": lambda: {"workflow_run": "?"},
    "NUL in its texts": lambda: run(900, branch="ma\0in", display_title="\0", head_sha="\0"),
    "half a character": lambda: run(901, branch="\ud800", display_title="\udfff" * 100),
    "an action with NUL": lambda: run(902) | {"action": "a\0b"},
    "an action of half a character": lambda: run(903) | {"action": "\ud800"},
    "a huge text": lambda: run(904, display_title="x" * 20_000_000),
    "a number beyond all columns": lambda: run(905, run_number=2**70, run_attempt=2**40),
    "a date beyond all calendars": lambda: run(906, updated_at="99999-99-99T99:99:99Z", created_at="-5"),
}


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """Writing all that is logged about poison to the screen would take longer than the tests."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def stuck(database: sa.Engine) -> Callable[[bool], None]:
    """A run that the database itself refuses, until it does not any more."""
    raising = (
        "SELECT RAISE(ABORT, 'poisoned') WHERE NEW.external_id = '777'; END"
        if database.dialect.name == "sqlite"
        else "IF NEW.external_id = '777' THEN RAISE EXCEPTION 'poisoned'; END IF; RETURN NEW; END"
    )

    def switch(on: bool) -> None:
        with engine.writing() as session:
            for statement in _switched(database.dialect.name == "sqlite", on, raising):
                session.execute(sa.text(statement))

    switch(True)
    return switch


def _switched(sqlite: bool, on: bool, raising: str) -> list[str]:
    if sqlite:
        return [f"CREATE TRIGGER poison BEFORE INSERT ON runs BEGIN {raising}" if on else "DROP TRIGGER poison"]
    if not on:
        return ["DROP TRIGGER poison ON runs"]
    function = f"CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {raising} $$"
    return [function, "CREATE TRIGGER poison BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION poison()"]


def states() -> dict[str, str]:
    with engine.engine().connect() as connection:
        return {row.external_id: row.state for row in connection.execute(sa.text("SELECT * FROM deliveries"))}


def test_one_that_the_database_refuses_holds_nobody_up_and_is_tried_again_until_it_goes(stuck, database):
    flow.start(NOW)
    batch = [delivery(run(number), at=NOW, id=f"d{number}") for number in (1, 2, 777, 3)]
    receipts = flow.receive(batch, NOW)
    assert [one.state for one in receipts] == ["applied", "applied", "failed", "applied"]
    with engine.reading() as session:
        [shown] = [row for row in lists.deliveries(session, None, ("failed",), limit=10)]
    assert "poisoned" in shown["error"]

    tried = []
    for seconds in (20, 21, 40, 41, 70, 71, 600, 601, 1200, 1201):  # no pause ends within a pair, by whatever chance
        at = NOW + timedelta(seconds=seconds)
        flow.recover(at)
        with engine.reading() as session:
            row = lists.delivery(session, shown["id"])
        assert row is not None
        if row["applied_at"] == at:
            tried.append(seconds)
    assert tried[:2] == [20, 40]
    assert not {21, 41, 71, 601, 1201} & set(tried), "not again and again"
    flow.receive([delivery(run(4), at=NOW, id="d4")], NOW)
    stuck(False)
    flow.recover(NOW + timedelta(hours=2))
    assert set(states().values()) == {"applied"}
    line = ledger.Line("a delivery that the database refuses", database.dialect.name, 5, 5, len(states()))
    line.notes.append("tried again after " + ", ".join(f"{one} s" for one in tried))
    ledger.write(line)


def test_one_that_is_refused_for_ever_is_left_alone_after_a_day(stuck):
    flow.start(NOW)
    flow.receive([delivery(run(777), at=NOW, id="d777")], NOW)
    flow.recover(NOW + timedelta(hours=25))
    before = flow.recover(NOW + timedelta(hours=26))
    assert (before, states()) == (0, {"d777": "failed"})


@pytest.mark.usefixtures("database")
async def test_whatever_somebody_signed_is_kept_and_its_neighbours_are_applied():
    flow.start(NOW)
    inbox = Inbox(flow.receive)
    names = [name for poison in POISONS for name in (poison, f"beside {poison}")]
    batch = [_arrived(poison, POISONS[poison]()) for poison in POISONS]
    neighbours = [_arrived(f"beside {poison}", run(n)) for n, poison in enumerate(POISONS, 1)]
    receipts = await asyncio.gather(*(inbox.put(one) for pair in zip(batch, neighbours, strict=True) for one in pair))
    found = dict(zip(names, receipts, strict=True))
    assert {name: one.state for name, one in found.items() if name.startswith("beside")} == {
        f"beside {poison}": "applied" for poison in POISONS
    }
    assert states().keys() == set(names), "all of it is kept"
    assert flow.recover(NOW + timedelta(minutes=5)) >= 0


def test_a_body_too_deep_to_read_is_no_json_and_stops_nobody():
    with pytest.raises(NotJson):
        PROVIDERS["github"].decode({}, DEEP.encode())


def _arrived(name: str, body: dict[str, Any]) -> Any:
    """As the door makes it: what the provider reads of the envelope counts, not what the test knows."""
    raw = json.dumps(body).encode()
    headers = {"x-github-event": "workflow_run", "x-github-delivery": name}
    provider = PROVIDERS["github"]
    payload = provider.decode(headers, raw)
    envelope = provider.envelope(headers, payload, raw)
    made = delivery(body, at=NOW, id=envelope.external_id)
    return type(made)(
        provider="github",
        external_id=envelope.external_id,
        event=envelope.event,
        action=envelope.action,
        body=raw,
        payload=payload,
        received_at=NOW,
        headers=headers,
    )
