"""What a watched repository or job shows: where it stands, and how far its history has come. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from cicd_health.model.watches import BackfillState, WatchLine
from cicd_health.ui import format as text
from cicd_health.ui.rows import Mark

WAITS = Mark("queued", "Asked to wait", "warn")
TROUBLES = {
    "unreachable": "Cannot be reached",
    "server": "Cannot be reached",
    "garbled": "Not understood",
    "unauthorized": "Token refused",
    "forbidden": "Not allowed",
    "sso": "Needs single sign-on",
    "not_found": "Not found",
}
WATCH_MARKS = {
    "ok": Mark("success", "Watched", "ok"),
    "waiting": WAITS,
    "backfilling": Mark("running", "Reading history", "run"),
    "stopped": Mark("cancelled", "Not watched", "off"),
    "never": Mark("queued", "Not read yet", "off"),
}


@dataclass(frozen=True, slots=True)
class WatchRow:
    """One repository or job. `done` is per cent of its history; `walking` whether that is known and being read."""

    key: str
    mark: Mark
    name: str
    note: str
    complete: str
    complete_exact: str
    history: str
    done: int
    walking: bool
    error: str
    can_stop: bool
    can_resume: bool
    can_remove: bool


def watch_row(watch: WatchLine, now: datetime, zone: tzinfo, *, of_source: str | None = None) -> WatchRow:
    """`of_source` is the error of its source, which is not repeated."""
    walk = watch.backfill
    own = [word for word, has in (("own token", watch.has_token), ("own secret", watch.has_secret)) if has]
    if watch.origin == "env":
        own.insert(0, "from GITHUB_REPOS" if watch.provider == "github" else _jenkins_origin(watch))
    mark = WATCH_MARKS.get(watch.state) or Mark("startup_failure", TROUBLES.get(watch.trouble or "", "Error"), "fail")
    return WatchRow(
        key=str(watch.id),
        mark=mark,
        name=watch.name or "All jobs the user can see",
        note=" · ".join(own),
        complete=text.moment(watch.complete_until, now, zone) if watch.complete_until else text.NOTHING,
        complete_exact=text.exact(watch.complete_until, zone),
        history=history(watch, now, zone),
        done=min(100, round(100 * walk.done / walk.total)) if walk.total else 0,
        walking=walk.state is BackfillState.RUNNING and bool(walk.total),
        error=_error(watch, of_source, now, zone),
        can_stop=walk.state is BackfillState.RUNNING,
        can_resume=walk.state is BackfillState.STOPPED,
        can_remove=watch.origin != "env",
    )


def _jenkins_origin(watch: WatchLine) -> str:
    return "from JENKINS_JOBS" if watch.name else "from JENKINS_URL"


def history(watch: WatchLine, now: datetime, zone: tzinfo) -> str:
    """`3,200 of 10,000 runs · about 12 min left`, `10,000 runs, back to 21 Nov 2024`."""
    walk = watch.backfill
    if walk.state is BackfillState.NONE:
        return ""
    if walk.state is BackfillState.DONE:
        return text.counted(walk.done, "run") + (f", back to {_day(walk.start, zone)}" if walk.start else "")
    if walk.state is BackfillState.RUNNING and watch.error and not walk.done and not walk.total:
        ahead = walk.waits_until is not None and walk.waits_until > now and watch.state != "waiting"
        return "Nothing read yet" + (f" · next try {text.moment(walk.waits_until, now, zone)}" if ahead else "")
    of = (
        f"{text.count(walk.done)} of {text.counted(walk.total, 'run')}"
        if walk.total
        else f"{text.counted(walk.done, 'run')} so far"
    )
    if walk.state is BackfillState.STOPPED and not walk.done:
        return "Stopped, nothing read yet"
    if walk.state is BackfillState.STOPPED:
        return f"Stopped at {of}"
    parts = [of]
    if walk.waits_until and walk.waits_until > now:
        parts.append(f"waits until {text.moment(walk.waits_until, now, zone)}")
    elif walk.ends_at:
        parts.append(f"about {text.span(max(60.0, (walk.ends_at - now).total_seconds()))} left")
    elif walk.reach:
        parts.append(f"back to {_day(walk.reach, zone)}")
    return " · ".join(parts)


def _day(at: datetime | None, zone: tzinfo) -> str:
    return f"{text.date(at, zone)} {at.astimezone(zone):%Y}" if at else ""


def _error(watch: WatchLine, of_source: str | None, now: datetime, zone: tzinfo) -> str:
    """What is wrong with it alone: what is wrong with its source is said there."""
    said = watch.error or watch.backfill.error
    if not said or said == of_source:
        return ""
    since = f" Since {text.moment(watch.error_at, now, zone)}." if watch.error and watch.error_at else ""
    return said.rstrip(".") + "." + since
