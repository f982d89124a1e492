"""One message on one thing: what happened, where, since when, who can help, and where to act."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from cicd_health.alerts.message.message import Message
from cicd_health.alerts.message.wording import (
    SHORT,
    bullets,
    code,
    counted,
    duration,
    excerpt,
    link,
    moment,
    named,
    one_line,
    paragraph,
    plain,
)
from cicd_health.alerts.rule import Verdict
from cicd_health.model.alerts import Facts, RunFact

SUSPECTS = 10
PROVIDERS = {"github": "GitHub", "jenkins": "Jenkins"}


def opened(
    facts: Facts, verdict: Verdict, public_url: str, *, turn: int = 1, incident_id: int | None = None
) -> Message:
    """What is wrong, where and by whom. `turn` counts how often it came: from 2 on it is there again."""
    again = " again" if turn > 1 else ""
    title = f"{_called(facts)}{again} {_headline(verdict)}{_on(facts, verdict)}"
    return Message(title, _trouble(facts, verdict, public_url, incident_id), failed=True)


def still(
    facts: Facts, verdict: Verdict, opened_at: datetime, public_url: str, *, incident_id: int | None = None
) -> Message:
    """That a mute ended and it is not over."""
    lasted = _lasted(opened_at, facts.now)
    title = f"{_called(facts)} {_headline(verdict)}{_on(facts, verdict)}, open for {lasted}: the mute ended"
    said = paragraph(f"The mute ended, and it is not over after {lasted}.")
    return Message(title, said + _trouble(facts, verdict, public_url, incident_id), failed=True)


def resolved(
    facts: Facts, verdict: Verdict, opened_at: datetime, public_url: str, *, incident_id: int | None = None
) -> Message:
    """That it is over, how long it took, and which run ended it."""
    run = verdict.last
    took = _lasted(opened_at, run.ended_at if run else facts.now)
    title = f"{_called(facts)} recovered after {took}{_on(facts, verdict)}"
    failed = _failed_before(facts, run)
    times = f" and {counted(failed, 'failed run')}" if failed > 1 else ""
    said = paragraph(f"Recovered after {took}{times}.{_sentence(verdict.reason)}")
    return Message(title, said + _about(facts, run) + _links(facts, run, public_url, "Alert", incident_id))


def ended_by_hand(
    title: str,
    who: str,
    opened_at: datetime,
    now: datetime,
    public_url: str = "",
    note: str = "",
    *,
    incident_id: int | None = None,
) -> Message:
    """That somebody called it resolved; `title` is the incident's."""
    by = one_line(who, SHORT)
    said = f"{code(by)} resolved it by hand after {_lasted(opened_at, now)}."
    reason = f" {plain(note)}" if note.strip() else ""
    where = _alert_page(public_url, "Alert", incident_id)
    return Message(f"Resolved by {by}: {one_line(title)}", paragraph(said + reason) + paragraph(where))


def switched_off(name: str, error: str, public_url: str) -> Message:
    """That a channel refused for good. It goes to the others."""
    said = f"{code(name)} refused a message for good: {code(error)}"
    then = "Nothing is sent there until somebody corrects it and switches it on again."
    where = link(f"{public_url.rstrip('/')}/alerts?tab=channels")
    return Message(
        f"Channel {one_line(name, SHORT)} was switched off",
        paragraph(said, then, named("Channels", where)),
        failed=True,
    )


def test(public_url: str) -> Message:
    """What the test button sends."""
    return Message("Test message from CI/CD Health", paragraph(f"Alerts of {link(public_url)} will arrive here."))


def _trouble(facts: Facts, verdict: Verdict, public_url: str, incident_id: int | None) -> str:
    """What a person needs to act: the cause first, then who and where, the links last."""
    run = verdict.last
    broken = run is not None and run.outcome.failed
    parts = (
        _why(verdict),
        _where(run) if run and broken else "",
        excerpt(run.excerpt) if run and broken else "",
        _about(facts, run),
        _suspects(facts, run) if broken else "",
        _links(facts, run, public_url, "Acknowledge or mute", incident_id),
    )
    return "".join(parts)


def _headline(verdict: Verdict) -> str:
    return one_line(verdict.headline) or "needs attention"


def _why(verdict: Verdict) -> str:
    began = verdict.since or (verdict.first.ended_at if verdict.first else None)
    return paragraph(_sentence(verdict.reason).strip(), named("Since", moment(began) if began else ""))


def _sentence(reason: str) -> str:
    reason = plain(reason)
    return f" {reason[0].upper()}{reason[1:]}." if reason else ""


def _where(run: RunFact) -> str:
    return paragraph(
        named("Failing job", code(run.failed_job) if run.failed_job else ""),
        named("Failing step", code(run.failed_step) if run.failed_step else ""),
    )


def _about(facts: Facts, run: RunFact | None) -> str:
    branch = facts.branch or (run.branch if run else None)
    place = (
        named("Pipeline", code(facts.pipeline)),
        named("Repository", code(facts.repo) if facts.repo else ""),
        named("Branch", code(branch) if branch else ""),
    )
    if run is None:
        return paragraph(*place)
    change = (
        named("Commit", code(run.sha[:7]) if run.sha else ""),
        named("Author", code(run.actor) if run.actor else ""),
        named("Change", code(run.title) if run.title else ""),
    )
    return paragraph(*place, *change)


def _links(facts: Facts, run: RunFact | None, public_url: str, alert: str, incident_id: int | None) -> str:
    """Our page of the run and the provider's, without a run that of the pipeline; and where the alert is."""
    ours = public_url.rstrip("/")
    if run is None:
        page = named("Pipeline's page", link(f"{ours}/pipelines/{facts.pipeline_id}"))
        return paragraph(page, _alert_page(ours, alert, incident_id))
    return paragraph(
        named(f"Run #{run.number}" if run.number else "Run", link(f"{ours}/runs/{run.run_id}")),
        named(PROVIDERS.get(facts.provider, plain(facts.provider)), link(run.url)),
        _alert_page(ours, alert, incident_id),
    )


def _alert_page(public_url: str, name: str, incident_id: int | None) -> str:
    which = f"?incident={incident_id}" if incident_id else ""
    return named(name, link(f"{public_url.rstrip('/')}/alerts{which}")) if public_url else ""


def _suspects(facts: Facts, run: RunFact | None) -> str:
    """The commits that failed since the last green one; nothing when no green run is known."""
    failed = tuple(takewhile(lambda verdict: verdict.outcome.failed, facts.verdicts))
    if run is None or not failed or len(failed) == len(facts.verdicts) or failed[0].run_id != run.run_id:
        return ""
    green = facts.verdicts[len(failed)].sha or ""
    lines = _commits(failed)
    since = f" ({code(green[:7])})" if green else ""
    said = paragraph(f"<b>Suspects since the last green run</b>{since}")
    return said + bullets(lines, SUSPECTS) + paragraph(_compare(facts, run, green)) if lines else ""


def _commits(runs: Sequence[RunFact]) -> list[str]:
    """Each commit once, oldest first."""
    commits: dict[str, RunFact] = {}
    for run in reversed(runs):
        if run.sha:
            commits.setdefault(run.sha[:7], run)
    return [f"{code(sha)}{_by(run)}" for sha, run in commits.items()]


def _by(run: RunFact) -> str:
    actor = f" by {code(run.actor)}" if run.actor else ""
    return f"{actor}: {code(one_line(run.title, SHORT))}" if run.title else actor


def _compare(facts: Facts, run: RunFact, green: str) -> str:
    """Where GitHub shows what changed since then."""
    place = re.match(r"(https?://[^/\s]+/[^/\s]+/[^/\s]+)/actions/runs/", run.url or "")
    shas = (green, run.sha or "")
    if facts.provider != "github" or place is None or not all(re.fullmatch("[0-9a-f]{7,64}", sha) for sha in shas):
        return ""
    return named("What changed", link(f"{place.group(1)}/compare/{shas[0][:12]}...{shas[1][:12]}"))


def _failed_before(facts: Facts, run: RunFact | None) -> int:
    """How many verdicts in a row failed before this run."""
    if run is None or not facts.verdicts or facts.verdicts[0].run_id != run.run_id:
        return 0
    return sum(1 for _ in takewhile(lambda verdict: verdict.outcome.failed, facts.verdicts[1:]))


def _called(facts: Facts) -> str:
    """Jenkins' folders as Jenkins writes them; the repository before the workflow for everybody else."""
    called = f"{facts.repo}: {facts.pipeline}" if facts.repo and facts.provider != "jenkins" else facts.name
    return one_line(called, 2 * SHORT)


def _on(facts: Facts, verdict: Verdict) -> str:
    branch = facts.branch or (verdict.last.branch if verdict.last else None)
    return f" on {one_line(branch, SHORT)}" if branch else ""


def _lasted(start: datetime, end: datetime) -> str:
    return duration(max(0.0, (end - start).total_seconds()))
