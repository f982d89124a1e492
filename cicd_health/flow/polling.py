"""Asking providers for what they did not send: by the clock, and back into the past.

One watch is polled by one process at a time. A poll that fails is tried again with growing pauses, or when the
provider said; what is known of a whole source (it is down, its limit is used up) holds for all its watches.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog
from sqlmodel import Session

from cicd_health import queue, settings, vault
from cicd_health.flow import connecting, inbox, saving
from cicd_health.model.deliveries import DeliveryState, Incoming
from cicd_health.model.watches import BackfillState
from cicd_health.providers.remote import Asked, Batch, Connection, Document, Remote, RemoteError, Trouble
from cicd_health.store import audit, deliveries, engine, names, watches
from cicd_health.store.known_runs import KnownRuns
from cicd_health.store.tables import SourceRow, WatchRow

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=10)  # of a poll, since its last batch: longer than any one request may take
LONGEST_PAUSE = timedelta(hours=1)
REDELIVER_EVERY = timedelta(hours=1)
# Troubles of the server or of the credentials, not of one repository.
OF_SOURCE = {Trouble.UNREACHABLE, Trouble.SERVER, Trouble.UNAUTHORIZED, Trouble.LIMITED, Trouble.SLOWED}
OF_NAME = {Trouble.FORBIDDEN, Trouble.SSO, Trouble.NOT_FOUND}  # the server answers, and knows who asks
LOCAL = ("localhost", "127.0.0.1", "[::1]")  # where no provider's webhook arrives


@dataclass(frozen=True, slots=True)
class Work:
    """What a poll or backfill needs of its watch, read once."""

    watch: WatchRow
    source: SourceRow
    connection: Connection
    remote: Remote

    @property
    def watch_id(self) -> int:
        return names.row_id(self.watch)

    @property
    def source_id(self) -> int:
        return names.row_id(self.source)

    @property
    def known(self) -> KnownRuns:
        return KnownRuns(self.source_id, self.source.provider, self.watch.name)


def queue_due(now: datetime) -> int:
    """Queue a poll of every watch whose time has come; how many."""
    with engine.writing() as session:
        due = watches.due(session, now)
        for watch_id, since in due:
            # What has been due since the same moment is queued already; ten minutes later perhaps no more.
            key = f"{watch_id}-{since:%Y%m%dT%H%M%S%f}-{int(now.timestamp()) // 600}"
            queue.enqueue(session, "poll", key, watch_id, now.isoformat())
    return len(due)


def poll_now(now: datetime, source_id: int | None = None, watch_id: int | None = None) -> int:
    """Queue a poll of everything, of one source, or of one watch; how many. What a provider asked to wait, waits.

    Raises LookupError for an id that is not there.
    """
    queued = 0
    with engine.writing() as session:
        if source_id is not None:
            watches.source(session, source_id)
        if watch_id is not None:
            watches.watch(session, watch_id)
        for row, source in watches.pairs(session, source_id, watch_id):
            if row.enabled and source.enabled and not waits(row, source, now):
                # Asked for again before the answer is there, it is asked once.
                key = f"{row.id}-asked-{row.last_poll_at or row.created_at:%Y%m%dT%H%M%S%f}-{now:%Y%m%dT%H%M}"
                queue.enqueue(session, "poll", key, row.id, now.isoformat())
                queued += 1
        audit.note(session, "poll.asked", _asked_of(session, source_id, watch_id), now, queued=queued)
    return queued


def _asked_of(session: Session, source_id: int | None, watch_id: int | None) -> str:
    if watch_id is not None:
        return watches.watch(session, watch_id).name or f"watch {watch_id}"
    return "everything" if source_id is None else f"source {source_id} ({watches.source(session, source_id).host})"


def poll(watch_id: int, now: datetime, queued_at: datetime | None = None) -> None:
    """Compare one watch with its provider. What goes wrong is written down, and its next time is set.

    Nothing is asked when what this poll was queued for was found out since, by another one.
    """
    work = _claim(watch_id, now, queued_at)
    if work is None:
        return
    since = work.watch.complete_until or now - work.remote.first_look  # the backfill goes further
    walking = work.watch.backfill_state == BackfillState.RUNNING and work.watch.backfill_waits_until is None
    asked = Asked(work.watch.name, since=since, until=now, etag=work.watch.etag, jobs=not walking)
    etag = work.watch.etag
    try:
        for batch in work.remote.poll(work.connection, asked, work.known, now):
            save(work.source.provider, batch.documents, datetime.now(UTC))
            etag = batch.etag or etag
            _heard(work, batch)
        _succeeded(work, etag, now)
    except RemoteError as error:
        _failed(work, error, datetime.now(UTC))
    except Exception as error:  # a bug of ours, or no database: written down where it can be, tried again
        log.exception("poll failed", watch=work.watch.name)
        sentence = f"Polling stopped with {type(error).__name__}: it is in the log. It is tried again."
        _failed(work, RemoteError(Trouble.GARBLED, sentence), datetime.now(UTC))
    else:
        _redeliver(work, now)


def _claim(watch_id: int, now: datetime, queued_at: datetime | None) -> Work | None:
    """The work, when it is ours: not somebody else's, not gone, not to wait."""
    with engine.writing() as session:
        row, source = watches.pair(session, watch_id)
        if row and source and queued_at and _is_settled(row, source, queued_at, now):
            return None
        work = prepare(session, watch_id, now)
        if work is None or not watches.claim(session, watch_id, now, now + LEASE):
            return None
        return work


def _is_settled(row: WatchRow, source: SourceRow, queued_at: datetime, now: datetime) -> bool:
    """Whether there was a whole poll of it since, or a vain one, or a vain one of its source, which now rests."""
    if row.complete_until is not None and queued_at <= row.complete_until <= now:
        return True
    if row.trouble and row.last_poll_at is not None and queued_at <= row.last_poll_at <= now:
        return True
    tried_at = source.last_poll_at
    return rests(source, row, now) is not None and tried_at is not None and queued_at <= tried_at <= now


def rests(source: SourceRow, row: WatchRow | None, now: datetime) -> datetime | None:
    """Until when a source in trouble is left alone; None when it is well, or the watch has a token of its own."""
    own = row is not None and row.token
    if own or source.trouble not in OF_SOURCE or source.next_poll_at is None or source.next_poll_at <= now:
        return None
    return source.next_poll_at


def prepare(session: Session, watch_id: int, now: datetime) -> Work | None:
    """What is needed to ask; None when nothing may be asked now."""
    row, source = watches.pair(session, watch_id)
    if row is None or source is None or not row.enabled or not source.enabled or waits(row, source, now):
        return None
    try:
        connection = connecting.of_source(source, row)
    except vault.WrongKey as error:
        sentence = f"The stored token cannot be read: {error}. Enter it again."
        write_trouble(session, row, RemoteError(Trouble.UNAUTHORIZED, sentence), now)
        return None
    if connection is None:
        return None
    return Work(row, source, connection, connecting.remote_of(source.provider))


def waits(row: WatchRow, source: SourceRow, now: datetime) -> datetime | None:
    """Until when the provider wants to be left alone. A watch with a token of its own has a limit of its own."""
    return watches.asked_to_wait(row, now) or (None if row.token else watches.asked_to_wait(source, now))


def save(provider: str, documents: Iterable[Document], now: datetime, *, quiet: bool = False) -> None:
    """Save what a provider said when asked; what makes no sense is kept as a delivery, with the error."""
    understood = []
    for document in documents:
        incoming = Incoming(
            provider=provider,
            external_id=document.external_id,
            event=document.event,
            action="polled",
            body=b"",
            payload=document.payload,
            received_at=now,
            headers=document.headers,
            quiet=quiet,
        )
        parsed = replace(inbox.parse(None, incoming), incoming=incoming, jobs_known=document.jobs_known)
        if parsed.state in (DeliveryState.KEPT, DeliveryState.FAILED):
            saving.keep_failed(parsed, parsed.error or "not understood", parsed.state, now)
        elif parsed.events:
            understood.append(parsed)
    saving.absorb(understood, now)


def _heard(work: Work, batch: Batch) -> None:
    """After each batch: the lease goes on, and the page learns what is left of the limit."""
    with engine.writing() as session:
        watches.change(session, work.watch_id, busy_until=datetime.now(UTC) + LEASE)
        if batch.name:
            watches.rename(session, work.watch_id, work.source_id, batch.name)
        if batch.rate_limit is not None and not work.watch.token:
            watches.note_rate_limit(session, work.source_id, batch.rate_limit)
        engine.announce(session, "sources")


def _succeeded(work: Work, etag: str | None, begun_at: datetime) -> None:
    now = datetime.now(UTC)
    with engine.writing() as session:
        watches.change(
            session,
            work.watch_id,
            etag=etag,
            last_poll_at=now,
            complete_until=begun_at,
            next_poll_at=begun_at + _interval(),
            busy_until=None,
            tries=0,
            trouble=None,
            error=None,
            error_at=None,
        )
        watches.refresh_source(session, work.source_id, now)
        if not work.watch.token:
            watches.note_answer(session, work.source_id, now)
        engine.announce(session, "sources")


def _interval() -> timedelta:
    return timedelta(minutes=settings.get().poll_interval_minutes)


def _failed(work: Work, error: RemoteError, now: datetime) -> None:
    log.warning("poll failed", source=work.source.host, watch=work.watch.name, trouble=error.trouble.value)
    with engine.writing() as session:
        row = session.get(WatchRow, work.watch_id)
        if row is not None:
            write_trouble(session, row, error, now)


def write_trouble(session: Session, row: WatchRow, error: RemoteError, now: datetime) -> None:
    """Note what is wrong and since when, and when to ask again: at the provider's word, else with growing pauses."""
    again_at = error.retry_at if error.retry_at and error.retry_at > now else now + pause_after(row.tries, _interval())
    if error.partly and error.retry_at is None:  # it answers, so it is asked as ever
        again_at = now + _interval()
    of_source = error.trouble in OF_SOURCE and not row.token and not error.partly
    watches.change(
        session,
        names.row_id(row),
        busy_until=None,
        last_poll_at=now,
        next_poll_at=again_at,
        tries=row.tries + (not error.partly),
        trouble=error.trouble.value,
        error=error.sentence,
        error_at=row.error_at or now,
    )
    if of_source:
        note_trouble(session, row.source_id, error, again_at, now)
        watches.change_source(session, row.source_id, last_poll_at=now)
    elif (error.partly or error.trouble in OF_NAME) and not row.token:
        watches.note_answer(session, row.source_id, now)
    if error.rate_limit is not None and not row.token:
        watches.note_rate_limit(session, row.source_id, error.rate_limit)
    engine.announce(session, "sources")


def note_trouble(session: Session, source_id: int, error: RemoteError, again_at: datetime, now: datetime) -> None:
    """The whole source is in trouble, and rests until then."""
    source = watches.source(session, source_id)
    said = {"trouble": error.trouble.value, "error": error.sentence, "error_at": source.error_at or now}
    watches.change_source(session, source_id, next_poll_at=again_at, **said)


def pause_after(tries: int, first: timedelta) -> timedelta:
    """The first pause, then twice as long each time up to an hour, each a fifth shorter or longer by chance."""
    return min(LONGEST_PAUSE, first * 2 ** min(tries, 12)) * random.uniform(0.8, 1.2)


def _redeliver(work: Work, now: datetime) -> None:
    """Where the token may: have our webhook's failed deliveries sent again. What is polled counts anyway."""
    ask = work.remote.redeliver
    last, public_url = work.watch.redelivered_at, settings.get().public_url
    if ask is None or (last is not None and now - last < REDELIVER_EVERY) or any(host in public_url for host in LOCAL):
        return
    if not (work.connection.token or work.connection.app_id):
        return
    try:
        again = ask(work.connection, work.watch.name, f"{public_url}/webhooks/{work.source.provider}", _received, now)
    except RemoteError as error:
        log.info("failed deliveries not asked for", watch=work.watch.name, trouble=error.trouble.value)
    except Exception:  # a bug of ours must not make the queue run the whole poll again
        log.exception("failed deliveries not asked for", watch=work.watch.name)
    else:
        if again:
            log.info("failed deliveries asked for again", watch=work.watch.name, deliveries=again)
    with engine.writing() as session:
        watches.change(session, work.watch_id, redelivered_at=now)


def _received(external_ids: Iterable[str]) -> set[str]:
    with engine.reading() as session:
        return deliveries.received(session, connecting.GITHUB, list(external_ids))
