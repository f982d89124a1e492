"""One repository of a GitHub server, asked by REST: paths, pages, renames, limits. Knows nothing of our model."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from cicd_health.providers.github.auth import HEADERS, auth_of, forget_apps
from cicd_health.providers.github.troubles import rate_limit, refusal
from cicd_health.providers.http import Answer, Client, Stream, open_client, web_address
from cicd_health.providers.json_reader import integer, mapping, text
from cicd_health.providers.remote import Connection, RateLimit, RemoteError, Trouble

PAGE_SIZE = 100
MOST_HOPS = 3  # redirects of one request
MOST_PAGES = 50  # of one list: a window of runs has ten, the jobs of a run hardly ever two
HIDDEN = (Trouble.NOT_FOUND, Trouble.FORBIDDEN, Trouble.SSO)  # there or not: not for us
RESERVE = 0.1  # of the hourly limit, kept for what cannot wait
MOVED_FOR_GOOD = (301, 308)
NEXT = re.compile(r'<([^<>]*)>\s*;[^,<>]*\brel="?next\b')
FULL_NAME = re.compile(r"(?!\.\.?/)[\w.-]+/(?!\.\.?$)[\w.-]+", re.ASCII)  # a name of dots would be a way up


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `total` is of the whole list; `next` is the address of the next page."""

    entries: list[Any]
    total: int
    next: str | None
    etag: str | None


class Api:
    """Counts what it asks, and remembers what is left of the limit. Threads may share it.

    `keep_reserve`: raise LIMITED before a request that would eat into the last tenth of the limit.
    """

    def __init__(self, client: Client, name: str, now: datetime, *, api_url: str) -> None:
        self.name, self.url = name, api_url
        self.new_name: str | None = None
        self.rate_limit: RateLimit | None = None
        self.keep_reserve = False
        self._client = client
        self._now, self._begun = now, time.monotonic()
        self._requests = 0
        self._lock = threading.Lock()

    @property
    def now(self) -> datetime:
        """The caller's time, going on."""
        return self._now + timedelta(seconds=time.monotonic() - self._begun)

    @property
    def low(self) -> bool:
        """Whether only the reserve is left of the limit."""
        left = self.rate_limit
        return left is not None and left.remaining < left.limit * RESERVE and left.reset_at > self.now

    def repo(self, path: str = "") -> str:
        """The path of something in the repository."""
        return f"/repos/{quote(self.name)}{path}"

    def take_requests(self) -> int:
        """How many were sent since this was last asked."""
        with self._lock:
            taken, self._requests = self._requests, 0
        return taken

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, etag: str | None = None) -> Answer:
        """A good answer: 200, or 304 when it is still what `etag` stands for. Raises RemoteError."""
        headers = {"If-None-Match": etag} if etag else None
        for _ in range(MOST_HOPS + 1):
            answer = self._ask(path, params, headers)
            if answer.location is None:
                break
            if answer.status in MOVED_FOR_GOOD and path.startswith(self.repo()):
                self._learn_name(answer.location)
            path, params = self._within(answer.location), None
        if answer.status == 200 or (answer.status == 304 and etag):
            return answer
        raise refusal(answer, self.name, self.now)

    def json(self, path: str, **params: Any) -> Any:
        return self.get(path, params).json()

    def maybe(self, path: str, **params: Any) -> Any:
        """The document, or None where it is not there or not for us: for what is good to know, no more."""
        try:
            return self.json(path, **params)
        except RemoteError as error:
            if error.trouble in HIDDEN:
                return None
            raise

    def post(self, path: str) -> Answer:
        """Raises RemoteError for anything but success."""
        answer = self._client.post(path)
        self._note(answer)
        if answer.status >= 300:
            raise refusal(answer, self.name, self.now)
        return answer

    @contextmanager
    def stream(self, path: str) -> Iterator[Stream]:
        """A log or archive: GitHub sends us on to where it is kept, and the token stays here. Raises RemoteError."""
        for _ in range(MOST_HOPS):
            with self._client.stream(path, follow=False) as stream:
                target = stream.location
                if target is None:
                    yield stream
                    return
            moved = self._below(target)
            if moved is None or not moved.startswith(("/repos/", "/repositories/")):
                with self._client.stream(web_address(target), follow=False, anonymous=True) as stream:
                    yield stream
                return
            path = moved
        raise RemoteError(Trouble.GARBLED, "GitHub sends us on without an end.")

    def page(
        self, path: str, key: str, params: Mapping[str, Any] | None = None, *, etag: str | None = None
    ) -> Page | None:
        """One page of the list under `key` (or of a bare one, for ""); None when it is still what `etag` stands for."""
        answer = self.get(path, params, etag=etag)
        if answer.status == 304:
            return None
        document = answer.json()
        entries = mapping(document).get(key) if key else document
        if not isinstance(entries, list):
            raise RemoteError(Trouble.GARBLED, f"GitHub answered without {key or 'a list'}.")
        total = integer(mapping(document).get("total_count")) if key else None
        link = NEXT.search(answer.headers.get("link", ""))
        following = self._within(link[1]) if link else None
        return Page(entries, len(entries) if total is None else total, following, answer.headers.get("etag"))

    def pages(self, path: str, key: str, **params: Any) -> Iterator[Page]:
        """All pages of a list, as GitHub links them."""
        at: str | None = path
        chosen: dict[str, Any] | None = {"per_page": PAGE_SIZE} | params
        for _ in range(MOST_PAGES):
            page = self.page(at, key, chosen)
            assert page is not None
            yield page
            at, chosen = page.next, None
            if at is None:
                return
        raise RemoteError(Trouble.GARBLED, "GitHub's list does not end.")

    def _ask(self, path: str, params: Mapping[str, Any] | None, headers: Mapping[str, str] | None) -> Answer:
        left = self.rate_limit
        if self.keep_reserve and self.low and left is not None:
            sentence = f"Nine tenths of GitHub's hourly limit are used up: this goes on at {left.reset_at:%H:%M} UTC."
            raise RemoteError(Trouble.LIMITED, sentence, retry_at=left.reset_at, rate_limit=left)
        answer = self._client.get(path, params=params, headers=headers)
        self._note(answer)
        if answer.status == 401:
            forget_apps()
        return answer

    def _note(self, answer: Answer) -> None:
        left = rate_limit(answer.headers)
        with self._lock:
            self._requests += 1
            before = self.rate_limit
            late = before and left and left.reset_at == before.reset_at and left.remaining > before.remaining
            self.rate_limit = before if late else left or before  # answers overtake each other

    def _learn_name(self, location: str) -> None:
        """The repository was renamed: GitHub sends us on to its number, so what it is called now is asked."""
        number = re.match(r"/repositories/\d+", self._within(location))
        if number is None:
            return
        answer = self._ask(number[0], None, None)
        name = text(mapping(answer.json()).get("full_name")) if answer.status == 200 else None
        if name is not None and FULL_NAME.fullmatch(name) and name.lower() != self.name.lower():
            self.name = self.new_name = name

    def _within(self, address: str) -> str:
        """The path below the API of an address that GitHub gave. Raises RemoteError for one that is elsewhere."""
        path = self._below(address)
        if path is None:
            bare = address.partition("?")[0].rpartition("@")[2]  # what stands around may be a secret
            raise RemoteError(Trouble.GARBLED, f"GitHub sent us on to another place: {bare[:100]!r}.")
        return path

    def _below(self, address: str) -> str | None:
        try:
            given, own = urlsplit(address), urlsplit(self.url)
        except ValueError:
            return None
        path = given.path.removeprefix(own.path)
        same = (given.scheme, given.netloc.lower()) == (own.scheme, own.netloc.lower())
        if not same or not given.path.startswith(f"{own.path}/") or not path.startswith("/"):
            return None
        return f"{path}?{given.query}" if given.query else path


@contextmanager
def open_api(connection: Connection, name: str | None, now: datetime) -> Iterator[Api]:
    """For one repository; for None, to ask who we are. Raises RemoteError, such as for an App that is not installed."""
    if name is not None and not FULL_NAME.fullmatch(name):
        raise RemoteError(Trouble.NOT_FOUND, f"{name[:200]!r} is no repository: owner/name is needed.")
    with open_client(connection.api_url, auth=auth_of(connection, name), headers=HEADERS) as client:
        yield Api(client, name or "", now, api_url=connection.api_url)
