"""What is wrong with a pipeline: where it changed, what is flaky, why it fails. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from cicd_health.model.changes import ChangePoint
from cicd_health.model.flakes import FlakyJob, FlakyState
from cicd_health.model.pipeline_report import FailureGroup, PipelineReport
from cicd_health.ui import format as text
from cicd_health.ui import routes
from cicd_health.ui.pipeline_view.numbers import run_name
from cicd_health.ui.routes import AskedFailures
from cicd_health.ui.run_view.said import Said, code, link, plain, strong

FLAKY_WORDS = {
    FlakyState.CONFIRMED: ("flaky", "Confirmed"),
    FlakyState.SUSPECTED: ("few", "Suspected"),
    FlakyState.BROKEN: ("failure", "Broken"),
}
RUNS_OF_A_FLAKE = 3
CHANGES = 10
SAME_TIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """`mark` names a glyph; `said` is a sentence, `below` what it rests on."""

    key: str
    glyph: str
    tone: str
    word: str
    said: list[Said]
    below: str


@dataclass(frozen=True, slots=True)
class FlakyRow:
    key: str
    glyph: str
    tone: str
    word: str
    job: str
    said: str
    runs: list[Said]


@dataclass(frozen=True, slots=True)
class FailureRow:
    key: str
    href: str
    line: str
    runs: str
    noun: str
    where: str
    new: bool
    exact: str


@dataclass(frozen=True, slots=True)
class Troubles:
    """`calm_…` says what there is not; `unread`: there were failures all the same.

    `among_all` leads to these failures on the page of those of all pipelines.
    """

    changes: list[ChangeRow] = field(default_factory=list)
    flaky: list[FlakyRow] = field(default_factory=list)
    failures: list[FailureRow] = field(default_factory=list)
    failed: str = ""
    among_all: str = ""
    calm_changes: str = ""
    calm_flaky: str = ""
    calm_failures: str = ""
    unread: bool = False


def troubles(report: PipelineReport, numbers: Mapping[int, int], zone: tzinfo) -> Troubles:
    failed = report.summary.verdicts - report.summary.successes
    return Troubles(
        changes=[change_row(change, numbers, report.now, zone) for change in told(report.changes)[:CHANGES]],
        flaky=[flaky_row(job, numbers, report.now, zone) for job in report.flaky],
        failures=[failure_row(group, report.now, zone) for group in report.failures],
        failed=f"{text.counted(failed, 'run')} did not pass" if failed else "",
        among_all=_among_all(report) if report.failures else "",
        calm_changes="" if report.changes else "No job, step or rate moved to another level",
        calm_flaky="" if report.flaky else "No job failed, then passed, on the same commit in 14 days",
        calm_failures="" if report.failures else _no_reasons(failed),
        unread=bool(failed),
    )


def _among_all(report: PipelineReport) -> str:
    query = report.query
    asked = AskedFailures(query.window.slug, branch=query.branch or "", q=f"{report.repo}/{report.name}")
    return routes.failures(asked)


def told(changes: Sequence[ChangePoint]) -> list[ChangePoint]:
    """Newest first, the pipeline's before its jobs'. What one change is blamed on is not told again."""
    ordered = sorted(changes, key=lambda one: (one.job is not None, one.step is not None))
    some: list[ChangePoint] = []
    for change in ordered:
        if not any(_is_part(change, wider) for wider in some):
            some.append(change)
    return sorted(some, key=lambda one: one.at, reverse=True)


def _is_part(change: ChangePoint, wider: ChangePoint) -> bool:
    """Whether the wider change already names this job, or this step, at about the same time."""
    blame = wider.blame
    if blame is None or (change.of, change.worse) != (wider.of, wider.worse) or change.job != blame.job:
        return False
    return change.step in (None, blame.step) and abs(change.at - wider.at) <= SAME_TIME


def _no_reasons(failed: int) -> str:
    """Logs are looked into, but not every failure has one."""
    if not failed:
        return "Every run passed"
    return "No log of it shows a failing line" if failed == 1 else "No log of them shows a failing line"


def change_row(change: ChangePoint, numbers: Mapping[int, int], now: datetime, zone: tzinfo) -> ChangeRow:
    duration = change.of == "duration"
    word = ("Slower" if change.worse else "Faster") if duration else ("Fails more" if change.worse else "Fails less")
    glyph = ("slower" if duration else "unstable") if change.worse else "success"
    return ChangeRow(
        key=f"{change.of} {change.job} {change.step} {change.run_id}",
        glyph=glyph,
        tone="warn" if change.worse else "ok",
        word=word,
        said=[*_what(change), *_levels(change), *_since(change, numbers, now, zone), *_blamed(change)],
        below=f"{_sure(change.confidence)}: {text.counted(change.n_before, 'run')} before, "
        f"{text.count(change.n_after)} since",
    )


def _what(change: ChangePoint) -> list[Said]:
    if change.step is not None:
        return [plain("Step "), code(change.step), plain(" of job "), code(change.job or "")]
    return [plain("Job "), code(change.job)] if change.job is not None else [plain("The pipeline")]


def _levels(change: ChangePoint) -> list[Said]:
    """` takes 6m 10s instead of 4m 02s (+53 %)`."""
    if change.of == "failure_rate":
        before, after = text.rate(change.before), text.rate(change.after)
        return [plain(" fails "), strong(after), plain(f" of the time instead of {before}")]
    size = f" ({percent(change)})" if change.before else ""
    return [
        plain(" takes "),
        strong(text.unbroken(text.duration(change.after))),
        plain(text.unbroken(f" instead of {text.duration(change.before)}{size}")),
    ]


def percent(change: ChangePoint) -> str:
    """`+53 %`, `−12 %`: by how much a duration moved."""
    share = round(100 * (change.after - change.before) / change.before)
    return f"{'+' if share > 0 else '−'}{abs(share):,} %"


def _since(change: ChangePoint, numbers: Mapping[int, int], now: datetime, zone: tzinfo) -> list[Said]:
    when = text.moment(change.at, now, zone)
    return [plain(f" since {when}, "), link(run_name(change.run_id, numbers), routes.run(change.run_id))]


def _blamed(change: ChangePoint) -> list[Said]:
    blame = change.blame
    if blame is None:
        return []
    where = [code(blame.step), plain(" of "), code(blame.job)] if blame.step else [code(blame.job)]
    moved = f": {text.duration(blame.before_s)} → {text.duration(blame.after_s)}"
    return [plain(" · mostly "), *where, plain(text.unbroken(moved))]


def _sure(confidence: float) -> str:
    return f"{min(99, int(100 * confidence))} % sure"


def flaky_row(job: FlakyJob, numbers: Mapping[int, int], now: datetime, zone: tzinfo) -> FlakyRow:
    glyph, word = FLAKY_WORDS[job.state]
    commits = f"on {text.counted(job.commits, 'commit')}"
    said = [
        f"failed, then passed {commits}, last {text.moment(job.last_at, now, zone)}",
        f"failed {text.count(job.failed)} of {text.count(job.verdicts)} times in 14 days",
        f"{text.counted(job.clean, 'clean commit')} since" if job.clean else "",
    ]
    runs: list[Said] = []
    for run_id in job.run_ids[:RUNS_OF_A_FLAKE]:
        runs += [plain(" · ")] if runs else []
        runs.append(link(run_name(run_id, numbers), routes.run(run_id)))
    tone = {FlakyState.CONFIRMED: "warn", FlakyState.BROKEN: "fail"}.get(job.state, "off")
    return FlakyRow(job.job or "", glyph, tone, word, job.job or "the run itself", " · ".join(filter(None, said)), runs)


def failure_row(group: FailureGroup, now: datetime, zone: tzinfo) -> FailureRow:
    first, last = (text.moment(at, now, zone) for at in (group.first_at, group.last_at))
    when = f"new since {first}" if group.new else f"first in the window {first}"
    where = [f"job {group.job}" if group.job else "", when, f"last {last}" if last != first else ""]
    return FailureRow(
        key=group.signature,
        href=routes.run(group.last_run_id),
        line=group.line,
        runs=text.count(group.runs),
        noun="run" if group.runs == 1 else "runs",
        where=" · ".join(part for part in where if part),
        new=group.new,
        exact=text.exact(group.last_at, zone),
    )
