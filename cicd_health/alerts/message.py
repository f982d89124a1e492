"""From an incident to what people read. Pure; every value from outside is escaped, so that text stays text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import takewhile

from cicd_health.model.alerts import Facts, RunFact

EXCERPT_LINES = 30
WIDTH = 300  # characters of one value or line
SUSPECTS = 10
PROVIDERS = {"github": "GitHub", "jenkins": "Jenkins"}
# What a terminal would act on: colours, titles, and every other control character but tab.
CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Message:
    """`title` is one line of plain text; `body` is HTML of b, code, pre, a, p, br, ul and li only.

    Our own words are ASCII, so that a mail about ASCII names needs no encoding.
    """

    title: str
    body: str
    failed: bool = False


def opened(facts: Facts, failures: int, public_url: str) -> Message:
    """What broke, where and by whom. The newest verdict of `facts` is the failure."""
    run = facts.verdicts[0]
    times = "" if failures == 1 else f" {failures} times in a row"
    title = f"{_called(facts)} failed{times}{_on(run)}"
    parts = [_about(facts, run, public_url), _where(run), _excerpt(run), _suspects(facts)]
    return Message(title, "".join(parts), failed=True)


def resolved(facts: Facts, opened_at: datetime, public_url: str) -> Message:
    """That it is over, and how long it took. The newest verdict of `facts` is the success that ended it."""
    run = facts.verdicts[0]
    over_at = run.completed_at or run.created_at
    took = duration(max(0.0, (over_at - opened_at).total_seconds()))
    title = f"{_called(facts)} recovered after {took}{_on(run)}"
    return Message(title, f"<p>Recovered after {took}.</p>\n{_about(facts, run, public_url)}")


def test(public_url: str) -> Message:
    """What the test button sends."""
    return Message("Test message from CI/CD Health", f"<p>Alerts of {_link(public_url)} will arrive here.</p>")


def duration(seconds: float) -> str:
    """Seconds in words, the two largest units: 42 s, 42 min, 1 h 06 min, 3 d 4 h."""
    if seconds < 60:
        return f"{int(seconds)} s"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02} min"
    return f"{hours // 24} d {hours % 24} h"


def _called(facts: Facts) -> str:
    """Jenkins' folders as Jenkins writes them; the repository before the workflow for everybody else."""
    called = f"{facts.repo}: {facts.pipeline}" if facts.repo and facts.provider != "jenkins" else facts.name
    return _one_line(called)


def _about(facts: Facts, run: RunFact, public_url: str) -> str:
    ours = _link(f"{public_url.rstrip('/')}/runs/{run.run_id}")
    theirs = _link(run.url)
    return _lines(
        f"<b>Pipeline</b> {_code(facts.pipeline)}",
        f"<b>Repository</b> {_code(facts.repo)}" if facts.repo else "",
        f"<b>Branch</b> {_code(run.branch)}" if run.branch else "",
        f"<b>Commit</b> {_code(run.sha[:7])}" if run.sha else "",
        f"<b>Author</b> {_code(run.actor)}" if run.actor else "",
        f"<b>Change</b> {_code(run.title)}" if run.title else "",
        f"<b>Run #{run.number}</b> {ours}" if run.number else f"<b>Run</b> {ours}",
        f"<b>{escape(PROVIDERS.get(facts.provider, facts.provider))}</b> {theirs}" if theirs else "",
    )


def _where(run: RunFact) -> str:
    return _lines(
        f"<b>Failing job</b> {_code(run.failed_job)}" if run.failed_job else "",
        f"<b>Failing step</b> {_code(run.failed_step)}" if run.failed_step else "",
    )


def _excerpt(run: RunFact) -> str:
    """The last lines of the excerpt: an error ends what led to it."""
    text = CONTROLS.sub("", (run.excerpt or "").replace("\r\n", "\n").replace("\r", "\n")).strip("\n")
    lines = [line[:WIDTH] for line in text.split("\n")[-EXCERPT_LINES:]]
    return f"<pre>{escape(chr(10).join(lines))}</pre>\n" if text.strip() else ""


def _suspects(facts: Facts) -> str:
    """The commits that failed since the last green one; nothing when no green run is known or only one failed."""
    failed = tuple(takewhile(lambda run: run.outcome.failed, facts.verdicts))
    if len(failed) == len(facts.verdicts):
        return ""
    commits = dict.fromkeys((run.sha[:7], run.actor) for run in reversed(failed) if run.sha)
    if not commits:
        return ""
    green = facts.verdicts[len(failed)].sha
    rows = [f"<li>{_code(sha)}{' by ' + _code(actor) if actor else ''}</li>\n" for sha, actor in commits]
    more = f"<li>and {len(rows) - SUSPECTS} more</li>" if len(rows) > SUSPECTS else ""
    since = f" ({_code(green[:7])})" if green else ""
    return f"<p><b>Suspects since the last green run</b>{since}</p>\n<ul>{''.join(rows[:SUSPECTS])}{more}</ul>"


def _on(run: RunFact) -> str:
    return f" on {_one_line(run.branch)}" if run.branch else ""


def _lines(*lines: str) -> str:
    told = "<br>\n".join(line for line in lines if line)
    return f"<p>{told}</p>\n" if told else ""


def _code(text: str) -> str:
    return f"<code>{escape(_one_line(text))}</code>"


def _link(url: str | None) -> str:
    """A link that shows its address, for mail without HTML; nothing when it is no web address (`javascript:`)."""
    if not url or not re.match(r"https?://\S{1,800}$", url):
        return ""
    return f'<a href="{escape(url)}">{escape(url)}</a>'


def _one_line(text: str) -> str:
    return " ".join(CONTROLS.sub(" ", text).split())[:WIDTH]
