"""What is here already of a watched repository or of watched jobs, for whoever asks the provider about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from cicd_health.model.watches import KnownRun
from cicd_health.store import engine

TABLES = SQLModel.metadata.tables
REPO, PIPELINE, RUN, ATTEMPT = (TABLES[name] for name in ("repositories", "pipelines", "runs", "attempts"))
# The plus keeps SQLite from walking through all runs of a repository to find the few that have not ended.
ANY_REPO: sa.ColumnClause[int] = sa.literal_column("+runs.repo_id", sa.Integer)


@dataclass(frozen=True, slots=True)
class KnownRuns:
    """Asked anew each time, so that it is true between two batches. `name` is that of the watch."""

    source_id: int
    provider: str
    name: str

    def runs(self, external_ids: Sequence[str]) -> Mapping[str, KnownRun]:
        """Those of these runs that are here, by id."""
        last = sa.and_(ATTEMPT.c.run_id == RUN.c.id, ATTEMPT.c.attempt == RUN.c.attempt)
        query = (
            sa.select(RUN.c.external_id, RUN.c.attempt, RUN.c.status, ATTEMPT.c.updated_at)
            .add_columns(RUN.c.created_at, RUN.c.jobs_known, PIPELINE.c.name, PIPELINE.c.key)
            .join(PIPELINE, PIPELINE.c.id == RUN.c.pipeline_id)
            .outerjoin(ATTEMPT, last)
        )
        with engine.reading() as session:
            within = self._within(session) if self.provider != "jenkins" else self._in_folders(session, external_ids)
            wanted = query.where(*within, RUN.c.external_id.in_(list(external_ids)))
            return {row.external_id: _known(row) for row in session.connection().execute(wanted)}

    def unfinished(self, limit: int) -> Sequence[str]:
        """Runs that have not ended as far as is known, the oldest first."""
        return self._ids(sa.text("runs.status != 'completed'"), RUN.c.created_at.asc(), limit, ANY_REPO)

    def without_jobs(self, limit: int) -> Sequence[str]:
        """Runs that have ended and whose jobs were not all read yet, the newest first."""
        missing = sa.text("runs.status = 'completed' AND runs.jobs_known < runs.attempts")
        return self._ids(missing, RUN.c.created_at.desc(), limit)

    def _ids(self, which: sa.TextClause, order: Any, limit: int, repo_id: Any = RUN.c.repo_id) -> list[str]:
        with engine.reading() as session:
            within = self._within(session, repo_id)
            query = sa.select(RUN.c.external_id).where(*within, which).order_by(order).limit(limit)
            return list(session.connection().execute(query).scalars())

    def _in_folders(self, session: Session, external_ids: Sequence[str]) -> list[sa.ColumnElement[bool]]:
        """The folders that these builds are in: a server has too many to look for a build in each."""
        folders = {id.rpartition("#")[0].rpartition("/")[0] for id in external_ids}
        repos = sa.select(REPO.c.id, REPO.c.name).where(REPO.c.source_id == self.source_id, REPO.c.name.in_(folders))
        return [RUN.c.repo_id.in_(_ids(session, repos))]

    def _within(self, session: Session, repo_id: Any = RUN.c.repo_id) -> list[sa.ColumnElement[bool]]:
        """The runs of the watched repository; of a Jenkins job, or of all below a folder."""
        repos = sa.select(REPO.c.id, REPO.c.name).where(REPO.c.source_id == self.source_id)
        if self.provider != "jenkins":
            repos = repos.where(sa.func.lower(REPO.c.name) == self.name.lower())
            return [repo_id.in_(_ids(session, repos))]
        if not self.name:
            return [repo_id.in_(_ids(session, repos))]
        parent = self.name.rpartition("/")[0]
        below = sa.or_(REPO.c.name == self.name, REPO.c.name.startswith(f"{self.name}/", autoescape=True))
        job = sa.and_(
            repo_id.in_(_ids(session, repos.where(REPO.c.name == parent))),
            RUN.c.external_id.startswith(f"{self.name}#", autoescape=True),
        )
        return [sa.or_(repo_id.in_(_ids(session, repos.where(below))), job)]


def _known(row: Any) -> KnownRun:
    return KnownRun(
        attempt=row.attempt,
        completed=row.status == "completed",
        updated_at=row.updated_at,
        created_at=row.created_at,
        jobs_known=row.jobs_known,
        pipeline=row.name,
        pipeline_id=row.key.removeprefix("id:") if row.key.startswith("id:") else None,
    )


def _ids(session: Session, repos: sa.Select[Any]) -> list[int]:
    return [row.id for row in session.connection().execute(repos)]
