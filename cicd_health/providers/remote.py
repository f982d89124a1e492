"""What a provider can be asked, beyond what it sends: its history, its logs, whether we may. No database, no state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from cicd_health.model.watches import KnownRun


class Trouble(StrEnum):
    """Why a provider gave no answer, told apart because people do different things about them. Stored."""

    UNREACHABLE = "unreachable"  # no connection, or no answer in time
    SERVER = "server"  # 5xx
    GARBLED = "garbled"  # an answer that is not what the API promises
    UNAUTHORIZED = "unauthorized"  # the token is wrong, expired or revoked
    FORBIDDEN = "forbidden"  # the token is right and may not
    SSO = "sso"  # the organisation wants the token authorised for its single sign-on
    NOT_FOUND = "not_found"  # not there, or hidden from this token
    LIMITED = "limited"  # the hourly limit is used up
    SLOWED = "slowed"  # a secondary limit: too much at once


@dataclass(frozen=True, slots=True)
class RateLimit:
    remaining: int
    limit: int
    reset_at: datetime


class RemoteError(Exception):
    """The provider did not answer as hoped: one sentence for people, without any secret.

    `retry_at` is set when the provider said when to come back, or must have meant it. `partly`: it did answer, and what
    is wrong is with a part of what was asked for; the rest was read.
    """

    def __init__(
        self,
        trouble: Trouble,
        sentence: str,
        *,
        retry_at: datetime | None = None,
        rate_limit: RateLimit | None = None,
        partly: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.trouble, self.sentence = trouble, sentence
        self.retry_at, self.rate_limit = retry_at, rate_limit
        self.partly = partly


class LogGone(Exception):
    """The provider has this log no more, or never had one."""


class LogNotReady(Exception):
    """The log may come: the job has not ended, or has only just."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one provider's server. `host` is as events carry it; `api_url` has no slash at its end."""

    provider: str
    host: str
    api_url: str
    username: str | None = None
    token: str | None = field(default=None, repr=False)
    app_id: int | None = None
    app_private_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """One thing a provider said when asked, in a form that `Provider.parse` reads like a delivery.

    `external_id` names this state of the thing, for keeping it once where it cannot be understood.
    `jobs_known` is set on the document of a run: with this batch, the jobs of its attempts up to that one are all here.
    """

    event: str
    external_id: str
    payload: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    jobs_known: int = 0


class Known(Protocol):
    """What the store knows of the watched repository or jobs; ids are the provider's run ids."""

    def runs(self, external_ids: Sequence[str]) -> Mapping[str, KnownRun]:
        """Those of these runs that are here."""
        ...

    def unfinished(self, limit: int) -> Sequence[str]:
        """Runs that have not ended as far as is known, the oldest first."""
        ...

    def without_jobs(self, limit: int) -> Sequence[str]:
        """Runs that have ended and whose jobs were not all read yet, the newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What to look at: a repository "owner/name"; a Jenkins job's full name, or "" for all.

    `since`: what was created from then on (a poll adds its own overlap before it). `until`: the end of a backfill.
    `etag` and `cursor` are what the last batch of the previous call gave. `jobs` False: a backfill is reading the jobs
    that are missing, so a poll need not.
    """

    name: str
    since: datetime
    until: datetime
    etag: str | None = None
    cursor: str | None = None
    jobs: bool = True


@dataclass(frozen=True, slots=True)
class Batch:
    """A portion of what was asked for, to be saved in one transaction; the next one is asked for after that.

    A backfill that is taken up again from `cursor` goes on after this batch. `listed`: runs in this batch seen for the
    first time on this walk; `done`: runs that are now here with their jobs; `total`: runs there are to walk, where the
    provider says. `reach`: every run created from then on has been listed. `name` is set when the thing was renamed.
    """

    documents: tuple[Document, ...] = ()
    cursor: str | None = None
    etag: str | None = None
    listed: int = 0
    done: int = 0
    total: int | None = None
    reach: datetime | None = None
    name: str | None = None
    requests: int = 0
    rate_limit: RateLimit | None = None


@dataclass(frozen=True, slots=True)
class LogAsked:
    """Which log: of a job, or with `job_external_id` None of a whole run. `position`: where to read on (Jenkins)."""

    repo: str
    run_external_id: str
    job_external_id: str | None
    attempt: int
    finished: bool
    position: int = 0


@dataclass(slots=True)
class LogStream:
    """A log as it comes over the wire. After the chunks are read: where to read on, and whether more will come."""

    chunks: Iterator[bytes]
    position: int = 0
    more: bool = False
    charset: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of trying a connection: `sentences` say what works and what does not, in order."""

    ok: bool
    sentences: tuple[str, ...]
    rate_limit: RateLimit | None = None


Walk = Callable[[Connection, Asked, Known, datetime], Iterator[Batch]]


@dataclass(frozen=True, slots=True)
class Remote:
    """How one provider is asked. Every function may raise RemoteError, while walking too.

    poll(connection, asked, known, now): what is new since, what was unfinished, and jobs that are missing.
    backfill(connection, asked, known, now): the same from `until` back to `since`, newest first.
    log(connection, asked): the log as a stream. Raises LogGone, LogNotReady.
    try_out(connection, name): whether this connection works, and for that repository or job.
    redeliver(connection, name, address, received, now): ask for the failed deliveries of our own webhook again,
        those whose ids `received` does not know; how many. None where the provider has no such thing.
    first_look: how far before the present a first poll must ask to have the last day.
    """

    poll: Walk
    backfill: Walk
    log: Callable[[Connection, LogAsked], AbstractContextManager[LogStream]]
    try_out: Callable[[Connection, str | None], Tested]
    redeliver: Callable[[Connection, str, str, Callable[[Sequence[str]], set[str]], datetime], int] | None = None
    first_look: timedelta = timedelta(0)
