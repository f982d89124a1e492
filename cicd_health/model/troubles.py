"""What can be wrong with an installation, in words: from what one look at it showed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

SLOW_S = 1.0
SKEW = timedelta(seconds=5)
LATE = timedelta(minutes=1)
FAILING = timedelta(minutes=1)
LITTLE, TOO_LITTLE = 2 << 30, 200 << 20  # bytes that are free
SMALL_PART = 0.05  # of a disk
STARTING = frozenset({"starting", "not started"})  # what the jobs say of themselves before they run


@dataclass(frozen=True, slots=True)
class Failing:
    """A channel that does not take messages, and since when."""

    channel: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """Of the disk under the database, in bytes."""

    free: int
    size: int

    @property
    def scarce(self) -> bool:
        return self.free < TOO_LITTLE or (self.free < LITTLE and self.free < SMALL_PART * self.size)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the database said. `ahead_s`: its clock before ours. `late_since`: the oldest delivery that waits."""

    revision: str | None
    took_s: float
    ahead_s: float
    workers: int
    late_since: datetime | None
    failing: tuple[Failing, ...] = ()
    log_store_since: datetime | None = None  # since when it fails


@dataclass(frozen=True, slots=True)
class Look:
    """One look at everything. `answered` is None while the database does not answer, which is since `silent_since`.

    `idle_since`: since when the jobs of this process do not run although the database answers. `full_since`: since when
    nothing can be written for want of room. `room` is None where the disk is not ours.
    """

    at: datetime
    answered: Answered | None
    silent_since: datetime | None = None
    full_since: datetime | None = None
    idle_since: datetime | None = None
    room: Room | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong. `text` names nothing and nobody, so anybody may read it; `named` says it to people.

    `slug` is its section in docs/operations.md. `stops`: this process should be asked nothing until it is over.
    """

    slug: str
    text: str
    named: str
    since: datetime | None = None
    stops: bool = False


def troubles(look: Look, head: str | None, works: str | None, *, should_work: bool) -> list[Trouble]:
    """All that is wrong, the worst first.

    `head` is the schema this program needs, `works` what is wrong with the background jobs of this process, None for
    nothing, and `should_work` whether it has any.
    """
    answered = look.answered
    if answered is None:
        return [_trouble("database", "The database does not answer", look.silent_since, stops=True), *_disk(look)]
    return [
        *_schema(answered, head),
        *_jobs(look, answered, works, should_work=should_work),
        *_disk(look),
        *_database(answered),
        *_late(answered, look.at),
        *_channels(answered, look.at),
        *_log_store(answered, look.at),
    ]


def _trouble(slug: str, text: str, since: datetime | None = None, *, stops: bool = False) -> Trouble:
    return Trouble(slug, text, text, since, stops)


def _schema(answered: Answered, head: str | None) -> list[Trouble]:
    """A newer schema is served all the same: that is how one is upgraded while the version before serves."""
    at = answered.revision
    if at == head:
        return []
    if at is not None and head is not None and at > head:
        return [_trouble("migrations-ahead", "The database is newer than this program: upgrade this process")]
    stands = at or "nothing"
    return [_trouble("migrations", f"The database stands at {stands}, this program needs {head}", stops=True)]


def _jobs(look: Look, answered: Answered, works: str | None, *, should_work: bool) -> list[Trouble]:
    """Who serves without working serves all the same: pages are right, and nothing is lost."""
    others = answered.workers - 1 if should_work else answered.workers
    if should_work and works:
        return [_not_working(works, look.idle_since, stops=others < 1)]
    if not should_work and others < 1:
        return [_trouble("no-worker", "No worker runs: alerts, polls and logs wait")]
    return []


def _not_working(why: str, since: datetime | None, *, stops: bool) -> Trouble:
    """Why stands in the log: an error may name what is nobody's business."""
    if why in STARTING:
        return _trouble("jobs-starting", "The background jobs of this process are just starting", stops=stops)
    return _trouble("jobs", "The background jobs of this process do not run; its log says why", since, stops=stops)


def _disk(look: Look) -> list[Trouble]:
    if look.full_since is not None:
        return [_trouble("disk-full", "The disk of the database is full: nothing new is kept", look.full_since)]
    if look.room is not None and look.room.scarce:
        return [_trouble("disk", f"The disk is nearly full: {look.room.free / 1e6:,.0f} MB are free")]
    return []


def _database(answered: Answered) -> list[Trouble]:
    found = []
    if answered.took_s > SLOW_S:
        found.append(_trouble("database-slow", f"The database is slow: it took {answered.took_s:.1f} s to answer"))
    if abs(answered.ahead_s) > SKEW.total_seconds():
        side = "ahead of" if answered.ahead_s > 0 else "behind"
        found.append(_trouble("clock", f"The clock of the database is {abs(answered.ahead_s):,.0f} s {side} ours"))
    return found


def _late(answered: Answered, now: datetime) -> list[Trouble]:
    since = answered.late_since
    if since is None or now - since < LATE:
        return []
    return [_trouble("deliveries", "Deliveries wait to be applied; none is lost", since)]


def _channels(answered: Answered, now: datetime) -> list[Trouble]:
    failing = [one for one in answered.failing if now - one.since >= FAILING]
    if not failing:
        return []
    since = min(one.since for one in failing)
    number = f"{len(failing)} channels" if len(failing) > 1 else "one channel"
    names = ", ".join(one.channel for one in failing[:3]) + (" and others" if len(failing) > 3 else "")
    return [Trouble("messages", f"Messages to {number} fail", f"Messages to {names} fail", since)]


def _log_store(answered: Answered, now: datetime) -> list[Trouble]:
    since = answered.log_store_since
    if since is None or now - since < FAILING:
        return []
    return [_trouble("log-store", "The log store fails: logs moved there cannot be read; no log is lost", since)]
