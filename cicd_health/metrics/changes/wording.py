"""What changed, in words; when it did is for whoever knows the reader's zone."""

from __future__ import annotations

from cicd_health.metrics.words import code, seconds_in_words
from cicd_health.model.changes import ChangePoint


def change_in_words(change: ChangePoint) -> str:
    """ "p50 4m 02s → 6m 10s (+53 %), job `build`, step `npm ci`"."""
    where = where_in_words(change)
    return f"{move_in_words(change)}, {where}" if where else move_in_words(change)


def move_in_words(change: ChangePoint) -> str:
    """From which level to which: "p50 4m 02s → 6m 10s (+53 %)", or "failure rate 2.0 % → 21.4 %"."""
    if change.of == "failure_rate":
        return f"failure rate {change.before:.1%} → {change.after:.1%}".replace("%", " %")
    levels = f"p50 {seconds_in_words(change.before)} → {seconds_in_words(change.after)}"
    return f"{levels} ({round(100 * (change.after / change.before - 1)):+d} %)" if change.before else levels


def where_in_words(change: ChangePoint) -> str:
    """The job and step it is of, else those that grew or shrank most: "job `build`, step `npm ci`"; "" for neither."""
    job = change.job or (change.blame.job if change.blame else None)
    step = change.step or (change.blame.step if change.blame else None)
    return ", ".join(f"{kind} {code(name)}" for kind, name in (("job", job), ("step", step)) if name)
