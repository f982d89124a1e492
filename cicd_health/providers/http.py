"""Asking servers over HTTP, bounded in time and size; what goes wrong is told in our words. The only import of httpx.

Credentials go to the server they are for and to no other: not along with a redirect, not to a link in an answer.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Self

import httpx

from cicd_health import __version__, outgoing
from cicd_health.providers.json_reader import decode_json
from cicd_health.providers.provider import NotJson
from cicd_health.providers.remote import RemoteError, Trouble

Auth = httpx.Auth | tuple[str, str]  # the pair is a user and a password or API token

USER_AGENT = f"cicd-health/{__version__}"
TIMES = httpx.Timeout(connect=5.0, read=20.0, write=20.0, pool=20.0)
TOTAL_S = 60.0  # one answer, tries and pauses included
STREAM_S = 300.0  # one log
LARGEST = 50 * 2**20  # bytes of one answer, unpacked
CHUNK = 64 * 2**10
TRIES = 3  # of a GET that found nobody there, or only a proxy in front
PAUSE_S = 0.4
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PASSING = frozenset({502, 503, 504})
LOST = (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


class TooSlow(RemoteError):
    """No answer in time: asking for less may help."""


class TooLarge(RemoteError):
    """A longer answer than is taken: asking for less may help."""


class Bearer(httpx.Auth):
    """A token in each request, asked for each time: it may be renewed in between."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token()}"
        yield request


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, whatever the status; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def json(self) -> Any:
        """The document in the body. Raises RemoteError."""
        try:
            return decode_json(self.body)
        except NotJson as error:
            kind = self.headers.get("content-type", "no type").partition(";")[0][:60]
            sentence = f"{_host(self.url)} answered something else than JSON ({kind}, {len(self.body)} bytes)"
            raise RemoteError(Trouble.GARBLED, sentence) from error

    @property
    def location(self) -> str | None:
        """Where the answer sends us, as a whole address; None for an answer that is no redirect."""
        return _location(self.status, self.headers, self.url)


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer whose body has not been read yet; reading `chunks` may raise RemoteError."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]
    url: str

    @property
    def location(self) -> str | None:
        """Where the answer sends us, as a whole address; None for an answer that is no redirect."""
        return _location(self.status, self.headers, self.url)


class Client:
    """One server, asked with one set of credentials. Threads may share it. Use it in a `with`."""

    def __init__(
        self, base_url: str, auth: Auth | None, headers: Mapping[str, str] | None, hurry_s: float | None = None
    ) -> None:
        try:
            self._base = httpx.URL(base_url.rstrip("/") + "/")
        except httpx.InvalidURL as error:
            raise RemoteError(Trouble.UNREACHABLE, f"{base_url.rpartition('@')[2][:200]!r} is no address") from error
        outgoing.guard()
        self._auth = auth
        self._outside = False  # whether the server itself was found at a public address
        self._tries, self._total_s = (1, hurry_s) if hurry_s else (TRIES, TOTAL_S)
        times = httpx.Timeout(hurry_s) if hurry_s else TIMES
        self._http = httpx.Client(headers={"User-Agent": USER_AGENT, **(headers or {})}, timeout=times)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def get(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        largest: int = LARGEST,
    ) -> Answer:
        """Ask for a path below the base address, or for an address that an answer gave. Redirects are not followed.

        A server that is not there for a moment is asked again, twice, within a minute. Raises RemoteError.
        """
        deadline = time.monotonic() + self._total_s
        for tried in range(1, self._tries + 1):
            last = tried == self._tries or time.monotonic() > deadline - PAUSE_S * 4
            try:
                answer = self._once("GET", path, deadline, largest, params=params, headers=headers)
                if last or answer.status not in PASSING:
                    return answer
            except LOST as error:
                if last:
                    raise _unreachable(self._url(path), error) from error
            time.sleep(PAUSE_S * tried * random.uniform(0.5, 1.5))
        raise AssertionError("the last try returns or raises")

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a document or a form, once. Raises RemoteError."""
        deadline = time.monotonic() + self._total_s
        try:
            return self._once("POST", path, deadline, LARGEST, json=json, data=form, headers=headers)
        except LOST as error:
            raise _unreachable(self._url(path), error) from error

    @contextmanager
    def stream(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        follow: bool = True,
        anonymous: bool = False,
    ) -> Iterator[Stream]:
        """Ask for something long. One redirect is followed, to http or https only. Raises RemoteError.

        `anonymous`: without the credentials, even on their own server; for an address that is signed.
        """
        deadline = time.monotonic() + STREAM_S
        with self._open(self._url(path), anonymous=anonymous, params=params, headers=headers) as response:
            first = _streamed(response, deadline)
            target = first.location if follow else None
            if target is None:
                yield first
                return
        with self._open(self._url(web_address(target)), anonymous=anonymous) as response:
            yield _streamed(response, deadline)

    def _once(self, method: str, path: str, deadline: float, largest: int, **request: Any) -> Answer:
        url = self._url(path)
        asking = self._http.stream(method, url, auth=self._auth_for(url), **request)
        with self._bounds(url), _told(url), asking as response:
            self._note_place(url, response)
            body = bytearray()
            for chunk in response.iter_bytes():  # as they come: waiting for a full one could take for ever
                body += chunk
                if len(body) > largest:
                    raise TooLarge(Trouble.GARBLED, f"{url.host} answered more than {largest:,} bytes")
                _check_time(url, deadline)
            return Answer(response.status_code, _headers(response), bytes(body), str(response.url))

    @contextmanager
    def _open(self, url: httpx.URL, *, anonymous: bool = False, **request: Any) -> Iterator[httpx.Response]:
        """An answer whose body is still to come; what the body of the `with` raises passes."""
        built = self._http.build_request("GET", url, **request)
        try:
            with self._bounds(url), _told(url):
                response = self._http.send(built, auth=None if anonymous else self._auth_for(url), stream=True)
        except LOST as error:
            raise _unreachable(url, error) from error
        self._note_place(url, response)
        try:
            yield response
        finally:
            response.close()

    def _url(self, path: str) -> httpx.URL:
        try:
            return self._base.join(path if "://" in path.partition("?")[0] else path.lstrip("/"))
        except httpx.InvalidURL as error:
            raise RemoteError(Trouble.GARBLED, f"{self._base.host} gave an address that is none") from error

    def _bounds(self, url: httpx.URL) -> AbstractContextManager[None]:
        """A server outside may send us on to servers outside only: what is inside is none of its business."""
        elsewhere = _origin(url) != _origin(self._base)
        return outgoing.public_only() if elsewhere and self._outside else nullcontext()

    def _note_place(self, url: httpx.URL, response: httpx.Response) -> None:
        stream = response.extensions.get("network_stream")
        if stream is not None and _origin(url) == _origin(self._base):
            with suppress(OSError):  # it may be closed already
                place = stream.get_extra_info("server_addr")
                self._outside = place is not None and outgoing.is_public(str(place[0]))

    def _auth_for(self, url: httpx.URL) -> Auth | None:
        return self._auth if _origin(url) == _origin(self._base) else None


def open_client(
    base_url: str, *, auth: Auth | None = None, headers: Mapping[str, str] | None = None, hurry_s: float | None = None
) -> Client:
    """A client for the server at `base_url`; proxies are taken from the environment. Raises RemoteError.

    `hurry_s`: somebody waits; each answer is asked for once, and not waited for longer than that.
    """
    return Client(base_url, auth, headers, hurry_s)


def refuse_failure(answer: Answer | Stream) -> None:
    """Raise RemoteError for an answer that says the server itself has trouble (5xx)."""
    if answer.status >= 500:
        raise RemoteError(Trouble.SERVER, f"{_host(answer.url)} answered {answer.status}")


@contextmanager
def _told(url: httpx.URL) -> Iterator[None]:
    """Turn what httpx raises into RemoteError, save for LOST: those may be worth another try."""
    try:
        yield
    except LOST:
        raise
    except httpx.TimeoutException as error:
        raise TooSlow(Trouble.UNREACHABLE, f"{url.host} did not answer in time") from error
    except httpx.ProxyError as error:
        raise RemoteError(Trouble.UNREACHABLE, f"the proxy in front of {url.host} does not let us through") from error
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise RemoteError(Trouble.UNREACHABLE, f"{url.host or 'the address'} is not http or https") from error
    except httpx.HTTPError as error:
        sentence = f"{url.host} answered what cannot be read ({type(error).__name__})"
        raise RemoteError(Trouble.GARBLED, sentence) from error


def _unreachable(url: httpx.URL, error: Exception) -> RemoteError:
    reason = re.sub(r"^\[Errno -?\d+\] ", "", str(error).strip())[:200] or type(error).__name__
    return RemoteError(Trouble.UNREACHABLE, f"{url.host} cannot be reached: {reason}")


def _check_time(url: httpx.URL, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TooSlow(Trouble.UNREACHABLE, f"{url.host} takes too long to answer")


def _streamed(response: httpx.Response, deadline: float) -> Stream:
    return Stream(response.status_code, _headers(response), _chunks(response, deadline), str(response.url))


def _chunks(response: httpx.Response, deadline: float) -> Iterator[bytes]:
    try:
        with _told(response.url):
            for chunk in response.iter_bytes():
                _check_time(response.url, deadline)
                yield chunk
    except LOST as error:
        raise _unreachable(response.url, error) from error


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _location(status: int, headers: Mapping[str, str], url: str) -> str | None:
    if status not in REDIRECTS or not headers.get("location"):
        return None
    try:
        return str(httpx.URL(url).join(headers["location"]))
    except httpx.InvalidURL:
        return None


def web_address(address: str) -> str:
    """The same address. Raises RemoteError for one that is not http or https."""
    scheme = address.partition(":")[0].lower()
    if scheme not in ("http", "https"):
        raise RemoteError(Trouble.GARBLED, f"sent on to an address that is not http or https ({scheme[:20]})")
    return address


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _host(url: str) -> str:
    return httpx.URL(url).host
