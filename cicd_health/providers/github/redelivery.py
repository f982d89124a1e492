"""Deliveries of our own webhook that failed: GitHub keeps them for three days, and sends them again when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cicd_health.providers.github.api import HIDDEN, Api, open_api
from cicd_health.providers.json_reader import identifier, integer, mapping, moment, text
from cicd_health.providers.remote import Connection, RemoteError

KEPT = timedelta(days=3)
EVENTS = frozenset({"workflow_run", "workflow_job"})
MOST_AGAIN = 100  # at a time: each costs as much as five questions


def redeliver(
    connection: Connection, name: str, address: str, received: Callable[[Sequence[str]], set[str]], now: datetime
) -> int:
    """How many were asked for again; 0 where the token may not read webhooks. Raises RemoteError.

    Hooks of the repository only: those of an organisation or an App belong to many.
    """
    again = 0
    with open_api(connection, name, now) as api:
        hooks = api.maybe(api.repo("/hooks"), per_page=100)
        for hook in hooks if isinstance(hooks, list) else []:
            if not _same_address(mapping(mapping(hook).get("config")).get("url"), address):
                continue
            failed = _failed(api, integer(mapping(hook).get("id")), now)
            known = received(list(failed))
            for guid, path in failed.items():
                if guid not in known and again < MOST_AGAIN:
                    again += _ask(api, path)
    return again


def _failed(api: Api, hook_id: int | None, now: datetime) -> dict[str, str]:
    """Where to ask for each failed delivery again, by its guid; none that arrived in the end."""
    deliveries = api.repo(f"/hooks/{hook_id}/deliveries")
    failed: dict[str, str] = {}
    arrived: set[str] = set()
    for delivery in _recent(api, deliveries, now):
        guid, id = text(delivery.get("guid")), identifier(delivery.get("id"))
        if guid is None or id is None or text(delivery.get("event")) not in EVENTS:
            continue
        if 200 <= (integer(delivery.get("status_code")) or 0) < 300:
            arrived.add(guid)
        else:
            failed.setdefault(guid, f"{deliveries}/{id}/attempts")
    return {guid: path for guid, path in failed.items() if guid not in arrived}


def _recent(api: Api, path: str, now: datetime) -> Iterator[dict[str, Any]]:
    """Newest first."""
    for page in api.pages(path, "", status="failure"):
        for delivery in map(mapping, page.entries):
            delivered_at = moment(delivery.get("delivered_at"))
            if delivered_at is not None and now - delivered_at > KEPT:
                return
            yield delivery


def _ask(api: Api, path: str) -> bool:
    try:
        api.post(path)
    except RemoteError as error:
        if error.trouble not in HIDDEN:
            raise
        return False
    return True


def _same_address(url: Any, address: str) -> bool:
    """Whatever the scheme and the query (where a token may stand)."""
    if not isinstance(url, str):
        return False
    try:
        given, ours = urlsplit(url), urlsplit(address)
    except ValueError:
        return False
    return (given.netloc.lower(), given.path.rstrip("/")) == (ours.netloc.lower(), ours.path.rstrip("/"))
