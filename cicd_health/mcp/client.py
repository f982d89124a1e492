"""The dashboard's HTTP API, as the tools ask it."""

from __future__ import annotations

import json
from typing import Any, Self

import httpx

WITHIN_S = 20.0
LARGEST = 8_000_000  # bytes of an answer
REFUSED = {
    401: "the key is not valid, or none was given: set CICD_HEALTH_KEY to a key of scope read",
    403: "the key may not read: it needs the scope read",
    429: "too many questions; ask again in a minute",
}


class ApiError(Exception):
    """The question has no answer; the message is one sentence."""


class Api:
    """One dashboard, asked with one key; an empty one is none, where everybody may read. Threads may share it."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url.rstrip("/")
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._http = httpx.Client(headers=headers, timeout=WITHIN_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """The JSON at a path below /api/v1; parameters that are None are not sent. Raises ApiError."""
        asked = {name.rstrip("_"): value for name, value in params.items() if value is not None}
        try:
            with self._http.stream("GET", f"{self.url}/api/v1/{path}", params=asked) as answer:
                return _read(answer)
        except httpx.HTTPError as error:
            raise ApiError(f"{self.url} cannot be reached: {error or type(error).__name__}.") from error

    def page(self, path: str) -> str:
        """The address of a page for people."""
        return f"{self.url}/{path}"


def _read(answer: httpx.Response) -> Any:
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > LARGEST:
            raise ApiError("The answer is too large: ask for less.")
    if answer.status_code != 200:
        raise ApiError(_why(answer.status_code, bytes(body)))
    try:
        return json.loads(bytes(body))
    except ValueError:
        raise ApiError("CICD_HEALTH_URL is not the address of this dashboard: it answers something else.") from None


def _why(status: int, body: bytes) -> str:
    """The problem's own words, else what the status means."""
    try:
        said = str(json.loads(body)["detail"])[:500].rstrip(".")
    except (ValueError, KeyError, TypeError):
        said = ""
    return f"The dashboard answered {status}: {REFUSED.get(status) or said or 'no reason was given'}."
