"""Moving the lines of complete logs out of the database, to the place that LOG_STORE_URL names, and deleting there.

A log is kept in the database first, always: a place that is away loses nothing and holds nothing up. What is to be
moved is found by the state of the rows, so nothing is forgotten either: not after a crash, not after an outage.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import structlog

from cicd_health import log_store, settings
from cicd_health.flow.log_reading import place_at
from cicd_health.log_store import LogStoreError, Place
from cicd_health.logs.bundle import bundle
from cicd_health.store import engine, logs
from cicd_health.store.logs import Unmoved

log = structlog.get_logger(__name__)

TURN_S = 40.0  # of one turn of the job, which comes every minute


def move_logs(now: datetime, *, seconds: float = TURN_S) -> int:
    """Move complete logs out of the database, and delete objects that nothing uses any more; how many were moved.

    A place that fails is tried again in a minute, with what was not moved.
    """
    turn = Turn(now, time.monotonic() + seconds)
    _delete_doomed(turn)
    address = settings.get().log_store_url
    moved = _move(turn, address) if address is not None else 0
    _note_places(turn)
    return moved


def doom_unused_objects(now: datetime) -> None:
    """Look through all objects for those that no log uses any more; `move_logs` deletes them."""
    after: int | None = 0
    while after is not None:
        with engine.writing() as session:
            after = logs.doom_unused(session, after, now)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the job, to end at this monotonic time; and how the places did that were asked in it."""

    now: datetime
    end: float
    told: dict[str, str | None] = field(default_factory=dict)  # what is wrong, None for nothing, by address

    @property
    def has_time(self) -> bool:
        return time.monotonic() < self.end

    def asked(self, address: str, what: Callable[[Place], object]) -> bool:
        """Whether this place did what it was asked. One that failed is not asked again in this turn."""
        if self.told.get(address) is None:
            try:
                what(place_at(address))
                self.told[address] = None
            except LogStoreError as error:
                log.warning("log store failed", address=address, error=str(error))
                self.told[address] = str(error)
        return self.told[address] is None


def _move(turn: Turn, address: str) -> int:
    moved, last = 0, 0
    while turn.has_time:
        with engine.reading() as session:
            next_one = logs.unmoved(session, last, turn.now)
        if next_one is None:
            break
        last = next_one.log_id
        if not _is_well(turn, address):
            break
        try:
            moved += _move_one(turn, next_one, address)
        except Exception:  # one log that cannot be read must not keep the others
            log.exception("log not moved", log_id=last)
    return moved


def _is_well(turn: Turn, address: str) -> bool:
    """Whether to write there. A new place, or one that failed, is tried with something small first."""
    if address not in turn.told:
        with engine.reading() as session:
            proven = logs.is_proven(session, address)
        if not proven:
            return turn.asked(address, log_store.probe)
    return turn.told.get(address) is None


def _move_one(turn: Turn, unmoved: Unmoved, address: str) -> bool:
    with engine.reading() as session:
        pieces = logs.pieces(session, unmoved.log_id)
    bundled = bundle(piece.body for piece in pieces)
    key = log_store.new_key()
    with engine.writing() as session:
        place_id = logs.ensure_place(session, address, turn.now)
        object_id = logs.add_object(session, place_id, key, len(bundled.body), turn.now)
    spans = {piece.id: span for piece, span in zip(pieces, bundled.spans, strict=True)}
    written = turn.asked(address, lambda place: _put(place, key, bundled.body))
    with engine.writing() as session:
        used = written and logs.move_out(session, unmoved, object_id, spans)
        if not used:
            logs.doom(session, object_id, turn.now)
    return used


def _put(place: Place, key: str, body: bytes) -> None:
    """Written, and known to be there whole: the lines in the database go."""
    place.put(key, body)
    if place.size(key) != len(body):
        raise LogStoreError("The log store has an object in part only that it said it has.")


def _delete_doomed(turn: Turn) -> None:
    last = 0
    while turn.has_time:
        with engine.reading() as session:
            some = logs.doomed(session, last, turn.now)
        if not some:
            return
        if gone := [one.id for one in some if turn.asked(one.address, partial(_delete, one.key))]:
            with engine.writing() as session:
                logs.forget_objects(session, gone)
        last = some[-1].id


def _delete(key: str, place: Place) -> None:
    place.delete(key)


def _note_places(turn: Turn) -> None:
    """Write down how they did. One that failed before and had nothing to do now is asked for a small thing."""
    with engine.reading() as session:
        failing = logs.standing(session, settings.get().log_store_url, turn.now).failing
    for address in failing.keys() - turn.told.keys():
        turn.asked(address, log_store.probe)
    if turn.told:
        with engine.writing() as session:
            for address, error in sorted(turn.told.items()):
                logs.note_place(session, address, error, turn.now)
