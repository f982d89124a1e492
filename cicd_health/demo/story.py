"""Eight weeks at Kestrel: which runs there were, from the everyday rhythm and from what went wrong.

The same moment always gives the same story.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from random import Random

from cicd_health.demo import company
from cicd_health.demo.company import PipelinePlan
from cicd_health.demo.runs import BROKEN, Conditions, Run, rehearse

WEEKS = 8
SEED = "kestrel"
PASS, FAIL, FAIL_TWICE, RESCUED = ("success",), ("failure",), ("failure", "failure"), ("failure", "success")
ORDINARY = Conditions()

# How busy each hour of a working day is, in UTC; a weekend's hour is WEEKEND of it.
HOURS = (2, 1, 1, 1, 1, 3, 16, 60, 110, 150, 155, 130, 95, 150, 155, 140, 105, 60, 28, 16, 10, 8, 5, 3)
WEEKEND = 0.07
WEEK_WEIGHT = sum(HOURS) * (5 + 2 * WEEKEND)

SCRIPTED = timedelta(minutes=75)  # the last of the past, told by `present`
SLOWER_SINCE = timedelta(days=3, hours=20)
SLOWER = Conditions(slower={"gradle bundleRelease": 420})
OUTAGE = timedelta(minutes=95)


@dataclass(frozen=True, slots=True)
class Sketch:
    """A run before it is rehearsed: what was asked for, and how its attempts end."""

    plan: PipelinePlan
    created_at: datetime
    outcomes: tuple[str, ...] = PASS
    title: str = ""
    branch: str = "main"
    actor: str = company.PEOPLE[0]
    event: str = "push"
    special: Conditions = ORDINARY


REFUNDS = Conditions(break_at=("test", "pytest"), rerun_after_s=40)
AT_ONCE = Conditions(rerun_after_s=50)
NETTING = Conditions(break_at=("integration", "mvn verify"), rerun_after_s=50)


@dataclass(frozen=True, slots=True)
class Scene:
    """A push to main, minutes from now, with the title of this place in the pipeline's list."""

    minutes: float
    title: int = 0
    outcomes: tuple[str, ...] = PASS
    special: Conditions = ORDINARY


# What the page shows when it opens: checkout-api broken, and repaired minutes later; iOS builds in the queue; a
# terraform apply that waits for its approval; some runs in progress.
PRESENT: dict[PipelinePlan, tuple[Scene, ...]] = {
    company.CHECKOUT_CI: (
        Scene(-71, 6),
        Scene(-55, 1, FAIL, REFUNDS),
        Scene(-40, 3, FAIL, REFUNDS),
        Scene(-31, 0, FAIL, REFUNDS),
        Scene(-20, 2, FAIL_TWICE, REFUNDS),
        Scene(-3.2, 4, FAIL, REFUNDS),
        Scene(4.5, 5),
    ),
    company.STOREFRONT_CI: (Scene(-46, 2), Scene(-27, 1), Scene(-9.5), Scene(-1.6, 3)),
    company.STOREFRONT_E2E: (Scene(-62, 3), Scene(-31, 3, RESCUED, AT_ONCE)),
    company.ANDROID_BUILD: (Scene(-54, 0, PASS, SLOWER), Scene(-45, 1, PASS, SLOWER), Scene(-37, 0, PASS, SLOWER)),
    company.TERRAFORM: (Scene(-24), Scene(-9), Scene(-7, 2, PASS, Conditions(approval_s=14 * 60))),
    company.LEDGER_INTEGRATION: (Scene(-36, 0, RESCUED, NETTING),),
    company.EDGE_CI: (Scene(-52, 3), Scene(-14)),
    company.EDGE_RELEASE: (Scene(-66 * 60, 1), Scene(-19 * 60)),
    company.IOS: (
        Scene(-48, 2),
        Scene(-44, 2),
        Scene(-12.4, 0, PASS, Conditions(wait_s=1010)),
        Scene(-8, 3, PASS, Conditions(wait_s=1050)),
        Scene(-3.1, 5, PASS, Conditions(wait_s=980)),
    ),
    company.DEPLOY: (Scene(-58, 1), Scene(-28), Scene(-2.4, 2)),
}


def story(now: datetime, weeks: int = WEEKS) -> list[Run]:
    """Every run of the weeks before now, and those that go on or begin in the minutes after it."""
    start = now - timedelta(weeks=weeks)
    sketches = [sketch for plan in company.PIPELINES for sketch in [*everyday(plan, start, now), *present(plan, now)]]
    sketches += [sketch for sketch in incidents(now) if sketch.created_at >= start]
    sketches.sort(key=lambda sketch: (sketch.plan.key, sketch.created_at))
    runs: list[Run] = []
    for _, of_plan in groupby(sketches, key=lambda sketch: sketch.plan.key):
        runs.extend(_numbered(list(of_plan)))
    return sorted(runs, key=lambda run: run.created_at)


def _numbered(sketches: Sequence[Sketch]) -> Iterator[Run]:
    """The runs of one pipeline; no two of them begin in the same second."""
    before = datetime.min.replace(tzinfo=sketches[0].created_at.tzinfo)
    for place, sketch in enumerate(sketches):
        created_at = max(sketch.created_at, before + timedelta(seconds=1)).replace(microsecond=0)
        yield play(replace(sketch, created_at=created_at), sketch.plan.first_number + place)
        before = created_at


def play(sketch: Sketch, number: int) -> Run:
    """The run of a sketch, rehearsed: the same run of a pipeline takes the same time whenever it begins."""
    plan, name = sketch.plan, f"{sketch.plan.key} #{number}"
    rng = Random(f"{SEED} {name}")
    pull_request = None if sketch.event != "pull_request" else 300 + sum(sketch.branch.encode()) % 900
    return Run(
        plan=plan,
        number=number,
        title=sketch.title or plan.titles[0],
        branch=sketch.branch,
        sha=hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest(),
        actor=sketch.actor,
        event=sketch.event,
        pull_request=pull_request,
        attempts=rehearse(plan, rng, sketch.created_at, sketch.outcomes, sketch.special),
    )


def everyday(plan: PipelinePlan, start: datetime, now: datetime) -> list[Sketch]:
    """The ordinary runs of one pipeline. The last of them on main passed, so that only `present` breaks it now."""
    rng = Random(f"{SEED} {plan.key} {now:%Y-%m-%dT%H}")
    sketches: list[Sketch] = []
    red = False
    for at in _clock(plan, start, now) if plan.every_h else _arrivals(plan, rng, start, now - SCRIPTED):
        sketch = _ordinary(plan, rng, at, now, red=red)
        sketches.append(sketch)
        if sketch.outcomes[-1] == "cancelled" and sketch.special.cancelled_after_s:
            newer = at + timedelta(seconds=sketch.special.cancelled_after_s - 2)
            sketches.append(replace(sketch, created_at=newer, outcomes=PASS, special=ORDINARY))
        if sketch.branch == "main":
            red = sketch.outcomes[-1] in BROKEN
    on_main = [place for place, sketch in enumerate(sketches) if sketch.branch == "main"]
    if on_main and plan is not company.NIGHTLY:
        sketches[on_main[-1]] = replace(sketches[on_main[-1]], outcomes=PASS)
    return sketches


def _clock(plan: PipelinePlan, start: datetime, end: datetime) -> Iterator[datetime]:
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + timedelta(minutes=plan.at_minute)
    while at < end:
        if at >= start:
            yield at
        at += timedelta(hours=plan.every_h)


def _arrivals(plan: PipelinePlan, rng: Random, start: datetime, end: datetime) -> Iterator[datetime]:
    """Moments at which people cause a run: by hour and weekday, a little more every week."""
    hour = start.replace(minute=0, second=0, microsecond=0)
    while hour < end:
        growth = 0.89 - 0.2 * ((end - hour) / timedelta(weeks=WEEKS))
        weight = HOURS[hour.hour] * (WEEKEND if hour.weekday() >= 5 else 1)
        left = plan.weekly * growth * weight / WEEK_WEIGHT
        moments = []
        while (left := left - rng.expovariate(1)) > 0:
            moments.append(hour + timedelta(seconds=rng.randrange(3600)))
        yield from (at for at in sorted(moments) if start <= at < end)
        hour += timedelta(hours=1)


def _ordinary(plan: PipelinePlan, rng: Random, at: datetime, now: datetime, *, red: bool) -> Sketch:
    """One everyday run. `red`: the run before on main failed, so this one may still find it broken."""
    sketch = commission(plan, rng, at)
    if plan is company.NIGHTLY and at > now - timedelta(days=7):
        return replace(sketch, outcomes=("unstable",) if at > now - timedelta(days=2) else PASS)
    if outage_began(now) <= at < outage_began(now) + OUTAGE and rng.random() < 0.85:
        return replace(sketch, outcomes=("failure",), special=Conditions(pace=1.6, queue=6))
    sketch = replace(sketch, special=conditions(plan, at, now))
    chance = rng.random()
    if sketch.event == "pull_request" and chance < 0.08:
        return replace(sketch, outcomes=("cancelled",), special=Conditions(cancelled_after_s=rng.randint(30, 140)))
    if 0.08 <= chance < 0.09:
        return replace(sketch, outcomes=("cancelled",))
    if 0.09 <= chance < 0.098 and plan.provider == "github":
        return replace(sketch, outcomes=("skipped",))
    return replace(sketch, outcomes=outcomes(plan, rng, plan.fails if not red else max(plan.fails, 0.3)))


def commission(plan: PipelinePlan, rng: Random, at: datetime) -> Sketch:
    """Somebody, or the clock, asks for a run; how it ends is not said yet."""
    actor = company.BOT if rng.random() < 0.06 else rng.choice(company.PEOPLE)
    title = rng.choice(plan.titles)
    if rng.random() < plan.pull_requests:
        branch = f"{actor}/{'-'.join(word.strip(':,.').lower() for word in title.split()[:4])}"
        return Sketch(plan, at, title=title, branch=branch, actor=actor, event="pull_request")
    event = "schedule" if plan.every_h else "release" if plan is company.EDGE_RELEASE else "push"
    return Sketch(plan, at, title=title, actor=actor, event=event)


def outcomes(plan: PipelinePlan, rng: Random, fails: float) -> tuple[str, ...]:
    """How the attempts of a run end when the first fails with this chance."""
    if rng.random() >= fails:
        return ("success",)
    if plan.name == "nightly-regression":
        return ("unstable",)
    if rng.random() >= plan.rerun:
        return ("failure",)
    return ("failure", "success") if rng.random() < plan.rescue else ("failure", "failure")


def conditions(plan: PipelinePlan, at: datetime, now: datetime) -> Conditions:
    """What is special about every run of this pipeline at that time."""
    return SLOWER if plan is company.ANDROID_BUILD and at >= now - SLOWER_SINCE else ORDINARY


def outage_began(now: datetime) -> datetime:
    """The middle of a working day two weeks ago."""
    day = now - timedelta(days=14)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return day.replace(hour=9, minute=40, second=0, microsecond=0)


def incidents(now: datetime) -> list[Sketch]:
    """What happens rarely, once each."""

    def ago(days: float) -> datetime:
        return now - timedelta(days=days)

    wren, newcomer = company.PEOPLE[0], company.NEWCOMER
    unreadable = Sketch(
        company.TERRAFORM, ago(6.1), ("startup_failure",), "Plan per region", "wren/plan-per-region", wren
    )
    approval = Sketch(
        company.EDGE_CI, ago(3.2), ("action_required",), "Fix a typo", "patch-1", newcomer, "pull_request"
    )
    hung = Sketch(company.STOREFRONT_CI, ago(4.8), ("timed_out",), company.WEB[2], "lumi-v/cart-total-in-one", "lumi-v")
    return [
        replace(unreadable, event="pull_request"),
        approval,
        replace(hung, event="pull_request"),
        Sketch(company.LEDGER_INTEGRATION, ago(17.2), ("timed_out",), company.LEDGER[3], actor="idris-k"),
        Sketch(company.EDGE_CI, ago(9.3), ("neutral",), company.EDGE[4], "oskar-b/smaller-access-log", "oskar-b"),
    ]


def present(plan: PipelinePlan, now: datetime) -> list[Sketch]:
    """The last hour, and what is already certain about the next minutes."""
    rng = Random(f"{SEED} present {plan.key}")
    return [
        Sketch(
            plan,
            now + timedelta(minutes=scene.minutes),
            scene.outcomes,
            plan.titles[scene.title],
            actor=rng.choice(company.PEOPLE),
            special=scene.special,
        )
        for scene in PRESENT.get(plan, ())
    ]
