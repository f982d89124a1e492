"""Objects in a bucket of anything that speaks S3. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/

The server is the operator's word, so it may well be inside the network; where clouds tell a machine its credentials
nobody connects to, whatever the settings say. Neither keys nor signed links are ever logged.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx

from cicd_health import __version__, outgoing
from cicd_health.log_store.place import LogStoreError, ObjectBroken, ObjectGone, checked
from cicd_health.log_store.signing import Asked, Key, encoded, signed_headers, signed_query
from cicd_health.setting_kinds import LogPlace

READ_TIMES = httpx.Timeout(connect=3.0, read=8.0, write=8.0, pool=8.0)  # somebody waits
WRITE_TIMES = httpx.Timeout(connect=5.0, read=60.0, write=60.0, pool=60.0)
READ_S = 15.0  # one answer that somebody waits for
PAUSE_S = 0.3
LINK_LASTS = timedelta(minutes=5)
ASK_AGAIN = frozenset({500, 502, 503, 504})
CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
LARGEST_ANSWER = 64 * 2**10  # of one that only says that something was done, or why it was not
ADVICE = {
    "AccessDenied": "its policy must let our key get, put and delete objects",
    "InvalidAccessKeyId": "it does not know LOG_STORE_KEY_ID",
    "SignatureDoesNotMatch": "LOG_STORE_SECRET is not the secret of LOG_STORE_KEY_ID, or the region is another",
    "AuthorizationHeaderMalformed": "the region in LOG_STORE_URL is another than the bucket's",
    "RequestTimeTooSkewed": "its clock and ours are more than 15 minutes apart",
    "NoSuchBucket": "there is no such bucket: make it, or correct LOG_STORE_URL",
    "PermanentRedirect": "the bucket is in another region than LOG_STORE_URL says",
    "QuotaExceeded": "it is full",
    "XMinioStorageFull": "it is full",
    "SlowDown": "it has too much to do",
}


class Bucket:
    """Implements Place. Threads may share it."""

    def __init__(self, place: LogPlace, key_id: str, secret: str) -> None:
        outgoing.guard()
        at = urlsplit(place.endpoint)
        self._host = at.netloc if place.path_style else f"{place.bucket}.{at.netloc}"
        self._origin = f"{at.scheme}://{self._host}"
        self._root = "/".join(part for part in ("", place.bucket if place.path_style else "", place.prefix) if part)
        self._key = Key(key_id, secret, place.region)
        self._links = place.links
        self._name = f"{place.bucket} at {at.netloc}"
        agent = f"cicd-health/{__version__}"
        self._http = httpx.Client(headers={"User-Agent": agent, "Accept-Encoding": "identity"}, timeout=READ_TIMES)

    def put(self, key: str, body: bytes) -> None:
        headers = {"content-type": "application/gzip"}
        status, _, said = self._ask("PUT", key, headers, body=body, largest=LARGEST_ANSWER, slow=True)
        self._check(status, said, 200)

    def size(self, key: str) -> int:
        status, headers, said = self._ask("HEAD", key, {}, largest=0)
        self._check(status, said, 200)
        length = headers.get("content-length", "")
        if not length.isdecimal():
            raise LogStoreError(f"The log store {self._name} does not say how long an object is.")
        return int(length)

    def read(self, key: str, start: int, length: int) -> bytes:
        headers = {"range": f"bytes={start}-{start + length - 1}"}
        status, _, body = self._ask("GET", key, headers, largest=max(length, LARGEST_ANSWER))
        if status == 416 or (status == 206 and len(body) < length):
            raise ObjectBroken(f"The log store {self._name} has a log in part only.")
        self._check(status, body, 206)
        if len(body) != length:
            raise LogStoreError(f"The log store {self._name} gave {len(body):,} bytes instead of {length:,}.")
        return body

    def delete(self, key: str) -> None:
        status, _, said = self._ask("DELETE", key, {}, largest=LARGEST_ANSWER)
        if status != 404 or _code(said) != "NoSuchKey":  # a proxy before it may say 404 too, while it is away
            self._check(status, said, 200, 204)

    def link(self, key: str, file_name: str) -> str | None:
        if not self._links:
            return None
        query = {
            "response-content-disposition": f'attachment; filename="{file_name}"',
            "response-content-encoding": "gzip",
            "response-content-type": "text/plain; charset=utf-8",
            "response-cache-control": "no-store",
        }
        path = self._path(key)
        asked = Asked("GET", path, query, {"host": self._host})
        return f"{self._origin}{encoded(path)}?{signed_query(asked, self._key, datetime.now(UTC), LINK_LASTS)}"

    def _path(self, key: str) -> str:
        return f"/{self._root}/{checked(key)}" if self._root else f"/{checked(key)}"

    def _ask(
        self,
        method: str,
        key: str,
        headers: Mapping[str, str],
        *,
        largest: int,
        body: bytes = b"",
        slow: bool = False,
    ) -> tuple[int, httpx.Headers, bytes]:
        """Ask, and once more where somebody was not there for a moment. Raises LogStoreError."""
        for last in (False, True):
            try:
                answer = self._once(method, key, headers, body, largest, slow=slow)
                if last or answer[0] not in ASK_AGAIN:
                    return answer
            except httpx.TimeoutException as error:  # asking again would take as long again
                raise LogStoreError(f"The log store {self._name} did not answer in time.") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if last:
                    raise LogStoreError(f"The log store {self._name} cannot be reached: {_reason(error)}.") from error
            time.sleep(PAUSE_S)
        raise AssertionError("the last try returns or raises")

    def _once(
        self, method: str, key: str, headers: Mapping[str, str], body: bytes, largest: int, *, slow: bool
    ) -> tuple[int, httpx.Headers, bytes]:
        path = self._path(key)
        signed = signed_headers(
            Asked(method, path, {}, {"host": self._host, **headers}), body, self._key, datetime.now(UTC)
        )
        url, times = f"{self._origin}{encoded(path)}", WRITE_TIMES if slow else READ_TIMES
        deadline = math.inf if slow else time.monotonic() + READ_S
        said = bytearray()
        with self._http.stream(method, url, headers=signed, content=body or None, timeout=times) as response:
            for chunk in response.iter_raw():
                said += chunk
                if len(said) > largest:
                    raise LogStoreError(f"The log store {self._name} gave more of an object than it was asked for.")
                if time.monotonic() > deadline:
                    raise LogStoreError(f"The log store {self._name} did not answer in time.")
            return response.status_code, response.headers, bytes(said)

    def _check(self, status: int, said: bytes, *wanted: int) -> None:
        if status in wanted:
            return
        code = _code(said)
        if status == 404 and code != "NoSuchBucket":
            raise ObjectGone(f"A log is not in {self._name} any more.")
        why = ADVICE.get(code) or code or ("it refuses our key" if status == 403 else "it does not say why")
        raise LogStoreError(f"The log store {self._name} answered {status}: {why}.")


def _code(said: bytes) -> str:
    found = CODE.search(said)
    return found[1].decode("ascii") if found else ""


def _reason(error: Exception) -> str:
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error).strip())[:200].rstrip(".") or type(error).__name__
