"""`GET /cctray.xml`: what desktop and wall monitors of builds read. One project per pipeline.

Source: https://cctray.org/v1/
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from xml.etree import ElementTree

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from cicd_health import settings
from cicd_health.api.clock import Now
from cicd_health.api.feed_access import feed_reader
from cicd_health.api.problems import answers
from cicd_health.api.question import the_pipeline
from cicd_health.api.words import Word
from cicd_health.api.xml_text import clean
from cicd_health.model import health
from cicd_health.model.runs import Outcome
from cicd_health.model.windows import window_ending
from cicd_health.store import engine
from cicd_health.store.reports import feeds
from cicd_health.store.reports import pipelines as kept
from cicd_health.store.reports.pipelines import LastVerdict, Named

router = APIRouter(tags=["machines"], dependencies=[Depends(feed_reader)])
STATUS = {
    Outcome.SUCCESS: "Success",
    Outcome.FAILURE: "Failure",
    Outcome.UNSTABLE: "Failure",
    Outcome.TIMED_OUT: "Exception",
    Outcome.STARTUP_FAILURE: "Exception",
}
DESCRIBED = {200: {"description": "Projects.", "content": {"application/xml": {"schema": {"type": "string"}}}}}


@dataclass(frozen=True, slots=True)
class Project:
    """A pipeline with its last verdict (None: it has none yet), and since when it builds, if it does."""

    pipeline: Named
    last: LastVerdict | None
    building_since: datetime | None


@router.get("/cctray.xml", response_class=Response, responses={**DESCRIBED, **answers(400, 401, 403, 404)})
def cctray(
    now: Now,
    provider: Word | None = None,
    repo: Word | None = None,
    pipeline: Annotated[Word | None, Query(description="Its id or its name.")] = None,
    branch: Annotated[Word | None, Query(description="Default: the default branch of each.")] = None,
) -> Response:
    """For CCTray, CCMenu and other monitors: the last verdict of each pipeline, and whether it builds now.

    A pipeline that never gave a verdict and does not build is left out.
    """
    with engine.reading() as session:
        pipeline_id = None if pipeline is None else the_pipeline(session, pipeline, repo)
        window = window_ending("7d", now)
        query = health.Query(window, provider=provider, repo=repo, pipeline_id=pipeline_id, branch=branch)
        named = kept.named(session, query)
        verdicts = kept.last_verdicts(session, query, any_branch=False)
        since = feeds.building(session, query, now)
    projects = [Project(one, verdicts.get(one.pipeline_id), since.get(one.pipeline_id)) for one in named]
    return Response(xml([one for one in projects if one.last or one.building_since]), media_type="application/xml")


def xml(projects: list[Project]) -> bytes:
    root = ElementTree.Element("Projects")
    for name, project in zip(_names(projects), projects, strict=True):
        ElementTree.SubElement(root, "Project", _attributes(name, project))
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _names(projects: list[Project]) -> Iterator[str]:
    """Monitors know a project by its name: of equal ones, each says its number too."""
    titles = [clean(project.pipeline.title) for project in projects]
    times = Counter(titles)
    for title, project in zip(titles, projects, strict=True):
        yield title if times[title] == 1 else f"{title} (pipeline {project.pipeline.pipeline_id})"


def _attributes(name: str, project: Project) -> dict[str, str]:
    last, at = project.last, project.building_since
    if last is not None:
        at = last.completed_at or last.created_at
    assert at is not None
    label = {} if last is None or last.number is None else {"lastBuildLabel": str(last.number)}
    return {
        "name": name,
        "activity": "Building" if project.building_since else "Sleeping",
        "lastBuildStatus": STATUS[last.outcome] if last else "Unknown",
        **label,
        "lastBuildTime": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "webUrl": f"{settings.get().public_url}/pipelines/{project.pipeline.pipeline_id}",
    }
