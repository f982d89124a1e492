"""What feeds and badges ask beside the last verdicts: what is being built, and which pipeline an address means."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.health import Query
from cicd_health.model.runs import ABSURD_S
from cicd_health.store.reports.pipelines import on_branch
from cicd_health.store.reports.rows import PIPELINE, REPOSITORY, RUN, SOURCE, pipeline_filters, pipeline_ids

DEEPEST = 20  # folders of a Jenkins job in an address
WORKFLOWS = ".github/workflows/"


def building(session: Session, query: Query, now: datetime) -> dict[int, datetime]:
    """Pipelines with a run that has not ended, on the branch asked for, else the default branch; and since when."""
    # Written out, not bound, so that SQLite can see that the index of unfinished runs fits.
    going_on = RUN.c.status != sa.literal_column("'completed'"), RUN.c.created_at >= now - timedelta(seconds=ABSURD_S)
    began_at = sa.func.max(RUN.c.created_at, type_=RUN.c.created_at.type)
    selected = sa.select(RUN.c.pipeline_id, began_at).where(*going_on, on_branch(query)).group_by(RUN.c.pipeline_id)
    if pipeline_filters(query):
        selected = selected.where(RUN.c.pipeline_id.in_(pipeline_ids(query)))
    return {row[0]: row[1] for row in session.connection().execute(selected)}


def at_address(session: Session, place: str, provider: str | None) -> tuple[int, str] | None:
    """Id and name of the pipeline at "owner/name/pipeline", or its workflow's file there; None when there is none.

    Folders and names may hold slashes: every way to part the place is looked for, and the longest folder is taken.
    """
    parts = place.split("/")
    ways = [("/".join(parts[:cut]), "/".join(parts[cut:])) for cut in range(min(len(parts), DEEPEST))]
    wanted = (
        sa.and_(REPOSITORY.c.name == repo, sa.or_(PIPELINE.c.name == name, PIPELINE.c.path == WORKFLOWS + name))
        for repo, name in ways
    )
    selected = sa.select(PIPELINE.c.id, PIPELINE.c.name).join_from(PIPELINE, REPOSITORY).join(SOURCE)
    if provider is not None:
        selected = selected.where(SOURCE.c.provider == provider)
    selected = selected.where(sa.or_(*wanted))
    longest_first = selected.order_by(sa.func.length(REPOSITORY.c.name).desc(), PIPELINE.c.id).limit(1)
    found = session.connection().execute(longest_first).first()
    return None if found is None else (found[0], found[1])
