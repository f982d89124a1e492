"""All there is of a run: its earlier attempts, itself, and the jobs of every attempt with their steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from cicd_health.model.watches import KnownRun
from cicd_health.providers.github.documents import Desk, attempt_of
from cicd_health.providers.json_reader import identifier, mapping, moment, text
from cicd_health.providers.remote import Document, RemoteError, Trouble

AT_ONCE = 4  # requests; GitHub allows a hundred
MOST_ATTEMPTS = 100
# Right after the end GitHub may list jobs late; of an older run it has said all it will ever say.
SETTLED = timedelta(hours=1)
WITHOUT_JOBS = frozenset({"startup_failure", "action_required", "skipped", "stale"})


@dataclass(frozen=True, slots=True)
class Task:
    """A run to be filled, and what is known of it here.

    `run`: GitHub's word on it, where that was just read; `look`: that has to be asked for first. `fresh`: it has
    changed, so its jobs may have, even while it only waits.
    """

    run_id: str
    known: KnownRun
    run: dict[str, Any] | None = None
    look: bool = False
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Filled:
    """`complete`: the documents hold the jobs of all attempts, and say so."""

    documents: tuple[Document, ...]
    complete: bool


def fill_all(desk: Desk, tasks: Sequence[Task]) -> tuple[list[Filled], RemoteError | None]:
    """Some at once, in order up to the first that fails, and why it failed: what came before it is worth keeping."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="github") as pool:
        futures: list[Future[Filled]] = [pool.submit(fill, desk, task) for task in tasks]
        filled = []
        for future in futures:
            try:
                filled.append(future.result())
            except RemoteError as error:
                pool.shutdown(cancel_futures=True)
                return filled, error
    return filled, None


def fill(desk: Desk, task: Task) -> Filled:
    """Raises RemoteError."""
    try:
        return _fill(desk, task)
    except RemoteError as error:
        if error.trouble is not Trouble.NOT_FOUND:
            raise
    # The run is gone; or is the whole repository out of sight? Then this raises.
    desk.api.get(desk.api.repo("/actions/runs"), {"per_page": 1})
    return Filled((desk.gone(task.run_id, task.known),), complete=True)


def _fill(desk: Desk, task: Task) -> Filled:
    path = desk.api.repo(f"/actions/runs/{quote(task.run_id, safe='')}")
    run = mapping(desk.api.json(path)) if task.look else task.run
    if run is not None and not task.fresh and _idle(run, task.known):
        return Filled((desk.run(run),), complete=False)
    jobs = _jobs(desk, path)
    if run is None and not (jobs and _ended(jobs)):
        run = mapping(desk.api.json(path))  # no job carries the news, or it may have begun anew
    attempt = task.known.attempt if run is None else attempt_of(run)
    jobs_known = attempt if _complete(desk, run, jobs) else 0
    first = max(task.known.jobs_known + 1, attempt - MOST_ATTEMPTS)
    documents = [desk.run(earlier) for earlier in _attempts(desk, path, range(first, attempt))]
    if run is not None:
        documents.append(desk.run(run, jobs_known))
    documents += [desk.job(job, jobs_known) for job in jobs]
    return Filled(tuple(documents), complete=jobs_known > 0)


def _attempts(desk: Desk, path: str, numbers: range) -> Iterator[Any]:
    """Earlier attempts; one that GitHub has no more is left out."""
    for number in numbers:
        attempt = desk.api.maybe(f"{path}/attempts/{number}")
        if attempt is not None:
            yield attempt


def _jobs(desk: Desk, path: str) -> list[Any]:
    """The jobs of all attempts; a page may repeat one."""
    jobs: dict[Any, Any] = {}
    for page in desk.api.pages(f"{path}/jobs", "jobs", filter="all"):
        for job in page.entries:
            jobs.setdefault(identifier(mapping(job).get("id")) or len(jobs), job)
    return list(jobs.values())


def _idle(run: dict[str, Any], known: KnownRun) -> bool:
    """Whether it only waits, as it did when it was last looked at."""
    return run.get("status") not in ("in_progress", "completed") and moment(run.get("updated_at")) == known.updated_at


def _complete(desk: Desk, run: dict[str, Any] | None, jobs: Sequence[Any]) -> bool:
    """Whether these are all the jobs there will be, of a run that has ended (one of None has, and has jobs)."""
    if run is None:
        return True
    if run.get("status") != "completed":
        return False
    if _ended(jobs) and (jobs or text(run.get("conclusion")) in WITHOUT_JOBS):
        return True
    changed_at = moment(run.get("updated_at"))
    return changed_at is None or desk.api.now - changed_at > SETTLED


def _ended(jobs: Sequence[Any]) -> bool:
    return all(mapping(job).get("status", "completed") == "completed" for job in jobs)
