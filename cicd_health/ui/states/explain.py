"""What stands behind the number that the address names, on any page with numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import reflex as rx
import structlog

from cicd_health.live import hub
from cicd_health.metrics import report
from cicd_health.model.health import Query
from cicd_health.model.windows import window_ending
from cicd_health.store import engine, lists
from cicd_health.ui import explain_view, guard, routes, rows, zone
from cicd_health.ui.explain_view import Explained
from cicd_health.ui.routes import AskedExplanation
from cicd_health.ui.states.following import assign, changes

log = structlog.get_logger(__name__)
PROBLEM = "This cannot be read at the moment. Nothing received is lost. Trying again."


class ExplainState(rx.State):
    shown: rx.Field[Explained] = rx.field(default_factory=Explained)

    @rx.event(background=True)
    async def follow(self):
        """Nothing is read while the address names no number."""
        asked = routes.asked_explanation(self.router.url.path, self.router.url.query_parameters)
        viewer = zone.of_viewer(self.router.headers.cookie)
        begun = explain_view.begun(asked)
        async with self:
            if self.shown.key != begun.key or self.shown.close != begun.close:
                assign(self, shown=begun)
        if not begun.key:
            return
        async for person in changes(self):
            if person is None:
                yield guard.to_sign_in()
                return
            try:
                shown = await hub.snapshot(("explain", asked, viewer.key), partial(load, asked, viewer))
            except Exception:  # whatever it was, the drawer keeps what it says
                log.exception("number cannot be explained")
                shown = replace(self.shown, problem=PROBLEM)
            async with self:
                assign(self, shown=shown)


def load(asked: AskedExplanation, viewer: ZoneInfo) -> Explained:
    """One reading of the database and its text. Runs in a thread, once for everybody who asks the same."""
    now = datetime.now(UTC)
    query = Query(
        window=window_ending(asked.window, now.replace(second=59, microsecond=0)),  # as the pages with the numbers
        provider=asked.provider or None,
        repo=asked.repo or None,
        pipeline_id=asked.pipeline_id or None,
        branch=asked.branch or None,
        tz=viewer.key,
    )
    with engine.reading() as session:
        found = report.explain(session, query, asked.slug, now)
        pipeline = lists.pipeline(session, asked.pipeline_id) if asked.pipeline_id else None
    name = " · ".join((pipeline["name"], rows.where(pipeline["provider"], pipeline["repo"]))) if pipeline else ""
    return explain_view.explained(asked, query, found, name or ("One pipeline" if asked.pipeline_id else ""), viewer)
