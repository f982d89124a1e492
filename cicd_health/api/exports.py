"""Everything as CSV: the runs that match, however many there are, and the numbers of a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from cicd_health.api.auth import READER
from cicd_health.api.clock import Now
from cicd_health.api.csv_text import MEDIA_TYPE, attachment, text_of
from cicd_health.api.metrics import GroupBy, check_groups
from cicd_health.api.problems import answers
from cicd_health.api.question import Asked
from cicd_health.api.runs import WantedRuns
from cicd_health.metrics import report
from cicd_health.model.health import Summary
from cicd_health.model.runs import Outcome
from cicd_health.providers import flat
from cicd_health.store import engine, lists
from cicd_health.store.lists import Place, RunFilter

router = APIRouter(prefix="/api/v1", tags=["exports"], dependencies=[READER])
CSV: dict[int | str, Any] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
AT_ONCE = 1_000  # rows of one reading: what an export holds in memory, however long it is
COLUMNS = (
    "id", "provider", "source", "repo", "pipeline", "pipeline_id", "number", "external_id", "attempt", "attempts",
    "status", "outcome", "first_outcome", "raw_status", "raw_conclusion", "title", "branch", "sha", "event", "actor",
    "pull_request", "created_at", "started_at", "completed_at", "duration_s", "queue_s", "restored_s", "spent_s",
    "rerun_s", "url", "failed_job", "failed_step", "signature",
)  # fmt: skip
EXTERNAL_ID = COLUMNS.index("external_id")


@router.get("/runs.csv", response_class=StreamingResponse, responses=CSV)
def runs(wanted: WantedRuns) -> StreamingResponse:
    """Every run that matches, newest first, as CSV: without its excerpt."""
    return StreamingResponse(run_lines(wanted), media_type=MEDIA_TYPE, headers=attachment("runs.csv"))


def run_lines(wanted: RunFilter) -> Iterator[str]:
    """Some lines at a time. Between two readings no transaction is open, so that a slow client holds nothing."""
    yield text_of([COLUMNS])
    after: Place | None = None
    while True:
        with engine.reading() as session:
            rows = lists.columns_of_runs(session, wanted, COLUMNS, AT_ONCE, after)
        if rows:
            yield text_of(_cells(row) for row in rows)
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].created_at, rows[-1].id


def _cells(row: Any) -> list[Any]:
    """The row with the provider's own id, as it was posted."""
    external_id = flat.posted_id(row.provider, row.pipeline, row.external_id)
    return [*row[:EXTERNAL_ID], external_id, *row[EXTERNAL_ID + 1 :]]


@router.get("/metrics.csv", response_class=StreamingResponse, responses={**CSV, **answers(400, 404)})
def metrics(asked: Asked, now: Now, group_by: GroupBy | None = None) -> StreamingResponse:
    """The numbers of each group as CSV, or of the whole window as one row without a key."""
    with engine.reading() as session:
        query = asked.query(session, now)
        check_groups(query.window, group_by)
        if group_by is None:
            groups: report.Groups = [({"key": None}, report.summary(session, query, now))]
        else:
            groups = report.groups(session, query, group_by)
    return StreamingResponse(group_lines(groups), media_type=MEDIA_TYPE, headers=attachment("metrics.csv"))


def group_lines(groups: report.Groups) -> Iterator[str]:
    """A line for each group, some at a time."""
    yield text_of([[*KEYS, *NUMBERS]])
    for first in range(0, len(groups), AT_ONCE):
        some = groups[first : first + AT_ONCE]
        yield text_of([*(key.get(name) for name in KEYS), *(of(row) for of in NUMBERS.values())] for key, row in some)


def _seconds(name: str) -> dict[str, Callable[[Summary], Any]]:
    """The columns of one kind of measured seconds, by the name of the summary's distribution."""
    measured = {
        f"{name}_{part}_s": attrgetter(f"{name}.{part}") for part in ("sum", "mean", "p50", "p90", "p95", "max")
    }
    return {f"{name}_{part}": attrgetter(f"{name}.{part}") for part in ("n", "unmeasured")} | measured


def _count(outcome: Outcome) -> Callable[[Summary], int]:
    return lambda summary: summary.counts.get(outcome, 0)


KEYS = ("key", "name", "repo")
NUMBERS: dict[str, Callable[[Summary], Any]] = {
    "from": lambda summary: summary.window.start,
    "to": lambda summary: summary.window.end,
    **{name: attrgetter(name) for name in ("total", "verdicts", "successes", "success_rate", "failure_rate")},
    **{name: attrgetter(name) for name in ("first_verdicts", "first_successes", "first_attempt_success_rate")},
    "rescued": attrgetter("rescued"),
    **_seconds("duration"),
    **_seconds("queue"),
    "restored_n": attrgetter("restore.n"),
    "time_to_restore_median_s": attrgetter("restore.median"),
    "time_to_restore_mean_s": attrgetter("restore.mean"),
    "broken_at_the_end": attrgetter("restore.open"),
    **{name: attrgetter(name) for name in ("throughput_per_day", "spent_s", "rerun_s")},
    **{f"{outcome.value}_count": _count(outcome) for outcome in Outcome},
}
