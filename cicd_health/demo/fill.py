"""Send the story's past through the flow, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cicd_health import flow
from cicd_health.demo import alerting, github_bodies, jenkins_bodies, logs
from cicd_health.demo.runs import Run
from cicd_health.demo.story import SCRIPTED, WEEKS, story
from cicd_health.demo.telling import Telling
from cicd_health.store import engine
from cicd_health.store.reports import lists

BATCH = 200
RECENT = timedelta(hours=3)  # runs that ended this lately are told whole, older ones only how they ended
TELL = {"github": github_bodies.tellings, "jenkins": jenkins_bodies.tellings}


class NotEmpty(Exception):
    """The database holds runs already: a made-up past among real runs would falsify them."""


def fill(now: datetime, weeks: int = WEEKS) -> list[Telling]:
    """Send weeks of history to the database of the settings; what remains to be told after `now`.

    History is quiet: it opens and resolves incidents and sends nothing. What `present` tells is news. Raises NotEmpty.
    """
    with engine.reading() as session:
        if not lists.empty(session):
            raise NotEmpty
    flow.start(now)
    alerting.prepare(now - timedelta(weeks=weeks))
    runs = story(now, weeks)
    tellings = tell(runs, now)
    past = [telling for telling in tellings if telling.at <= now]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("The past of the demo", total=len(past))
        for batch in batches(past):
            news_since = now - SCRIPTED
            told = [replace(telling.write(), quiet=telling.at < news_since) for telling in batch]
            flow.receive(told, batch[-1].at)
            progress.advance(task, len(batch))
    logs.keep(runs, now)
    alerting.see_to(now)
    return tellings[len(past) :]


def tell(runs: Sequence[Run], now: datetime) -> list[Telling]:
    """Every delivery about these runs, by the moment at which it is sent."""
    tellings = [
        telling for run in runs for telling in TELL[run.plan.provider](run, whole=run.completed_at > now - RECENT)
    ]
    return sorted(tellings, key=lambda telling: telling.at)


def batches(tellings: Sequence[Telling]) -> Iterator[list[Telling]]:
    """At most BATCH deliveries each; of one pipeline either successes or a single failure.

    The rules look at how things stand when a batch is applied: what broke and recovered inside one, they never saw.
    """
    batch: list[Telling] = []
    verdicts: dict[str, bool] = {}
    for telling in tellings:
        pipeline, failed = telling.verdict or ("", False)
        if len(batch) == BATCH or (pipeline in verdicts and (failed or verdicts[pipeline])):
            yield batch
            batch, verdicts = [], {}
        batch.append(telling)
        if telling.verdict:
            verdicts[pipeline] = failed
    if batch:
        yield batch
