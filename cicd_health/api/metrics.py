"""The numbers of a window, of the one before, of its groups, and what stands behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi import Query as Parameter
from starlette.exceptions import HTTPException

from cicd_health.api.auth import READER
from cicd_health.api.clock import Now
from cicd_health.api.explained import Explained
from cicd_health.api.numbers_shapes import Numbers, NumbersBefore, NumbersOfGroup, Windowed, in_window
from cicd_health.api.problems import answers
from cicd_health.api.question import Asked, Question
from cicd_health.api.words import Word
from cicd_health.metrics import METRICS, report
from cicd_health.model.health import Summary
from cicd_health.model.windows import Window
from cicd_health.store import engine

router = APIRouter(prefix="/api/v1", tags=["metrics"], dependencies=[READER])
MOST_GROUPS = 4000  # days of ten years, hours of 90 days
SLUGS = tuple(metric.slug for metric in METRICS)
GroupBy = Literal["pipeline", "repo", "branch", "job", "day", "hour"]


class Metrics(Numbers, Windowed):
    subject: str
    durations: str
    previous: NumbersBefore | None
    groups: list[NumbersOfGroup]
    explain: dict[str, Explained]


def read_summary(asked: Question, now: datetime) -> Summary:
    with engine.reading() as session:
        return report.summary(session, asked.query(session, now), now)


@router.get("/metrics", responses=answers(400, 404))
def metrics(
    asked: Asked,
    now: Now,
    group_by: GroupBy | None = None,
    previous: Annotated[bool, Parameter(description="Also the window of equal length before.")] = True,
    explain: Annotated[
        Word | None,
        Parameter(description=f"What to explain: all, none, or some of {', '.join(SLUGS)}. Else what costs nothing."),
    ] = None,
) -> Metrics:
    """The numbers of a window, of the one before, and of its groups; and what stands behind each of them."""
    slugs = _slugs(explain)
    with engine.reading() as session:
        query = asked.query(session, now)
        check_groups(query.window, group_by)
        summary = report.summary(session, query, now)
        before = report.summary(session, query, now, previous=True) if previous else None
        groups = report.groups(session, query, group_by) if group_by else ()
        explanations = report.explanations(session, query, now, summary, slugs)
    return Metrics.of(
        summary,
        **in_window(summary.window),
        subject=query.subject,
        durations=query.durations,
        previous=NumbersBefore.of_window(before) if before else None,
        groups=[_group(key, of_group) for key, of_group in groups],
        explain={one.slug: Explained.of(one, query) for one in explanations},
    )


def _slugs(said: str | None) -> Collection[str]:
    """422 when one is unknown."""
    if said is None:
        return report.CHEAP
    words = {word.strip() for word in said.split(",") if word.strip()}
    if words <= {"all"}:
        return SLUGS if words else ()
    if words <= {"none"}:
        return ()
    if unknown := words.difference(SLUGS):
        raise HTTPException(
            422, f"explain: all, none, or some of {', '.join(SLUGS)}, not {', '.join(sorted(unknown))}."
        )
    return words


def check_groups(window: Window, group_by: str | None) -> None:
    """422 when there would be more days or hours than anybody reads."""
    length = {"day": timedelta(days=1), "hour": timedelta(hours=1)}.get(group_by or "")
    if length is not None and window.length / length > MOST_GROUPS:
        raise HTTPException(422, f"group_by: more than {MOST_GROUPS} groups; a shorter window is needed.")


def _group(key: Mapping[str, Any], summary: Summary) -> NumbersOfGroup:
    return NumbersOfGroup.of(summary, **key)
