"""When queued messages of one channel leave: at once, together, later. Pure; days are those of the channel's zone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cicd_health.model.alert_drafts import Quiet
from cicd_health.model.alerts import Severity

TOGETHER = timedelta(seconds=10)  # what a storm brings leaves within this of the first that was held
ALONE = 3  # so many messages within TOGETHER leave each by itself
HOUR = timedelta(hours=1)
LINES = timedelta(seconds=10)  # how long news of a failure waits for its failing lines
PROBE = timedelta(seconds=30)  # news for a channel in trouble are a reason to try it, so often at most
MOST = 500  # messages told of as one

FOR_LINES = "waits for the failing lines"
FOR_OTHERS = "several at once: sent together"
FOR_TRY = "waits for the next try: the channel did not take the last message"


@dataclass(frozen=True, slots=True)
class Hold:
    """A message waits until then; `why` is for people."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a channel wants to be told; see ChannelDraft."""

    zone: str = "UTC"
    quiet: Quiet | None = None
    digest_at: str | None = None
    per_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued message. `tries` were made so far, the last at `claimed_at`."""

    id: int
    incident_id: int | None
    severity: str
    created_at: datetime
    next_try_at: datetime | None = None
    held: str | None = None
    tries: int = 0
    claimed_at: datetime | None = None

    def due(self, now: datetime) -> bool:
        return self.next_try_at is None or self.next_try_at <= now

    def resting(self, now: datetime) -> bool:
        """Tried, and waiting for the next try."""
        return bool(self.tries) and self.held is None and not self.due(now)

    @property
    def fresh(self) -> bool:
        """Not tried, and not held for reasons that make several one."""
        return not self.tries and self.held in (None, FOR_LINES)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with a channel's queue: `take` these as one message, and let the others in `holds` wait."""

    take: tuple[int, ...] = ()
    holds: dict[int, Hold] = field(default_factory=dict)


def planned(
    queue: Sequence[Waiting], recent: Iterable[datetime], sent: Sequence[datetime], wishes: Wishes, now: datetime
) -> Plan:
    """The next message of a channel that is not sending.

    `queue` is in the order of ids. `recent`: when the channel's messages, also those sent, were queued; it reaches
    TOGETHER behind the oldest fresh one. `sent`: when messages left within the last hour, oldest first.
    """
    due = [one for one in queue if one.due(now)]
    holds = _storm(queue, due, sorted(recent), now)
    for one in due:
        later = held(wishes, one.severity, one.created_at, now, sent=sent)
        if later and (one.id not in holds or later.until > holds[one.id].until):
            holds[one.id] = later
    blocked = _blocked(queue, holds, now)
    holds |= {one.id: blocked[one.id] for one in due if one.id in blocked and one.id not in holds}
    free = [one for one in due if one.id not in holds]
    resting = [one for one in queue if one.resting(now) and one.id not in blocked]
    if resting and free and not any(one.tries for one in free):
        again_at = min(_probe_at(resting), *(one.next_try_at or now for one in resting))
        if again_at > now:
            return Plan((), holds | {one.id: Hold(again_at, FOR_TRY) for one in free})
    if not free:
        return Plan((), holds)
    if not resting and len(free) <= ALONE and all(one.fresh for one in free):
        return Plan((free[0].id,), holds)
    return Plan(tuple(sorted(one.id for one in [*free, *resting]))[:MOST], holds)


def held(
    wishes: Wishes, severity: str, created_at: datetime, now: datetime, *, sent: Sequence[datetime] = ()
) -> Hold | None:
    """Until when the channel's own wishes let a message wait, None when it may leave now."""
    hold = None
    if wishes.digest_at:
        moment = digest_moment(created_at, wishes.digest_at, wishes.zone)
        hold = Hold(moment, f"daily digest at {wishes.digest_at}") if moment > now else None
    hold = _quiet_hold(wishes, severity, hold.until if hold else now) or hold
    if wishes.per_hour and len(sent) >= wishes.per_hour:
        free_at = sent[-wishes.per_hour] + HOUR
        if free_at > (hold.until if hold else now):
            hold = Hold(free_at, f"at most {wishes.per_hour} {_messages(wishes.per_hour)} an hour")
    return hold


def storm(queued_before: int, together_at: datetime | None, now: datetime) -> Hold | None:
    """For a message queued now as one of many: `queued_before` it within TOGETHER, and when held ones leave."""
    if queued_before < ALONE:
        return None
    return Hold(together_at if together_at and together_at > now else now + TOGETHER, FOR_OTHERS)


def digest_moment(after: datetime, clock: str, zone: str) -> datetime:
    """The first moment, not before `after`, when clocks in the zone show this; skipped hours count as the next one."""
    where = ZoneInfo(zone)
    today = after.astimezone(where).date()
    moments = (_moment(today + timedelta(days=n), clock, where) for n in range(3))
    return next(moment for moment in moments if moment >= after)


def quiet_until(quiet: Quiet, zone: str, now: datetime) -> datetime | None:
    """When the quiet hours around `now` end, None when there are none."""
    where = ZoneInfo(zone)
    today = now.astimezone(where).date()
    for day in (today - timedelta(days=1), today):
        over_midnight = quiet.end <= quiet.start
        begins, ends = _moment(day, quiet.start, where), _moment(day + timedelta(days=over_midnight), quiet.end, where)
        if day.weekday() in quiet.days and begins <= now < ends:
            return ends
    return None


def _quiet_hold(wishes: Wishes, severity: str, at: datetime) -> Hold | None:
    if wishes.quiet is None or (wishes.quiet.except_critical and severity == Severity.CRITICAL):
        return None
    ends = quiet_until(wishes.quiet, wishes.zone, at)
    return Hold(ends, f"quiet hours until {wishes.quiet.end}") if ends else None


def _blocked(queue: Sequence[Waiting], holds: dict[int, Hold], now: datetime) -> dict[int, Hold]:
    """Those that wait for an earlier message of their incident, which waits for what it is held for."""
    blocked: dict[int, Hold] = {}
    first: dict[int, Hold] = {}
    for one in queue:
        if one.incident_id is None:
            continue
        if one.incident_id in first:
            blocked[one.id] = first[one.incident_id]
        elif one.id in holds:
            first[one.incident_id] = holds[one.id]
        elif one.next_try_at and not one.due(now) and not one.resting(now):
            first[one.incident_id] = Hold(one.next_try_at, one.held or FOR_TRY)
    return blocked


def _storm(
    queue: Sequence[Waiting], due: Sequence[Waiting], recent: Sequence[datetime], now: datetime
) -> dict[int, Hold]:
    """Those of the due that came in a storm whose messages do not leave yet."""
    stormy = [one for one in due if one.fresh and _came_with(one, queue, recent) > ALONE]
    if not stormy or any(one.held == FOR_OTHERS for one in due):  # they leave with those whose time has come
        return {}
    together_at = min(one.created_at for one in stormy) + TOGETHER
    waiting = [one.next_try_at for one in queue if one.held == FOR_OTHERS and one.next_try_at and not one.due(now)]
    together_at = min([together_at, *waiting])
    return {one.id: Hold(together_at, FOR_OTHERS) for one in stormy} if together_at > now else {}


def _came_with(one: Waiting, queue: Sequence[Waiting], recent: Sequence[datetime]) -> int:
    """How many messages came within TOGETHER up to this one, itself included."""
    later_twins = sum(other.created_at == one.created_at and other.id > one.id for other in queue)
    up_to = bisect_right(recent, one.created_at) - later_twins
    return up_to - bisect_right(recent, one.created_at - TOGETHER)


def _probe_at(resting: Sequence[Waiting]) -> datetime:
    return max(one.claimed_at or one.created_at for one in resting) + PROBE


def _moment(day: date, clock: str, where: ZoneInfo) -> datetime:
    hour, minute = clock.split(":")
    return datetime.combine(day, time(int(hour), int(minute)), where).astimezone(UTC)


def _messages(number: int) -> str:
    return "message" if number == 1 else "messages"
