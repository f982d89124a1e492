"""Each pipeline: its state and why, its strip, its numbers, what runs and waits now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from cicd_health.metrics.duration import durations
from cicd_health.metrics.health import Signs, diagnose, reliable_p50, reliable_p95
from cicd_health.metrics.metric import distribution
from cicd_health.metrics.report.flaky import flaky
from cicd_health.metrics.report.numbers import passed_of
from cicd_health.model.alerts import IncidentState, Severity
from cicd_health.model.changes import ChangePoint
from cicd_health.model.flakes import CONFIRMED, WINDOW, Flake, flakiest
from cicd_health.model.health import HealthState, PipelineHealth, Query, StripRun
from cicd_health.model.runs import ABSURD_S, Outcome
from cicd_health.model.tally import Tally
from cicd_health.model.windows import Window
from cicd_health.store import changes
from cicd_health.store.reports import pipelines as kept
from cicd_health.store.reports.days import Days
from cicd_health.store.reports.pieces import A_PIECE, MEMORY, remembered
from cicd_health.store.reports.pipelines import LastVerdict, Named, OpenIncident, Streak, Unfinished
from cicd_health.store.reports.reading import Reading, pair

FORGOTTEN = timedelta(days=30)  # a pipeline without a run for so long is left out
WORST_FIRST = {state: rank for rank, state in enumerate(HealthState)}
SEVERITIES = tuple(Severity)  # the worst first


@dataclass(frozen=True, slots=True)
class Present:
    """What a pipeline does at this moment."""

    running: int = 0
    running_since: datetime | None = None
    expected_end_at: datetime | None = None
    waiting: int = 0
    oldest_waiting_at: datetime | None = None
    needs_approval: int = 0


@dataclass
class Known:
    """Everything read about the pipelines of one query, by pipeline."""

    query: Query
    now: datetime
    tallies: Mapping[int, Tally]
    tallies_before: Mapping[int, Tally]
    strips: Mapping[int, tuple[StripRun, ...]]
    verdicts: Mapping[int, LastVerdict]  # of the branch that decides the state
    verdicts_anywhere: Mapping[int, LastVerdict]
    streaks: Mapping[int, Streak]
    flakes: Mapping[int, Flake]
    unfinished: Mapping[int, list[Unfinished]]
    waiting: Mapping[int, list[datetime]]  # by run
    changes: Mapping[int, list[ChangePoint]]  # for the worse, that nothing has undone; newest first
    incidents: Mapping[int, OpenIncident] = field(default_factory=dict)


def pipelines(session: Session, query: Query, now: datetime) -> tuple[PipelineHealth, ...]:
    """Every pipeline of a query that has a run in the window, or had one in the last 30 days; worst first."""
    return pipeline_healths(
        session,
        query,
        now,
        pair(session, query),
        kept.named(session, query),
        kept.open_incidents(session, query),
        kept.last_verdicts_twice(session, query),
    )


def pipeline_healths(
    session: Session,
    query: Query,
    now: datetime,
    readings: tuple[Reading, Reading],
    named: Sequence[Named],
    incidents: Sequence[OpenIncident],
    verdicts: tuple[Mapping[int, LastVerdict], Mapping[int, LastVerdict]],
) -> tuple[PipelineHealth, ...]:
    """Worst first; of equal ones those that are so for longest, then by name.

    `readings`: of the window and of the one before; `verdicts`: the last of any branch, and of the one that counts.
    """
    known = _read(session, query, now, readings, incidents, verdicts)
    shown = [_health(known, pipeline) for pipeline in named if _alive(known, pipeline)]
    never = query.window.end + FORGOTTEN
    return tuple(sorted(shown, key=lambda one: (WORST_FIRST[one.state], one.since or never, one.repo, one.name)))


def _read(
    session: Session,
    query: Query,
    now: datetime,
    readings: tuple[Reading, Reading],
    incidents: Sequence[OpenIncident],
    all_verdicts: tuple[Mapping[int, LastVerdict], Mapping[int, LastVerdict]],
) -> Known:
    reading, before = readings
    verdicts_anywhere, verdicts = all_verdicts
    failing = [pipeline_id for pipeline_id, last in verdicts.items() if last.outcome.failed]
    unfinished: dict[int, list[Unfinished]] = {}
    for run in kept.unfinished(session, query, now - timedelta(seconds=ABSURD_S)):
        unfinished.setdefault(run.pipeline_id, []).append(run)
    return Known(
        query=query,
        now=now,
        tallies=reading.pipelines(),
        tallies_before=before.pipelines(),
        strips=kept.strips(session, query),
        verdicts=verdicts,
        verdicts_anywhere=verdicts_anywhere,
        streaks=kept.streaks(session, query, failing),
        flakes=_flakes(session, query, now.replace(second=0, microsecond=0)),
        unfinished=unfinished,
        waiting=kept.waiting_jobs(session, (run.run_id for runs in unfinished.values() for run in runs)),
        changes=_worse(changes.of_pipelines(session, None, query.window.start), query),
        incidents=_loudest(incidents),
    )


def _loudest(incidents: Sequence[OpenIncident]) -> dict[int, OpenIncident]:
    """Of each pipeline the one to show: not a muted one if another is open, the worst, the oldest."""
    found: dict[int, OpenIncident] = {}
    for one in sorted(incidents, key=lambda i: (i.state == IncidentState.MUTED, SEVERITIES.index(i.severity))):
        if one.pipeline_id is not None:
            found.setdefault(one.pipeline_id, one)
    return found


def _flakes(session: Session, query: Query, minute: datetime) -> Mapping[int, Flake]:
    """The flakiest job of each pipeline that has a confirmed one: as of a minute, remembered while nothing changes."""
    since = minute - WINDOW
    days = [Days(session, subject, since, minute) for subject in ("run", "job")]

    def read() -> Mapping[int, Flake]:
        return flakiest(flaky(session, query, minute, commits=CONFIRMED))

    if not all(of_subject.certain(since, minute) for of_subject in days):
        return read()
    revisions = [of_subject.revisions(since, minute) for of_subject in days]
    asked = replace(query, window=Window("custom", since, minute))
    key = "flakes", str(session.get_bind().engine.url), asked, *revisions
    weight = A_PIECE + sum(map(len, revisions))  # there is another key every minute: it is most of what is kept
    return remembered(MEMORY, key, read, lambda found: weight + len(found))


def _worse(found: Iterable[ChangePoint], query: Query) -> dict[int, list[ChangePoint]]:
    """Of each pipeline's durations and failures the newest change in the window, if it is for the worse.

    A branch that is asked for has none: changes are looked for on the default branch.
    """
    newest: dict[tuple[int, str], ChangePoint] = {}
    for change in found:
        if change.job is None and change.at < query.window.end and query.branch is None:
            newest.setdefault((change.pipeline_id, change.of), change)
    worse: dict[int, list[ChangePoint]] = {}
    for change in newest.values():
        if change.worse:
            worse.setdefault(change.pipeline_id, []).append(change)
    return worse


def _alive(known: Known, pipeline: Named) -> bool:
    """Whether it has a run in the window, had one in the last 30 days, or had one ever and is asked for by itself."""
    if pipeline.pipeline_id in known.tallies:
        return True
    strip = known.strips.get(pipeline.pipeline_id)
    asked_for = known.query.pipeline_id is not None
    return bool(strip) and (asked_for or known.now - strip[-1].created_at <= FORGOTTEN)


def _health(known: Known, pipeline: Named) -> PipelineHealth:
    pipeline_id = pipeline.pipeline_id
    tally = known.tallies.get(pipeline_id, Tally())
    tally_before = known.tallies_before.get(pipeline_id, Tally())
    duration = durations(tally, known.query.durations)
    duration_before = durations(tally_before, known.query.durations)
    queue = distribution(tally.queue)
    successes, verdicts = passed_of(tally.counts)
    successes_before, verdicts_before = passed_of(tally_before.counts)
    changes_of = known.changes.get(pipeline_id, [])
    deciding = known.verdicts.get(pipeline_id)
    last = deciding or known.verdicts_anywhere.get(pipeline_id)
    streak = known.streaks.get(pipeline_id)
    present = _present(known, pipeline_id, tally)
    incident = known.incidents.get(pipeline_id)
    diagnosis = diagnose(
        Signs(
            now=known.now,
            last=deciding.outcome if deciding else None,
            in_a_row=streak.failures if streak else 0,
            failing_since=streak.since if streak else None,
            failed_job=deciding.failed_job if deciding else None,
            failed_step=deciding.failed_step if deciding else None,
            waiting=present.waiting,
            oldest_waiting_at=present.oldest_waiting_at,
            flake=known.flakes.get(pipeline_id),
            duration=duration,
            duration_before=duration_before,
            queue=queue,
            verdicts=verdicts,
            window_start=known.query.window.start,
            change=next((change for change in changes_of if change.of == "duration"), None),
        )
    )
    return PipelineHealth(
        pipeline_id=pipeline_id,
        name=pipeline.name,
        repo=pipeline.repo,
        provider=pipeline.provider,
        branch=known.query.branch or pipeline.default_branch or (last.branch if last else None),
        url=pipeline.url,
        state=diagnosis.state,
        why=diagnosis.why,
        since=diagnosis.since,
        strip=known.strips.get(pipeline_id, ()),
        successes=successes,
        verdicts=verdicts,
        p95_s=reliable_p95(duration),
        p95_before_s=reliable_p95(duration_before),
        queue_p95_s=queue.p95,
        last_run_id=last.run_id if last else None,
        last_run_url=last.url if last else None,
        last_outcome=last.outcome if last else None,
        last_rescued=last.rescued if last else False,
        last_at=(last.completed_at or last.created_at) if last else None,
        running=present.running,
        expected_end_at=present.expected_end_at,
        running_since=present.running_since,
        waiting=present.waiting,
        oldest_waiting_at=present.oldest_waiting_at,
        needs_approval=present.needs_approval,
        failing_job=deciding.failed_job if deciding and deciding.outcome.failed else None,
        incident_id=incident.incident_id if incident else None,
        incident_state=incident.state if incident else None,
        in_a_row=streak.failures if streak else 0,
        runs=tally.total,
        successes_before=successes_before,
        verdicts_before=verdicts_before,
        p50_s=reliable_p50(duration),
        p50_before_s=reliable_p50(duration_before),
        spent_s=tally.spent_us / 1e6,
        spent_before_s=tally_before.spent_us / 1e6,
        change=changes_of[0] if changes_of else None,
    )


def _present(known: Known, pipeline_id: int, tally: Tally) -> Present:
    runs = known.unfinished.get(pipeline_id, [])
    # The run that started first ends first: all are expected to take as long as the pipeline's median success.
    started = sorted(run.started_at or run.created_at for run in runs if run.outcome is Outcome.RUNNING)
    usual = reliable_p50(distribution(tally.passed)) if started else None
    waiting = [since for run in runs for since in _waits(known, run)]
    return Present(
        running=len(started),
        running_since=started[0] if started else None,
        expected_end_at=started[0] + timedelta(seconds=usual) if started and usual is not None else None,
        waiting=len(waiting),
        oldest_waiting_at=min(waiting, default=None),
        needs_approval=sum(run.outcome is Outcome.WAITING for run in runs)
        + tally.counts.get(Outcome.ACTION_REQUIRED, 0),
    )


def _waits(known: Known, run: Unfinished) -> list[datetime]:
    """Since when its queued jobs wait; a queued run whose jobs are not known waits itself."""
    if run.run_id in known.waiting:
        return known.waiting[run.run_id]
    return [run.created_at] if run.outcome is Outcome.QUEUED else []
