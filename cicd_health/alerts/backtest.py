"""A rule asked about the past: what became known is told to it in order, and its incidents live as real ones do."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from cicd_health.alerts.past import Past
from cicd_health.alerts.rule import Rule, Verdict
from cicd_health.model.alerts import REOPENS, Facts
from cicd_health.model.backtest import Fired, TestedDay
from cicd_health.model.moments import Moment, Place

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Replay:
    """The incidents, oldest first, and the verdicts they came from."""

    fired: tuple[Fired, ...]
    days: tuple[TestedDay, ...]
    messages: int


def replay(
    rule: Rule,
    params: Any,
    moments: Iterable[Moment],
    known: Callable[[Place], Facts],
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    places: Iterable[Place] = (),
) -> Replay:
    """What the rule would have done from `start` to `end`, had it been made at `start`.

    `moments` are in order and may begin earlier: of those the rule is told, but not asked. `known` gives what was known
    of a place before the first of them; `places` are asked about even if nothing is told of them. The clock is not
    waited for: what it would find within the next quarter of a minute is dated to the second it became true.
    """
    reach, days = rule.reach(params), _Days(start, end, zone)
    watch = partial(_Watched, rule, params)
    seen = {place: watch(Past(partial(known, place), reach), start) for place in places}
    for moment in moments:
        if moment.at >= end:
            break
        watched = seen.get(moment.place)
        if watched is None:
            watched = seen[moment.place] = watch(Past(partial(known, moment.place), reach), start)
        watched.hear(moment)
        if moment.kind == "ended" and moment.at >= start:
            assert moment.run is not None
            days.put(moment.at, failed=moment.run.outcome.failed)
    fired: list[Fired] = []
    for watched in seen.values():
        watched.until(end)
        if watched.life.incidents:
            fired += watched.life.fired(watched.past.begin())
    return Replay(
        tuple(sorted(fired, key=lambda one: (one.told_at, one.pipeline_id, one.branch or ""))),
        days.counted(),
        sum(1 + one.reopened for one in fired) + sum(watched.life.resolved for watched in seen.values()),
    )


@dataclass(slots=True)
class _Watched:
    """One place, the rule that is asked about it, and what came of it. `asked_at`: all before that is settled."""

    rule: Rule
    params: Any
    past: Past
    asked_at: datetime
    life: _Life = field(default_factory=lambda: _Life())

    def __post_init__(self) -> None:
        if not self.rule.opens_on_failure:
            self.past.begin()

    def hear(self, moment: Moment) -> None:
        clock = self.rule.clock
        if clock is None:
            self.past.put(moment)
            if moment.kind == "ended" and moment.at >= self.asked_at and self._may_matter(moment):
                self._ask(moment.at)
            return
        settles = moment.kind == "scheduled" if clock == "scheduled" else moment.kind in ("ended", "gone", "taken")
        if settles:
            self.until(moment.at)
        self.past.put(moment)
        if settles and self.life.open and moment.at >= self.asked_at:
            self._ask(moment.at)

    def _may_matter(self, moment: Moment) -> bool:
        if self.life.open or not self.rule.opens_on_failure:
            return True
        return moment.run is not None and moment.run.outcome.failed

    def until(self, at: datetime) -> None:
        """Let the clock ask about the time up to this moment, in which nothing ended."""
        if self.rule.clock is None or at <= self.asked_at:
            return
        if self.life.open is None:
            self._watch(at)
        self.asked_at = at

    def _watch(self, at: datetime) -> None:
        """Find when the rule began to fire: as long as nothing ends, things only grow worse."""
        if self.rule.clock == "unfinished" and not self.past.unfinished:
            return
        quiet_until = self.asked_at
        for look_at in self._looks(at):
            if self._check(look_at).firing:
                fires_at = self._first(quiet_until, look_at)
                if fires_at < at:
                    self.life.take(self._check(fires_at), fires_at)
                return
            quiet_until = look_at

    def _looks(self, at: datetime) -> list[datetime]:
        """When to look: at the end, and earlier in a long time: a schedule is given up after days of silence."""
        looks = [at]
        if self.rule.clock == "scheduled":
            passed = (at - self.asked_at) / 4
            while passed >= DAY:
                looks.append(self.asked_at + passed)
                passed /= 4
        return looks[::-1]

    def _first(self, after: datetime, by: datetime) -> datetime:
        """The first second at which the rule fires, knowing that it does at `by`."""
        low, high = 0, int((by - after) / SECOND)
        while low < high:
            middle = (low + high) // 2
            if self._check(after + middle * SECOND).firing:
                high = middle
            else:
                low = middle + 1
        return after + low * SECOND

    def _check(self, now: datetime) -> Verdict:
        return self.rule.check(self.past.facts(now), self.params)

    def _ask(self, now: datetime) -> None:
        self.life.take(self._check(now), now)


@dataclass(slots=True)
class _Incident:
    opened_at: datetime
    told_at: datetime
    verdict: Verdict
    run_id: int | None
    resolved_at: datetime | None = None
    recovered_run_id: int | None = None
    reopened: int = 0


@dataclass(slots=True)
class _Life:
    """The incidents of one place, as `flow` would have them. `resolved` counts ends, those before a return too."""

    incidents: list[_Incident] = field(default_factory=list)
    open: _Incident | None = None
    resolved: int = 0

    def take(self, verdict: Verdict, now: datetime) -> None:
        if verdict.firing:
            self._fires(verdict, now)
        elif verdict.cleared and self.open is not None:
            self._clears(self.open, verdict, now)

    def _fires(self, verdict: Verdict, now: datetime) -> None:
        if self.open is None:
            last = self.incidents[-1] if self.incidents else None
            if last is not None and last.resolved_at is not None and now - last.resolved_at <= REOPENS:
                last.resolved_at, last.recovered_run_id, last.reopened = None, None, last.reopened + 1
                self.open = last
            else:
                self.open = _opened(verdict, now)
                self.incidents.append(self.open)
        elif verdict.first and not self.open.reopened and verdict.first.ended_at < self.open.opened_at:
            self.open.opened_at, self.open.run_id = verdict.first.ended_at, verdict.first.run_id  # it was known late
        if _says_more(verdict, self.open.verdict):
            self.open.verdict = verdict

    def _clears(self, incident: _Incident, verdict: Verdict, now: datetime) -> None:
        over_at = verdict.last.ended_at if verdict.last else now
        incident.resolved_at = max(over_at, incident.opened_at)
        incident.recovered_run_id = verdict.last.run_id if verdict.last else None
        self.open = None
        self.resolved += 1

    def fired(self, place: Facts) -> list[Fired]:
        return [
            Fired(
                pipeline_id=place.pipeline_id,
                pipeline=place.pipeline,
                repo=place.repo,
                provider=place.provider,
                branch=place.branch,
                opened_at=one.opened_at,
                told_at=one.told_at,
                resolved_at=one.resolved_at,
                failures=one.verdict.failures,
                reason=one.verdict.reason,
                run_id=one.run_id,
                recovered_run_id=one.recovered_run_id,
                reopened=one.reopened,
            )
            for one in self.incidents
        ]


def _says_more(verdict: Verdict, known: Verdict) -> bool:
    """How long the trouble lasts is no news."""
    if verdict.failures != known.failures or known.last is None:
        return True
    return verdict.last is not None and verdict.last.run_id != known.last.run_id


def _opened(verdict: Verdict, now: datetime) -> _Incident:
    first = verdict.first
    began_at = first.ended_at if first else verdict.since or now
    return _Incident(began_at, now, verdict, first.run_id if first else None)


class _Days:
    """Verdicts by day of a zone; days without any are there too."""

    def __init__(self, start: datetime, end: datetime, zone: ZoneInfo) -> None:
        first, last = start.astimezone(zone).date(), (end - SECOND).astimezone(zone).date()
        self.days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        self.begins = [datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() for day in self.days]
        self.passed, self.failed = [0] * len(self.days), [0] * len(self.days)

    def put(self, at: datetime, *, failed: bool) -> None:
        place = max(0, bisect_right(self.begins, at.timestamp()) - 1)
        (self.failed if failed else self.passed)[place] += 1

    def counted(self) -> tuple[TestedDay, ...]:
        return tuple(map(TestedDay, self.days, self.passed, self.failed))
