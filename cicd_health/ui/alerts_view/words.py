"""What the tabs of the alerts page share: marks, states, people, and choices of their filters."""

from __future__ import annotations

from datetime import datetime, tzinfo

from cicd_health.alerts import RULES
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import IncidentState, Severity
from cicd_health.store.lists import Row
from cicd_health.ui import format as text
from cicd_health.ui.format import NOTHING
from cicd_health.ui.rows import Mark, provider_label

TONES = {Severity.CRITICAL: "fail", Severity.WARNING: "warn", Severity.INFO: "off"}
SEVERITIES = {Severity.CRITICAL: "Critical", Severity.WARNING: "Warning", Severity.INFO: "Info"}
# Of each kind of rule: its glyph, and the word of what it found.
KINDS = {
    "failure": ("failure", "Broken"),
    "new_failure": ("startup_failure", "New failure"),
    "flapping": ("flaky", "Flapping"),
    "regression": ("unstable", "Success rate"),
    "slow_build": ("timed_out", "Slow"),
    "duration_regression": ("slower", "Slower"),
    "stuck_run": ("timed_out", "Stuck"),
    "queue_time": ("queued", "Queue"),
    "missed_schedule": ("skipped", "Missed"),
}
STATES = {
    IncidentState.OPEN: "Open",
    IncidentState.ACKNOWLEDGED: "Acknowledged",
    IncidentState.MUTED: "Muted",
    IncidentState.RESOLVED: "Resolved",
}
NOTIFICATIONS = {
    "opened": "opened",
    "still": "still failing",
    "resolved": "recovered",
    "digest": "digest",
    "test": "test",
}


def kind_mark(kind: str, severity: str) -> Mark:
    """A rule of a kind that is not on the shelf any more keeps its own name."""
    glyph, word = KINDS.get(kind, ("failure", kind_label(kind)))
    return Mark(glyph, word, TONES.get(Severity(severity), "fail"))


def kind_label(kind: str) -> str:
    rule = RULES.get(kind)
    return rule.label if rule else kind.replace("_", " ").capitalize()


def who(actor: str | None) -> str:
    """A person by the name of their address; empty for what happened by itself."""
    return (actor or "").partition("@")[0]


def place(row: Row) -> str:
    """Where a pipeline is, beside its name; empty for an incident of no pipeline."""
    provider, repo, branch = row["provider"], row["repo"] or "", row["branch"]
    if provider is None:
        return ""
    start = [provider_label(provider), repo] if provider == "jenkins" else [repo]
    return " · ".join(part for part in [*start, branch if branch != row["pipeline"] else ""] if part)


def ahead(at: datetime, now: datetime, zone: tzinfo) -> str:
    """A moment to come: `14:30` today, `Tue 09:00` within a week, else `Wed 11 Nov`."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    days = (local.date() - today.date()).days
    if days <= 0:
        return f"{local:%H:%M}"
    return f"{local:%a %H:%M}" if days < 7 else f"{local:%a} {text.date(at, zone)} {local:%H:%M}"


def scope_words(scope: Scope, everything: str = "every pipeline") -> str:
    """`kestrel/checkout-*, ci, main`; `everything` when it names nothing."""
    lists = (tuple(provider_label(slug) for slug in scope.providers), scope.repos, scope.pipelines, scope.branches)
    named = [" or ".join(globs) for globs in lists if globs]
    return ", ".join(named) or everything


def globs(typed: str) -> tuple[str, ...]:
    """What was typed with commas between, or on lines."""
    parts = (part.strip() for part in typed.replace("\n", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def or_nothing(value: str) -> str:
    return value or NOTHING
