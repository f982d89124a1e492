"""The failures page: one reading per query for everybody, narrowed, sorted and told of per address."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import reflex as rx
import structlog
from sqlmodel import Session

from cicd_health.live import hub
from cicd_health.model.failures import Failure
from cicd_health.model.health import Query
from cicd_health.model.runs import FAILED
from cicd_health.model.windows import window_ending
from cicd_health.store import engine
from cicd_health.store.reports import lists, signatures
from cicd_health.store.reports.reading import Reading
from cicd_health.ui import guard, routes, zone
from cicd_health.ui.failures_view import listing
from cicd_health.ui.failures_view.head import FailuresHead
from cicd_health.ui.failures_view.listing import LOOKED_THROUGH, PAGE, Listed, Read
from cicd_health.ui.failures_view.opened import Opened
from cicd_health.ui.failures_view.page import FailuresPage, page
from cicd_health.ui.failures_view.row import FailureNow, FailureRow
from cicd_health.ui.routes import AskedFailures
from cicd_health.ui.states.following import assign, changes
from cicd_health.ui.states.held import HeldRows

log = structlog.get_logger(__name__)
EVERY = 1_000  # pipelines and jobs that are told of one kind of failure


class FailuresHeadState(rx.State):
    shown: rx.Field[FailuresHead] = rx.field(default_factory=FailuresHead)
    problem: rx.Field[str] = rx.field("")

    def _fail(self) -> None:
        since = self.shown.checked
        below = f"Those below are of {since}; nothing" if since else "Nothing"
        assign(self, problem=f"The failures cannot be read at the moment. {below} received is lost. Trying again.")


class FailureListState(HeldRows, rx.State):
    """`opened` is the kind of failure whose lines are shown below its row."""

    rows: rx.Field[list[FailureRow]] = rx.field(default_factory=list)
    now: rx.Field[dict[str, FailureNow]] = rx.field(default_factory=dict)
    opened: rx.Field[Opened] = rx.field(default_factory=Opened)
    _noun: str = "new kind"


class FailuresState(rx.State):
    """The loop that keeps the page up to date, and what the filters do."""

    @rx.event(background=True)
    async def follow(self):
        asked = routes.asked_failures(self.router.url.query_parameters)
        viewer = zone.of_viewer(self.router.headers.cookie)
        async with self:
            (await self.get_state(FailureListState))._begin()
        async for person in changes(self):
            if person is None:
                yield guard.to_sign_in()
                return
            try:
                found = await _page(asked, viewer)
            except Exception:  # whatever it was, the page keeps its rows and says so
                log.exception("failures cannot be read")
                async with self:
                    (await self.get_state(FailuresHeadState))._fail()
            else:
                async with self:
                    listed = await self.get_state(FailureListState)
                    listed._offer(found.rows, found.now)
                    assign(listed, opened=found.opened)
                    assign(await self.get_state(FailuresHeadState), problem="", shown=found.head)

    @rx.event
    async def choose_provider(self, provider: str):
        return self._go(provider=provider)

    @rx.event
    async def choose_repo(self, repo: str):
        return self._go(repo=repo)

    @rx.event
    async def choose_branch(self, branch: str):
        return self._go(branch=branch)

    @rx.event
    async def choose_state(self, state: str):
        return self._go(state=state)

    @rx.event
    async def choose_sort(self, sort: str):
        return self._go(sort=sort)

    @rx.event
    async def look_for(self, form: dict[str, str]):
        """The search box."""
        return self._go(q=str(form.get("q", "")).strip())

    def _go(self, **chosen: str):
        asked = routes.asked_failures(self.router.url.query_parameters)
        return rx.redirect(routes.failures(replace(asked, after="", **chosen)))


async def _page(asked: AskedFailures, viewer: ZoneInfo) -> FailuresPage:
    """One reading for all who ask for the same runs; one page for all who narrow and sort them the same way."""
    wide = AskedFailures(asked.window, asked.provider, asked.repo, asked.branch)
    found = await hub.snapshot(("failures", wide, viewer.key), partial(read, wide, viewer))
    return await hub.snapshot(("failures page", asked, viewer.key), partial(shown, found, asked, viewer))


def read(asked: AskedFailures, viewer: ZoneInfo) -> Read:
    """One reading of the database. Runs in a thread."""
    now = datetime.now(UTC)
    query = Query(
        window=window_ending(asked.window, now.replace(second=59, microsecond=0)),  # moves once a minute
        provider=asked.provider or None,
        repo=asked.repo or None,
        branch=asked.branch or None,
        tz=viewer.key,
    )
    with engine.reading() as session:
        seen = tuple(signatures.sightings(session, query))
        counts = Reading(session, query, query.window.start, query.window.end).total().counts
        failed = sum(counts.get(outcome, 0) for outcome in FAILED)
        return Read(
            now=now,
            query=query,
            empty=lists.empty(session),
            seen=seen,
            unexplained=max(0, failed - sum(one.runs for one in seen)),
            providers=tuple(source.provider for source in lists.sources(session, now)),
            repos=lists.repos(session),
            branches=lists.branches(session, query),
        )


def shown(found: Read, asked: AskedFailures, viewer: ZoneInfo) -> FailuresPage:
    """What is told of the kinds of failure on this page. Runs in a thread."""
    with engine.reading() as session:
        return page(found, asked, _listed(session, found, asked), viewer)


def _listed(session: Session, found: Read, asked: AskedFailures) -> Listed:
    chosen = listing.chosen(found, asked)
    looked = chosen[:LOOKED_THROUGH]
    unseen = len(chosen) - len(looked) if asked.q else 0
    if asked.q:
        told = signatures.failures(session, found.query, looked, EVERY)
        matching = [one for one in told if listing.mentions(one, asked.q)]
        first = listing.first_of(asked, len(matching))
        failures, number = matching[first : first + PAGE], len(matching)
    else:
        first = listing.first_of(asked, len(chosen))
        failures = signatures.failures(session, found.query, chosen[first : first + PAGE], EVERY)
        number = len(chosen)
    return Listed(failures, first, number, unseen, _counts(session, found.query, failures))


def _counts(session: Session, query: Query, failures: list[Failure]) -> dict[str, list[int]]:
    listed = [one.sighting.signature for one in failures]
    return signatures.counts_between(session, query, listed, listing.bar_edges(query)) if listed else {}
