"""What the API answers about sources and what is watched. None of their secrets is ever in it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from cicd_health.api import shapes
from cicd_health.model import watches as model
from cicd_health.providers.remote import Tested


class Backfill(BaseModel):
    """The walk into the past. `state` is none, running, stopped or done; every run created since `reach` is listed.

    Of `total` runs (an estimate) `done` are here with their jobs; `ends_at` is an estimate too.
    """

    model_config = ConfigDict(populate_by_name=True)

    state: str
    from_: datetime | None = Field(alias="from")
    reach: datetime | None
    listed: int
    done: int
    total: int | None
    requests: int
    started_at: datetime | None
    ended_at: datetime | None
    waits_until: datetime | None
    ends_at: datetime | None
    error: str | None

    @classmethod
    def of(cls, walk: model.Backfill) -> Backfill:
        names = cls.model_fields.keys() - {"from_"}
        return cls(**{"from": walk.start}, **{name: getattr(walk, name) for name in names})


class Watch(BaseModel):
    """One watched repository, or job or all jobs ("") of a Jenkins server.

    `state` is ok, waiting (the provider asked for it), backfilling, error, stopped or never (not asked yet);
    `missing`: the provider does not know it any more, or hides it. `complete_until`: nothing created before is missing.
    """

    id: int
    provider: str
    source_id: int
    source: str
    host: str
    name: str
    origin: str
    state: str
    last_poll_at: datetime | None
    complete_until: datetime | None
    next_poll_at: datetime | None
    trouble: str | None
    error: str | None
    error_at: datetime | None
    missing: bool
    has_token: bool
    has_secret: bool
    backfill: Backfill

    @classmethod
    def of(cls, line: model.WatchLine) -> Watch:
        names = cls.model_fields.keys() - {"backfill"}
        return cls(**{name: getattr(line, name) for name in names}, backfill=Backfill.of(line.backfill))


class RepoDetail(BaseModel):
    """A repository and how it is watched. `id` is null until its first run is here, `watch` where nobody watches."""

    id: int | None
    provider: str
    source: str
    name: str
    default_branch: str | None
    url: str | None
    created_at: datetime | None
    watch: Watch | None


class Source(shapes.Source):
    """One GitHub host or one Jenkins server. `state` is ok, degraded, error or never.

    `connected`: it may be asked, it does not only send. `origin` is where that was set: event (nowhere), env or user.
    """

    origin: str
    connected: bool
    api_url: str | None
    username: str | None
    app_id: int | None
    next_poll_at: datetime | None
    trouble: str | None
    error_at: datetime | None
    watches: int

    @classmethod
    def of_line(cls, line: model.SourceLine) -> Source:
        names = cls.model_fields.keys() - {"rate_limit"}
        limit = None
        if line.rate_limit is not None or line.rate_remaining is not None:
            limit = shapes.RateLimit(remaining=line.rate_remaining, limit=line.rate_limit, reset_at=line.rate_reset_at)
        return cls(**{name: getattr(line, name) for name in names}, rate_limit=limit)


class Trial(BaseModel):
    """What came of trying a connection, in sentences for people."""

    ok: bool
    sentences: list[str]
    rate_limit: shapes.RateLimit | None

    @classmethod
    def of(cls, tested: Tested) -> Trial:
        left = tested.rate_limit
        limit = shapes.RateLimit(remaining=left.remaining, limit=left.limit, reset_at=left.reset_at) if left else None
        return cls(ok=tested.ok, sentences=list(tested.sentences), rate_limit=limit)


class Waiting(BaseModel):
    """What is not asked now, because its provider wants to be left alone until then."""

    name: str
    source_id: int
    until: datetime | None
    error: str | None


class Queued(BaseModel):
    """How many watches will be asked in a moment, and which ones have to wait."""

    queued: int
    waiting: list[Waiting]
