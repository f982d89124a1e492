"""Which rows to count, and per what."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.health import Query
from cicd_health.store.reports.days import Span
from cicd_health.store.reports.rows import COUNTED, JOB, MOMENT, RUN, filters, repo_ids, within

Label = Literal["pipeline", "branch", "job"]


def places(session: Session, query: Query) -> tuple[Hashable, ...]:
    """Which pipelines are asked for, also after a repository got the name of another."""
    named = () if query.repo is None else sorted(session.connection().execute(repo_ids(query.repo)).scalars())
    return query.provider, query.pipeline_id, query.repo, tuple(named)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rows of a query, whatever its window. Equal keys say that they are the same rows."""

    query: Query
    by: Label
    key: Hashable

    @classmethod
    def of(cls, session: Session, query: Query, by: Label) -> Wanted:
        of_run = query.branch, query.event, query.actor
        return cls(query, by, (query.subject, by, *of_run, query.job, *places(session, query)))

    @property
    def lasting(self) -> bool:
        """Whether the sums of its day are written anew when a row becomes one of them: see `Contribution.labels`.

        So for runs with a job of some name: those names are labels of the run. Not so for jobs of some runs.
        """
        query = self.query
        if query.subject == "run":
            return True
        return self.by != "branch" and query.branch is None and query.event is None and query.actor is None

    def read(self, session: Session, spans: Sequence[Span]) -> Iterable[Any]:
        """Moment, label and what counts of each, oldest first."""
        if not spans:
            return ()
        subject = self.query.subject
        table = RUN if subject == "run" else JOB
        labels = {"pipeline": table.c.pipeline_id, "branch": RUN.c.branch, "job": JOB.c.name}
        selected = sa.select(MOMENT[subject], labels[self.by], *COUNTED[subject]).where(*filters(self.query))
        if subject == "job" and self.by == "branch":
            selected = selected.where(JOB.c.run_id == RUN.c.id)
        selected = selected.where(sa.or_(*(within(subject, *span) for span in spans)))
        return session.connection().execute(selected.order_by(MOMENT[subject]))
