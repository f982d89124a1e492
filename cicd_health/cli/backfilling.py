"""The command backfill: the way back into the past of what is watched, walked to its end while somebody looks."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress, TaskID

from cicd_health import flow, queue
from cicd_health.cli.bars import bars
from cicd_health.cli.database import migrate
from cicd_health.cli.ending import AsJson, Code, fail, now, one_sentence, print_json, say
from cicd_health.jobs import JOBS
from cicd_health.model.acting import SERVER, acting
from cicd_health.model.watches import BackfillState, WatchLine
from cicd_health.store import engine, watch_lines

ALL = "all"
LOOK_S = 0.5


def backfill(
    what: Annotated[str, typer.Argument(help="OWNER/NAME, the full name of a Jenkins job, or all that is watched.")],
    as_json: AsJson = False,
) -> None:
    """Read the history of a repository or job, back to RUN_RETENTION_DAYS, until all of it is here.

    A GitHub repository that is not watched yet is watched from now on. What is done already is walked again when it is
    named, and left out of all. Other background jobs are worked on meanwhile. Ctrl-C stops looking: the way goes on
    with the server, or with the same command.
    """
    stopped = False
    with one_sentence():
        migrate()
        flow.start(now())
        ids = _started(what)
        try:
            with bars() as progress:
                asyncio.run(_walk(ids, progress))
        except KeyboardInterrupt:
            stopped = True
        ended = [line for line in _lines() if line.id in ids]
    _report(ended, as_json)
    if stopped:
        say("Stopped looking. It goes on with the server, or with the same command.")
    raise typer.Exit(Code.DONE if all(_is_done(line) for line in ended) else Code.WRONG)


def _lines() -> list[WatchLine]:
    with engine.reading() as session:
        return watch_lines.lines(session, now())


def _started(what: str) -> list[int]:
    """The watches to walk, each on its way."""
    lines = _lines()
    chosen = [line for line in lines if (what == ALL and not _is_done(line)) or _is_named(line, what)]
    if what == ALL and not lines:
        fail("Nothing is watched yet: name a repository, or connect a source.")
    if not chosen and what != ALL:
        return [_watched(what)]
    for line in chosen:
        flow.resume_backfill(line.id, now())
    return [line.id for line in chosen]


def _is_named(line: WatchLine, what: str) -> bool:
    return line.name == what or (line.provider == "github" and line.name.lower() == what.lower())


def _watched(name: str) -> int:
    try:
        return flow.watch_repository(name, now())
    except ValueError as error:
        fail(f"{name!r} is not watched. {error}")


async def _walk(ids: list[int], progress: Progress) -> None:
    """Work on the background jobs, as the server does, until none of these is on its way."""
    tasks = {line.id: progress.add_task(_described(line), total=None) for line in _lines() if line.id in ids}
    with acting(SERVER):
        async with queue.running(JOBS):
            while await asyncio.to_thread(_look, tasks, progress):  # noqa: ASYNC110 - other processes may walk, too
                await asyncio.sleep(LOOK_S)


def _look(tasks: dict[int, TaskID], progress: Progress) -> bool:
    """Show how far each has come; whether one is still on its way."""
    lines = [line for line in _lines() if line.id in tasks]
    for line in lines:
        total = line.backfill.total or max(line.backfill.listed, line.backfill.done) or None
        progress.update(tasks[line.id], completed=line.backfill.done, total=total, description=_described(line))
    return any(line.backfill.state == BackfillState.RUNNING for line in lines)


def _described(line: WatchLine) -> str:
    name, wait = escape(line.name or line.host), line.backfill.waits_until
    return f"{name} (waits until {wait:%H:%M} UTC)" if wait and wait > now() else name


def _is_done(line: WatchLine) -> bool:
    return line.backfill.state == BackfillState.DONE


def _report(lines: list[WatchLine], as_json: bool) -> None:
    if as_json:
        print_json({"watches": [_facts(line) for line in lines]})
        return
    for line in lines:
        error = f" {line.backfill.error}" if line.backfill.error else ""
        typer.echo(
            f"{line.name or line.host}: {line.backfill.state}, {line.backfill.done:,} runs with their jobs.{error}"
        )


def _facts(line: WatchLine) -> dict[str, object]:
    way = line.backfill
    counts = {"listed": way.listed, "done": way.done, "total": way.total}
    return {"name": line.name, "source": line.host, "state": way.state, **counts, "error": way.error}
