"""Proving to GitHub who asks: with a token, as an App's installation, or not at all (public repositories)."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from githubkit import AppAuthStrategy, GitHub
from githubkit.auth.app import AppAuth
from githubkit.cache import MemCacheStrategy
from jwt import PyJWTError

from cicd_health.providers.github.troubles import refusal
from cicd_health.providers.http import Answer, Auth, Bearer, open_client
from cicd_health.providers.json_reader import integer, mapping
from cicd_health.providers.remote import Connection, RemoteError, Trouble

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
TOKEN = re.compile(r"[!-~]{1,500}")
TOKEN_S = 50 * 60.0  # an installation's token is good for an hour


@dataclass(slots=True)
class App:
    """One GitHub App on one server. Installations are looked up once per repository, tokens fetched once an hour.

    githubkit signs for it; the token it would fetch itself, but takes no answer that lacks a field, and no date to
    wait until.
    """

    api_url: str
    key: AppAuth = field(repr=False)
    installations: dict[str, int] = field(default_factory=dict)
    tokens: dict[int, tuple[str, float]] = field(default_factory=dict, repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def jwt(self) -> str:
        """Raises RemoteError."""
        try:
            return self.key.get_jwt()
        except (PyJWTError, ValueError, TypeError) as error:
            sentence = "The App's private key cannot be used: it must be the whole PEM text that GitHub gave."
            raise RemoteError(Trouble.UNAUTHORIZED, sentence) from error

    def token(self, name: str) -> str:
        """Good for requests about this repository. Raises RemoteError."""
        with self.lock:
            if name not in self.installations:
                self.installations[name] = self._find_installation(name)
            number = self.installations[name]
            token, good_until = self.tokens.get(number, ("", 0.0))
            if time.monotonic() >= good_until:
                token = self._fetch_token(number, name)
                self.tokens[number] = token, time.monotonic() + TOKEN_S
            return token

    def _find_installation(self, name: str) -> int:
        with open_client(self.api_url, auth=Bearer(self.jwt), headers=HEADERS) as client:
            answer = client.get(f"/repos/{quote(name)}/installation")
        if answer.status == 404:
            sentence = f"The App is not installed for {name}: install it there, or let it see that repository."
            raise RemoteError(Trouble.NOT_FOUND, sentence)
        number = integer(mapping(_good(answer, name)).get("id"))
        if number is None:
            raise RemoteError(Trouble.GARBLED, "GitHub named no installation of the App.")
        return number

    def _fetch_token(self, number: int, name: str) -> str:
        del self.installations[name]  # to be looked up again, should this fail: it may have been installed anew
        with open_client(self.api_url, auth=Bearer(self.jwt), headers=HEADERS) as client:
            token = mapping(_good(client.post(f"/app/installations/{number}/access_tokens"), name)).get("token")
        if not isinstance(token, str) or not TOKEN.fullmatch(token):
            raise RemoteError(Trouble.GARBLED, "GitHub gave the App's installation no token.")
        self.installations[name] = number
        return token


def auth_of(connection: Connection, name: str | None) -> Auth | None:
    """How requests about a repository are signed; without a name, an App speaks for itself. Raises RemoteError."""
    token = connection.token
    if token:
        if not TOKEN.fullmatch(token):
            raise RemoteError(Trouble.UNAUTHORIZED, "The token holds characters that no token of GitHub has.")
        return Bearer(lambda: token)
    if connection.app_id is None or not connection.app_private_key:
        return None
    app = _app(connection.api_url, connection.app_id, connection.app_private_key.replace("\\n", "\n"))
    if name is None:
        app.jwt()
        return Bearer(app.jwt)
    app.token(name)
    return Bearer(lambda: app.token(name))


def forget_apps() -> None:
    """A token was refused before its time: sign in anew the next time."""
    _app.cache_clear()


@lru_cache(maxsize=32)
def _app(api_url: str, app_id: int, private_key: str) -> App:
    """With a cache of its own: githubkit's default one would mix up Apps of two servers that have the same number."""
    strategy = AppAuthStrategy(app_id, private_key)
    github = GitHub(strategy, base_url=api_url, http_cache=False, cache_strategy=MemCacheStrategy())
    key = strategy.get_auth_flow(github)
    assert isinstance(key, AppAuth)
    return App(api_url, key)


def _good(answer: Answer, name: str) -> object:
    if answer.status >= 300:
        raise refusal(answer, name, datetime.now(UTC))
    return answer.json()
