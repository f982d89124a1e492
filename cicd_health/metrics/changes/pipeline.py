"""All series of one pipeline, and what changed in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cicd_health.metrics.changes import detect
from cicd_health.metrics.changes.blame import Sides
from cicd_health.model.changes import ChangeOf, ChangePoint
from cicd_health.model.series import PartsSeen, VerdictSeen

EDGE = 30  # values before a change without which it cannot be judged again
EACH_SIDE = 30  # runs that blame looks at

Name = tuple[ChangeOf, str | None, str | None]  # what, job, step


@dataclass(slots=True)
class Series:
    """Values of one name with the runs they are of, oldest first. `cut`: there were more before, not looked at."""

    cut: bool
    runs: list[VerdictSeen] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    @property
    def judged_from(self) -> datetime | None:
        """The moment since when changes are looked for; None for always."""
        return self.runs[min(EDGE, len(self.runs)) - 1].at if self.cut else None


def series_of(runs: Sequence[VerdictSeen], jobs: PartsSeen, steps: PartsSeen, *, cut: bool) -> dict[Name, Series]:
    """Durations of successes, and verdicts, of a pipeline, its jobs and their steps. `cut`: there were runs before."""
    found: dict[Name, Series] = {}
    for run in runs:
        _put(found, (None, None), run, run.failed, run.duration_s, cut)
    order = {run.run_id: n for n, run in enumerate(runs)}
    for seen in (jobs, steps):
        shortened = cut or len(seen.run_ids) < len(runs)
        once = _once_per_run(seen)
        for run_id, job, step in sorted(once, key=lambda part: order[part[0]]):
            _put(found, (job, step), runs[order[run_id]], *once[run_id, job, step], shortened)
    return found


def _once_per_run(seen: PartsSeen) -> dict[tuple[int, str, str | None], tuple[bool, float | None]]:
    """Whether one of that name failed, and the longest where several have the name."""
    parts: dict[tuple[int, str, str | None], tuple[bool, float | None]] = {}
    for part in seen.parts:
        key = (part.run_id, part.job, part.step)
        failed, longest = parts.get(key, (False, None))
        known = [seconds for seconds in (longest, part.duration_s) if seconds is not None]
        parts[key] = failed or part.failed, max(known, default=None)
    return parts


def _put(
    found: dict[Name, Series],
    part: tuple[str | None, str | None],
    run: VerdictSeen,
    failed: bool,
    duration_s: float | None,
    cut: bool,
) -> None:
    values: list[tuple[ChangeOf, float]] = [("failure_rate", float(failed))]
    if not failed and duration_s is not None:
        values.append(("duration", duration_s))
    for of, value in values:
        series = found.setdefault((of, *part), Series(cut))
        series.runs.append(run)
        series.values.append(value)


def changes_of(pipeline_id: int, all_series: Mapping[Name, Series]) -> Iterator[ChangePoint]:
    """Every change of every series, without blame."""
    for (of, job, step), series in all_series.items():
        moments = [run.at for run in series.runs]
        if of == "duration":
            found = detect.slower(series.values, moments)
        else:
            found = detect.failing([value > 0 for value in series.values], moments)
        for one in found:
            run = series.runs[one.place]
            if series.judged_from is None or run.at >= series.judged_from:
                yield ChangePoint(
                    pipeline_id=pipeline_id,
                    of=of,
                    job=job,
                    step=step,
                    run_id=run.run_id,
                    at=run.at,
                    before=one.before,
                    after=one.after,
                    n_before=one.n_before,
                    n_after=one.n_after,
                    confidence=one.confidence,
                )


def out_of_sight(all_series: Mapping[Name, Series], known: Iterable[ChangePoint]) -> list[ChangePoint]:
    """Changes found before that lie further back than is looked now, of series that go on."""
    kept = []
    for change in known:
        series = all_series.get((change.of, change.job, change.step))
        if series is not None and series.judged_from is not None and change.at < series.judged_from:
            kept.append(change)
    return kept


def sides(series: Series, change: ChangePoint) -> Sides:
    """The runs on both sides of a change, 30 at most on each and none beyond its neighbours."""
    ids = [run.run_id for run in series.runs]
    place = ids.index(change.run_id)
    before = ids[place - min(change.n_before, EACH_SIDE) : place]
    return frozenset(before), frozenset(ids[place : place + min(change.n_after, EACH_SIDE)])
