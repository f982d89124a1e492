"""What was known of one place at each moment of the past, kept as short as the rule reaches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime

from cicd_health.metrics.changes.detect import SIDE
from cicd_health.model.alerts import Facts, Reach, RunFact, WaitingJob
from cicd_health.model.changes import ChangePoint
from cicd_health.model.moments import Moment


class Past:
    """Told moments in order, gives the Facts of each.

    `known` says what was known before the first of them; it is asked for when facts are. A change of level is known
    once as many runs have followed it as it takes to see one; what it says of itself is what is known of it today.
    """

    def __init__(self, known: Callable[[], Facts], reach: Reach) -> None:
        self.known, self.reach = known, reach
        self.place: Facts | None = None
        self.spoken: list[RunFact] = []
        self.running: dict[int, RunFact] = {}
        self.waiting: dict[tuple[int, str, datetime], WaitingJob] = {}
        self.scheduled: deque[datetime] = deque(maxlen=reach.scheduled)
        self.changes: tuple[ChangePoint, ...] = ()
        self.coming: dict[ChangePoint, int] = {}

    def begin(self) -> Facts:
        """Ask for what was known before, once."""
        if self.place is None:
            known = self.place = self.known()
            self.spoken = [*self.spoken, *known.attempts][: self.reach.runs]
            self.running = {run.run_id: run for run in reversed(known.running)} | self.running
            self.scheduled.extend(known.scheduled)
            self.coming = dict.fromkeys(known.changes, 0)
        return self.place

    @property
    def unfinished(self) -> bool:
        return bool(self.running or self.waiting)

    def put(self, moment: Moment) -> None:
        run, job = moment.run, moment.job
        if moment.kind == "scheduled":
            self.scheduled.appendleft(moment.at)
        elif job is not None:
            if moment.kind == "waiting":
                self.waiting[_key(job)] = job
            else:
                self.waiting.pop(_key(job), None)
        elif run is not None:
            if moment.kind == "began":
                self.running[run.run_id] = run
                return
            self.running.pop(run.run_id, None)
            if moment.kind == "ended":
                self._speak(run)

    def facts(self, now: datetime) -> Facts:
        place = self.begin()
        if self.reach.span is not None:
            oldest = now - self.reach.span
            while self.spoken and self.spoken[-1].created_at < oldest:
                self.spoken.pop()
        return Facts(
            place.pipeline_id,
            place.pipeline,
            place.repo,
            place.provider,
            tuple(self.spoken),
            now,
            place.branch,
            self._running(now) if self.running else (),
            self._waiting(now) if self.waiting else (),
            tuple(self.scheduled),
            self.changes,
        )

    def _running(self, now: datetime) -> tuple[RunFact, ...]:
        return tuple(run for run in reversed(self.running.values()) if (run.started_at or run.created_at) <= now)

    def _waiting(self, now: datetime) -> tuple[WaitingJob, ...]:
        return tuple(job for job in self.waiting.values() if job.since <= now)

    def _speak(self, run: RunFact) -> None:
        """Put a verdict in its place by creation, the newest first; that of a re-run takes the place of the earlier."""
        spoken, own, n = self.spoken, (run.created_at, run.run_id), 0
        while n < len(spoken) and (spoken[n].created_at, spoken[n].run_id) > own:
            n += 1
        if n < len(spoken) and spoken[n].run_id == run.run_id:
            spoken[n] = run
            return
        if n < self.reach.runs:
            spoken.insert(n, run)
            del spoken[self.reach.runs :]
        if self.coming:
            self._follow(run)

    def _follow(self, run: RunFact) -> None:
        for change in self.coming:
            if change.at <= run.created_at:
                self.coming[change] += 1
        come = [change for change, followed in self.coming.items() if followed >= SIDE]
        for change in come:
            del self.coming[change]
        self.changes = tuple(sorted((*come, *self.changes), key=lambda change: change.at, reverse=True))


def _key(job: WaitingJob) -> tuple[int, str, datetime]:
    return job.run_id, job.job, job.since
