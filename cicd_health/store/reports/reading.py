"""What was counted between two moments, exact to the second: as a whole, per bucket, per pipeline, per label.

Few runs are counted one by one, so that percentiles are exact. Many are read from the kept tallies, unless the query
asks for what no tally is kept for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.health import Query
from cicd_health.model.tally import Tally
from cicd_health.store.reports import rows as counting
from cicd_health.store.reports.days import Days
from cicd_health.store.reports.ledgers import CountedRows, KeptSums, Ledger
from cicd_health.store.reports.memory import Memory
from cicd_health.store.reports.once import once
from cicd_health.store.reports.pieces import MEMORY
from cicd_health.store.reports.rows import REPOSITORY, SOURCE
from cicd_health.store.reports.wanted import Label, Wanted
from cicd_health.store.tallies import ALL, Scope

ROOM = 10_000_000  # of one reading that nothing may remain of


class Ground:
    """What readings of one query that lie within a window need alike, read once."""

    def __init__(self, session: Session, query: Query, start: datetime, end: datetime) -> None:
        self._session, self._query, self._start, self._end = session, query, start, end

    @once
    def days(self) -> Days:
        return Days(self._session, self._query.subject, self._start, self._end)

    @once
    def pipelines(self) -> Scope:
        ids = counting.pipeline_ids(self._query).order_by(counting.PIPELINE.c.id)
        return Scope("pipeline", tuple(self._session.connection().execute(ids).scalars()))


class Reading:
    """One window of one query. The tallies are shared with others who read the same: nobody may change them."""

    def __init__(
        self, session: Session, query: Query, start: datetime, end: datetime, ground: Ground | None = None
    ) -> None:
        self.session, self.query, self.start, self.end = session, query, start, end
        self._ground = ground or Ground(session, query, start, end)

    @property
    def exact(self) -> bool:
        """Whether every value is known, and not only how many are about as long."""
        return self._ledger.exact

    def total(self) -> Tally:
        return self._ledger.total(self.start, self.end).tally

    def buckets(self, edges: Sequence[datetime]) -> list[Tally]:
        """A Tally for each pair of neighbouring edges; what lies outside the window is not in them."""
        return [piece.tally for piece in self._ledger.each([self.start, *edges[1:-1], self.end])]

    def pipelines(self) -> dict[int, Tally]:
        """A Tally for each pipeline that has any run in the window."""
        return {key: piece.tally for key, piece in self._by_pipeline.between(self.start, self.end).items()}

    def labels(self, by: Label) -> dict[str | None, Tally]:
        """A Tally for each branch or job name that occurs."""
        found = self._counted(by).between(self.start, self.end)
        return {key: piece.tally for key, piece in found.items()}

    @once
    def _ledger(self) -> Ledger:
        """Of the query's own scope."""
        if not counting.tallied(self.query):
            return self._counted("pipeline")
        kept = KeptSums(self.session, self._ground.days, self.query.subject, self._scope())
        many = kept.total(self.start, self.end).tally.total > counting.MANY
        return kept if many else self._counted("pipeline", exact=True)

    @once
    def _by_pipeline(self) -> Ledger:
        if isinstance(self._ledger, CountedRows):
            return self._ledger
        return KeptSums(self.session, self._ground.days, self.query.subject, self._ground.pipelines)

    def _counted(self, by: Label, exact: bool | None = None) -> CountedRows:
        """By counting rows; exact as long as there are few, unless it is said."""
        wanted = Wanted.of(self.session, self.query, by)
        memory = MEMORY if wanted.lasting else Memory(ROOM)
        asked = self.session, self._ground.days, wanted, memory, {}
        if exact is None:
            exact = CountedRows(*asked, exact=True).few(self.start, self.end)
        return CountedRows(*asked, exact=exact)

    def _scope(self) -> Scope:
        query = self.query
        if query.pipeline_id is not None:
            return Scope("pipeline", (query.pipeline_id,))
        if query.repo is None and query.provider is None:
            return ALL
        ids = sa.select(REPOSITORY.c.id).join(SOURCE).order_by(REPOSITORY.c.id)
        if query.provider is not None:
            ids = ids.where(SOURCE.c.provider == query.provider)
        if query.repo is not None:
            ids = ids.where(REPOSITORY.c.name == query.repo)
        return Scope("repo", tuple(self.session.connection().execute(ids).scalars()))


def pair(session: Session, query: Query) -> tuple[Reading, Reading]:
    """Of the query's window, and of the one before it."""
    window, before = query.window, query.window.previous()
    ground = Ground(session, query, before.start, window.end)
    return (
        Reading(session, query, window.start, window.end, ground),
        Reading(session, query, before.start, before.end, ground),
    )
