"""A run that a schedule should have begun did not come: a dead man's switch."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, field_validator

from cicd_health.alerts import cadence, cron
from cicd_health.alerts.history import counted, moment, newest
from cicd_health.alerts.rule import HOLD, Facts, Reach, Rule, RunFact, Verdict

LOOKED_AT = 400  # scheduled runs from which a cadence is learned: two weeks of an hourly one
EARLY = timedelta(minutes=1)  # that a run may begin before it is due: clocks differ
LEARNED_GRACE = timedelta(minutes=90)  # at least: GitHub starts up to an hour late
COUNTED = 100  # missed times, at most
GIVEN_UP = timedelta(days=60)
GIVEN_UP_PAUSES = 20
NEVER_GIVEN_UP = timedelta(days=7)


class Params(BaseModel):
    cron: str = Field(
        "",
        max_length=200,
        description="When it is due, as a cron line (0 2 * * 1-5); empty: learned from its runs",
    )
    zone: str = Field(
        "UTC",
        max_length=100,
        description="Time zone of the cron line, or of the server: when it has weekends and changes its clocks",
    )
    grace_minutes: int = Field(
        90,
        ge=1,
        le=7 * 24 * 60,
        description="How late it may be (GitHub: up to an hour); at least 90 for a learned schedule",
        json_schema_extra={"unit": "min"},
    )
    min_runs: int = Field(
        8,
        ge=8,
        le=LOOKED_AT,
        description="Scheduled runs from which a schedule is learned",
        json_schema_extra={"unit": "runs"},
    )

    @field_validator("cron")
    @classmethod
    def _a_line(cls, line: str) -> str:
        line = " ".join(line.split())
        if line:
            cron.check_line(line)
        return line

    @field_validator("zone")
    @classmethod
    def _a_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name.strip()).key
        except (ValueError, OSError, KeyError) as error:
            raise ValueError(f"{name!r} is not a time zone; one is Europe/Berlin") from error

    @property
    def grace(self) -> timedelta:
        return timedelta(minutes=self.grace_minutes)


def check(facts: Facts, params: Params) -> Verdict:
    """Firing from a grace after the first missed time, over with the next scheduled run.

    A pipeline that no schedule ever began says nothing. Nor does a learned schedule that has been silent since it was
    due for 20 of its longest pauses (a week at least, 60 days at most): it was given up. By then its incident is long
    open. GitHub switches schedules off after 60 days without a commit; that is a first missed time like any other.
    """
    if not facts.scheduled:
        return HOLD
    return _by_cron(facts, params) if params.cron else _by_cadence(facts, params)


def _by_cron(facts: Facts, params: Params) -> Verdict:
    last = facts.scheduled[0]
    if facts.now - last <= params.grace:
        return _cleared(facts)
    dues = cron.dues_before(params.cron, params.zone, facts.now - params.grace)
    missed = sum(1 for _ in takewhile(lambda due: due.at - EARLY > last, islice(dues, COUNTED)))
    if not missed:
        return _cleared(facts)
    since = cron.first_due_after(params.cron, params.zone, last + EARLY).at
    return _firing(facts, since, missed)


def _by_cadence(facts: Facts, params: Params) -> Verdict:
    grace = max(params.grace, LEARNED_GRACE)
    if len(facts.scheduled) < params.min_runs:
        return HOLD
    if facts.now - facts.scheduled[0] <= grace:
        return _cleared(facts)
    began = facts.scheduled[LOOKED_AT - 1 :: -1]
    expected = cadence.expected_next(began, params.zone)
    if expected is None or facts.now - expected.by > _patience(began):
        return HOLD
    return _firing(facts, expected.at, 1) if facts.now > expected.by + grace else _cleared(facts)


def _patience(began: tuple[datetime, ...]) -> timedelta:
    """How long after a missed time a learned schedule is believed in."""
    longest = max(later - earlier for earlier, later in pairwise(began))
    return min(GIVEN_UP, max(NEVER_GIVEN_UP, GIVEN_UP_PAUSES * longest))


def _firing(facts: Facts, since: datetime, missed: int) -> Verdict:
    times = f"{COUNTED} times or more" if missed == COUNTED else counted(missed, "time")
    return Verdict(
        firing=True,
        headline=f"did not run when it was due, {moment(since)}",
        reason=f"missed {times}; the last scheduled run began {moment(facts.scheduled[0])}",
        failures=missed,
        since=since,
    )


def _cleared(facts: Facts) -> Verdict:
    began = facts.scheduled[0]
    return Verdict(cleared=True, reason=f"a scheduled run began {moment(began)}", last=_run(facts, began))


def _run(facts: Facts, began: datetime) -> RunFact | None:
    """The run that was created then, if it is the newest or still running."""
    return next((run for run in (*facts.running, *newest(facts, 1)) if run.created_at == began), None)


def words(params: Params) -> str:
    schedule = f"cron {params.cron} {params.zone}" if params.cron else "as its runs came before"
    return f"{schedule}, {params.grace_minutes} min late"


RULE = Rule(
    "missed_schedule",
    "Missed schedule",
    Params,
    check,
    reach=lambda params: Reach(runs=1, running=True, scheduled=1 if params.cron else LOOKED_AT),
    words=words,
    about="A scheduled run did not come: the schedule is known from its runs, or given as a cron line.",
    mark="stale",
    clock="scheduled",
)
