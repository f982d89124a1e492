"""How sources are reached: what the settings say of them, and what people entered. Secrets are stored sealed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from sqlmodel import Session

from cicd_health import outgoing, queue, settings, vault
from cicd_health.model.watches import BackfillState
from cicd_health.providers import PROVIDERS
from cicd_health.providers.remote import Connection, Remote, Tested
from cicd_health.store import audit, engine, names, watches
from cicd_health.store.tables import SourceRow, WatchRow

GITHUB, JENKINS = "github", "jenkins"
GITHUB_API = "https://api.github.com"
FULL_NAME = re.compile(r"(?!\.{1,2}/)[\w.-]{1,100}/(?!\.{1,2}$)[\w.-]{1,100}", re.ASCII)
LONGEST_NAME = 500
EVERYTHING = ""  # of a Jenkins server


def host_of(provider: str, url: str) -> str:
    """The host as events name it: GitHub's own, or the address without scheme and user."""
    if provider == GITHUB:
        host = (urlsplit(url).hostname or "").lower()
        port = urlsplit(url).port
        return "github.com" if host == "api.github.com" else f"{host}:{port}" if port else host
    return url.partition("://")[2].rpartition("@")[2].rstrip("/").lower()


def address(url: str) -> str:
    """A web address as it is stored. Raises ValueError with a sentence."""
    text = url.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username or re.search(r"[\s\x00]", text):
        raise ValueError("The address must be like https://ci.example.com, without user and password.")
    if outgoing.is_forbidden(parts.hostname or ""):
        raise ValueError("This address is link-local, or tells a machine its credentials: it is never connected to.")
    return text


def connect_github(
    now: datetime,
    *,
    api_url: str = GITHUB_API,
    token: str | None = None,
    app_id: int | None = None,
    app_private_key: str | None = None,
) -> int:
    """Store how a GitHub host is asked; the source's id. Raises ValueError with a sentence."""
    url = address(api_url)
    if bool(app_id) != bool(app_private_key):
        raise ValueError("An App needs both its id and its private key.")
    if not token and not app_id:
        raise ValueError("A token is needed, or an App's id and private key.")
    if app_private_key and "PRIVATE KEY-----" not in app_private_key:
        raise ValueError("The private key must be the whole PEM file of the App.")
    with engine.writing() as session:
        row = watches.ensure_source(session, GITHUB, host_of(GITHUB, url), now)
        row.token = vault.seal(token) if token else None
        row.app_id = app_id if not token else None
        row.app_private_key = vault.seal(app_private_key) if app_private_key and not token else None
        return _connected(session, row, url, now)


def connect_jenkins(now: datetime, *, url: str, username: str | None = None, token: str | None = None) -> int:
    """Store how a Jenkins server is asked, and watch all its jobs unless some were chosen; the source's id.

    Raises ValueError with a sentence.
    """
    root = address(url)
    if bool(username) != bool(token):
        raise ValueError("User and API token belong together: enter both, or neither.")
    with engine.writing() as session:
        row = watches.ensure_source(session, JENKINS, host_of(JENKINS, root), now)
        row.username, row.token = username or None, vault.seal(token) if token else None
        source_id = _connected(session, row, root, now)
        if not watches.of_source(session, source_id):
            _start_watching(session, row, EVERYTHING, "user", now)
        return source_id


def _connected(session: Session, row: SourceRow, url: str, now: datetime) -> int:
    """New credentials end every wait that the old ones had earned."""
    row.base_url, row.origin, row.enabled = url, "user", True
    row.next_poll_at = row.trouble = row.error = row.error_at = None
    session.flush()
    source_id = names.row_id(row)
    for watch in watches.of_source(session, source_id):
        watch.trouble = watch.error = watch.error_at = None
        watch.next_poll_at, watch.tries = now, 0
    said = {"url": url, "user": row.username, "app_id": row.app_id, "token": row.token is not None}
    audit.note(session, "source.connected", _subject(row), now, **said)
    engine.announce(session, "sources")
    return source_id


def forget_connection(source_id: int, now: datetime) -> None:
    """Forget what people entered of a source: credentials and watches. Its history stays. Raises LookupError."""
    with engine.writing() as session:
        row = watches.source(session, source_id)
        row.token = row.username = row.app_id = row.app_private_key = None
        row.webhook_secret = row.webhook_secret_before = row.webhook_secret_before_until = None
        row.origin, row.base_url, row.trouble, row.error, row.error_at = "event", None, None, None, None
        row.next_poll_at = row.complete_until = None
        for watch in watches.of_source(session, source_id):
            if watch.origin == "user":
                session.delete(watch)
        session.flush()
        audit.note(session, "source.disconnected", _subject(row), now)
        sync_settings(session, now)
        engine.announce(session, "sources")


def watch(
    source_id: int,
    name: str,
    now: datetime,
    *,
    token: str | None = None,
    secret: str | None = None,
    backfill: bool = True,
) -> int:
    """Watch a repository or job, with its history; the watch's id. Again: with this token and secret from now on.

    Raises LookupError for an unknown source, ValueError with a sentence.
    """
    with engine.writing() as session:
        row = watches.source(session, source_id)
        if row.base_url is None:
            raise ValueError(f"{row.name} is not connected yet: its API address is not known.")
        found = _start_watching(session, row, _checked(row.provider, name), "user", now, backfill=backfill)
        if token:
            found.token = vault.seal(token)
        if secret:
            found.webhook_secret = vault.seal(secret)
        if token:
            found.next_poll_at = found.trouble = found.error = found.error_at = None
        said = {"source": _subject(row), "backfill": backfill, "token": bool(token), "secret": bool(secret)}
        audit.note(session, "repo.watched", f"watch {found.id} ({found.name})", now, **said)
        return names.row_id(found)


def watch_repository(
    full_name: str, now: datetime, *, token: str | None = None, secret: str | None = None, backfill: bool = True
) -> int:
    """Watch a repository of the GitHub host of GITHUB_API_URL, which need not be connected: it may be public."""
    _checked(GITHUB, full_name)
    url = settings.get().github_api_url
    with engine.writing() as session:
        row = watches.ensure_source(session, GITHUB, host_of(GITHUB, url), now)
        row.base_url = row.base_url or url
        session.flush()
        source_id = names.row_id(row)
    return watch(source_id, full_name, now, token=token, secret=secret, backfill=backfill)


def unwatch(watch_id: int, now: datetime) -> None:
    """Watch it no more; what came from it stays. Raises LookupError, and ValueError for one of the settings."""
    with engine.writing() as session:
        row = watches.watch(session, watch_id)
        if row.origin == "env":
            raise ValueError(f"{row.name or 'This server'} is named in the settings: remove it there.")
        session.delete(row)
        audit.note(session, "repo.unwatched", f"watch {watch_id} ({row.name})", now)
        engine.announce(session, "sources")


def _subject(row: SourceRow) -> str:
    return f"source {row.id} ({row.provider} {row.host})"


def _checked(provider: str, name: str) -> str:
    text = name.strip().strip("/")
    if provider == GITHUB and not FULL_NAME.fullmatch(text):
        raise ValueError("A repository is named owner/name.")
    if len(text) > LONGEST_NAME or re.search(r"[\x00-\x1f#]", text):
        raise ValueError("A job is named by its full name, such as folder/app/main.")
    return text


def _start_watching(
    session: Session, source: SourceRow, name: str, origin: str, now: datetime, *, backfill: bool = True
) -> WatchRow:
    """Watch from now on; the first poll and the way back are queued in this transaction."""
    source_id = names.row_id(source)
    found = watches.of_name(session, source_id, name) if source.provider == GITHUB else None
    found = found or watches.ensure_watch(session, source_id, name, origin, now)
    found.enabled = True
    if backfill and found.backfill_state == BackfillState.NONE:
        start_backfill(session, found, now)
    session.flush()
    queue.enqueue(session, "poll", f"{found.id}-{now:%Y%m%dT%H%M%S%f}", found.id, now.isoformat())
    engine.announce(session, "sources")
    return found


def start_backfill(session: Session, row: WatchRow, now: datetime) -> None:
    """Start the way back, or take it up again where it was stopped."""
    row.backfill_state = BackfillState.RUNNING.value
    row.backfill_from = row.backfill_from or watches.backfill_start(now)
    row.backfill_started_at, row.backfill_done_before = now, row.backfill_done
    row.backfill_ended_at = row.backfill_waits_until = row.backfill_error = None
    row.backfill_tries = 0
    session.flush()
    queue.enqueue(session, "backfill", f"{row.id}-{now:%Y%m%dT%H%M%S%f}", row.id, now.isoformat())


def sync_settings(session: Session, now: datetime) -> None:
    """Bring what the settings connect and watch into the database; what they no longer name is watched no more."""
    chosen = settings.get()
    if chosen.github_token or chosen.github_app_id or chosen.github_repos:
        _sync(session, GITHUB, chosen.github_api_url, chosen.github_repos, now)
    else:
        _forget_settings(session, GITHUB)
    if chosen.jenkins_url:
        _sync(session, JENKINS, chosen.jenkins_url, chosen.jenkins_jobs or (EVERYTHING,), now)
    else:
        _forget_settings(session, JENKINS)


def _sync(session: Session, provider: str, url: str, wanted: tuple[str, ...], now: datetime) -> None:
    row = watches.ensure_source(session, provider, host_of(provider, url), now)
    if row.origin != "user":
        row.origin, row.base_url = "env", url
    session.flush()
    checked = tuple(_checked(provider, name) for name in wanted)
    source_id = names.row_id(row)
    _unsync(session, provider, {(source_id, _same(provider, name)) for name in checked})
    for other in watches.sources_of_settings(session, provider):
        if other.id != source_id:  # the settings' credentials are for one server, and are shown to no other
            other.origin, other.base_url = "event", None
    here = {_same(provider, watch.name) for watch in watches.of_source(session, source_id)}
    for name in checked:
        if _same(provider, name) not in here:
            _start_watching(session, row, name, "env", now)


def _forget_settings(session: Session, provider: str) -> None:
    _unsync(session, provider, set())
    for source in watches.sources_of_settings(session, provider):
        source.origin, source.base_url = "event", None


def _unsync(session: Session, provider: str, wanted: set[tuple[int, str]]) -> None:
    for row in watches.of_settings(session, provider):
        if (row.source_id, _same(provider, row.name)) not in wanted:
            session.delete(row)
    session.flush()


def _same(provider: str, name: str) -> str:
    """What names of one thing have in common: to GitHub, upper and lower case are the same."""
    return name.lower() if provider == GITHUB else name


def of_source(source: SourceRow, watch: WatchRow | None = None) -> Connection | None:
    """How to ask a source, with the watch's own token where it has one; None while its address is not known.

    Raises vault.WrongKey.
    """
    if source.base_url is None or not source.enabled:
        return None
    own = vault.unseal(watch.token) if watch is not None and watch.token else None
    bare = Connection(source.provider, source.host, source.base_url, username=source.username)
    if own:
        return replace(bare, token=own)
    if source.origin == "env":
        return _from_settings(bare)
    return replace(
        bare,
        token=vault.unseal(source.token) if source.token else None,
        app_id=source.app_id,
        app_private_key=vault.unseal(source.app_private_key) if source.app_private_key else None,
    )


def _from_settings(bare: Connection) -> Connection:
    chosen = settings.get()
    if bare.provider == JENKINS:
        return replace(bare, username=chosen.jenkins_user, token=chosen.jenkins_token)
    if chosen.github_token:
        return replace(bare, token=chosen.github_token)
    return replace(bare, app_id=chosen.github_app_id, app_private_key=chosen.github_app_private_key)


def of_run(session: Session, run_id: int) -> Connection | None:
    """How to ask for the logs of a run; None where its source is not connected. Raises vault.WrongKey."""
    found = watches.place_of_run(session, run_id)
    if found is None:
        return None
    source, watch = found
    if not watches.is_connected(source) and not (watch is not None and watch.token):
        return None
    return of_source(source, watch)


def remote_of(provider: str) -> Remote:
    """How this provider is asked. Raises LookupError for one that only sends."""
    known = PROVIDERS.get(provider)
    if known is None or known.remote is None:
        raise LookupError(f"{provider} cannot be asked, it only sends.")
    return known.remote


def try_out(source_id: int, now: datetime, name: str | None = None) -> Tested:
    """Try a connection: slow, it calls out. Raises LookupError."""
    with engine.reading() as session:
        row = watches.source(session, source_id)
        try:
            connection = of_source(row)
        except vault.WrongKey as error:
            return Tested(False, (f"The stored token cannot be read: {error}. Enter it again.",))
    if connection is None:
        return Tested(False, (f"{row.name} is not connected: its address is not known.",))
    tested = try_connection(connection, name)
    if tested.rate_limit is not None:
        with engine.writing() as session:
            watches.note_rate_limit(session, source_id, tested.rate_limit)
            engine.announce(session, "sources")
    return tested


def try_connection(connection: Connection, name: str | None = None) -> Tested:
    """Try what somebody entered before it is stored. Slow: it calls out."""
    return remote_of(connection.provider).try_out(connection, name)
