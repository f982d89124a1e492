"""What is watched, and how fresh it is: as the pages and the API show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BackfillState(StrEnum):
    """Stored: never rename a value."""

    NONE = "none"
    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class KnownRun:
    """What is already here of a run. `attempt` is the last one; `updated_at` is the provider's own of it.

    `jobs_known`: the jobs of its attempts up to that one were all read. `pipeline` is its pipeline's name,
    `pipeline_id` the provider's id of that, where it has one.
    """

    attempt: int
    completed: bool
    updated_at: datetime | None
    created_at: datetime
    jobs_known: int
    pipeline: str = ""
    pipeline_id: str | None = None


@dataclass(frozen=True, slots=True)
class Backfill:
    """The walk into the past. `reach`: all runs created from then on are listed; `done` of them have their jobs.

    `total` and `ends_at` are estimates, None while there is nothing to estimate from.
    """

    state: BackfillState
    start: datetime | None
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


@dataclass(frozen=True, slots=True)
class WatchLine:
    """One watched repository (GitHub), or job or all jobs ("") of a Jenkins server.

    `state` is ok, waiting (the provider asked for it), backfilling, error, stopped or never (not polled yet).
    `complete_until`: nothing created before is missing; None until the way back has ended.
    """

    id: int
    source_id: int
    provider: str
    source: str
    host: str
    name: str
    origin: str
    enabled: bool
    state: str
    last_poll_at: datetime | None
    complete_until: datetime | None
    next_poll_at: datetime | None
    trouble: str | None
    error: str | None
    error_at: datetime | None
    has_token: bool
    has_secret: bool
    backfill: Backfill

    @property
    def missing(self) -> bool:
        """Whether the provider does not know it any more, or hides it."""
        return self.trouble == "not_found"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One GitHub host or Jenkins server. `connected`: it may be asked for runs and logs, not only send them.

    `origin` is where that connection was set: event (none was), env or user. `state` as in the API.
    """

    id: int
    provider: str
    host: str
    name: str
    origin: str
    api_url: str | None
    username: str | None
    app_id: int | None
    connected: bool
    has_token: bool
    state: str
    last_event_at: datetime | None
    last_poll_at: datetime | None
    complete_until: datetime | None
    next_poll_at: datetime | None
    rate_remaining: int | None
    rate_limit: int | None
    rate_reset_at: datetime | None
    trouble: str | None
    error: str | None
    error_at: datetime | None
    watches: int
