"""One Jenkins server, asked with `tree=` for exactly what is read; its ways of refusing, told apart.

Addresses are built from names: what an answer gives as an address is never followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from cicd_health.providers.http import Answer, Client, Stream, open_client, refuse_failure
from cicd_health.providers.remote import Connection, RemoteError, Trouble

SIGN_IN = re.compile(rb"(?i)sign[ -]?in|log[ -]?in|password|authentication required")
SIGN_IN_PATH = re.compile(r"(?i)login|sign-?in|securityrealm|sso|saml|oauth|oidc|authorize|adfs")
LATEST = timedelta(days=7)  # a clock that is later still is broken
SHORT_WAIT = timedelta(minutes=1)  # where a proxy says "too many" and not how long


class Server:
    """A Jenkins while a walk lasts. `requests` counts what it was asked; `behind` is how late its clock was at last."""

    def __init__(self, connection: Connection, client: Client) -> None:
        self.connection, self.client = connection, client
        self.requests, self.behind = 0, timedelta()

    def document(self, path: str, tree: str = "") -> dict[str, Any] | None:
        """The JSON object at `path`api/json; None when it is not there, or hidden from us. Raises RemoteError."""
        return self.get(f"{path}api/json", {"tree": tree} if tree else {})

    def get(self, path: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """The JSON object at this path below the server's address, None for 404. Raises RemoteError."""
        self.requests += 1
        answer = self.client.get(path, params=params)
        if answer.status == 404:
            return None
        return self.read(answer)

    def read(self, answer: Answer) -> dict[str, Any]:
        """The JSON object in an answer. Raises RemoteError."""
        self.refuse(answer)
        self.behind = clock_behind(answer.headers.get("date"), datetime.now(UTC))
        if SIGN_IN.search(answer.body[:5000]) and "html" in answer.headers.get("content-type", ""):
            raise self._not_signed_in(f"{self.name} shows a sign-in page instead of an answer")
        found = answer.json()
        if not isinstance(found, dict):
            raise RemoteError(Trouble.GARBLED, f"{self.name} answered JSON that is no object")
        return found

    @contextmanager
    def stream(self, path: str, params: Mapping[str, Any]) -> Iterator[Stream | None]:
        """Plain text, not read yet; None for 404. Raises RemoteError."""
        self.requests += 1
        with self.client.stream(path, params=params) as answer:
            if answer.status == 404:
                yield None
                return
            self.refuse(answer)
            if "html" in answer.headers.get("content-type", "") or not self._is_ours(answer.url):
                raise self._not_signed_in(f"{self.name} shows a sign-in page instead of a log")
            yield answer

    @property
    def name(self) -> str:
        return self.connection.host

    @property
    def signs_in(self) -> bool:
        return bool(self.connection.username and self.connection.token)

    def refuse(self, answer: Answer | Stream) -> None:
        """Raise RemoteError for every status but 200."""
        if answer.status == 200:
            return
        refuse_failure(answer)
        if 300 <= answer.status < 400:
            raise self._sent_on(answer)
        if answer.status == 429:
            raise RemoteError(Trouble.SLOWED, f"{self.name} was asked too often", retry_at=_retry_at(answer.headers))
        if answer.status == 401:
            raise self._not_signed_in(f"{self.name} refuses the user or the API token (401)")
        if answer.status == 403 and not self.signs_in:
            raise self._not_signed_in(f"{self.name} shows nothing to visitors (403): enter a user and an API token")
        if answer.status == 403:
            user = self.connection.username
            sentence = f"{user} may not read this on {self.name} (403): Overall/Read and Job/Read are needed"
            raise RemoteError(Trouble.FORBIDDEN, sentence)
        raise RemoteError(Trouble.GARBLED, f"{self.name} answered {answer.status}")

    def _sent_on(self, answer: Answer | Stream) -> RemoteError:
        try:
            target = urlsplit(answer.headers.get("location", ""))
        except ValueError:
            target = urlsplit("")
        if SIGN_IN_PATH.search(f"{target.hostname or ''}{target.path}"):
            return self._not_signed_in(f"{self.name} sends us to a sign-in page")
        where = f"{target.scheme}://{target.hostname}" if target.hostname else "another page"
        return RemoteError(Trouble.GARBLED, f"{self.name} sends us on to {where}: is the address right?")

    def _not_signed_in(self, sentence: str) -> RemoteError:
        return RemoteError(Trouble.UNAUTHORIZED, sentence)

    def _is_ours(self, url: str) -> bool:
        return urlsplit(url).hostname == urlsplit(self.connection.api_url).hostname


@contextmanager
def open_server(connection: Connection) -> Iterator[Server]:
    """The server of a connection: with user and API token where both are known, else as a visitor."""
    auth = (connection.username, connection.token) if connection.username and connection.token else None
    with open_client(connection.api_url, auth=auth, headers={"Accept": "application/json, text/plain"}) as client:
        yield Server(connection, client)


def clock_behind(date: str | None, now: datetime) -> timedelta:
    """How late a server's clock is, by the time on its answer; none where it is early or the time makes no sense."""
    try:
        said_at = parsedate_to_datetime(date or "").replace(tzinfo=UTC)
    except (ValueError, TypeError):
        return timedelta()
    return min(max(now - said_at, timedelta()), LATEST)


def _retry_at(headers: Mapping[str, str]) -> datetime:
    said = headers.get("retry-after", "")
    pause = timedelta(seconds=min(int(said), 86400)) if re.fullmatch(r"[0-9]{1,6}", said) else SHORT_WAIT
    return datetime.now(UTC) + pause
