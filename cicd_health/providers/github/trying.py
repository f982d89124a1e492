"""Trying a connection: what works and what does not, in sentences for whoever sets it up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from cicd_health.providers.github.api import Api, open_api
from cicd_health.providers.json_reader import integer, mapping, text
from cicd_health.providers.remote import Connection, RateLimit, RemoteError, Tested, Trouble

NO_HOOKS = "Failed deliveries cannot be asked for again: the token may not read webhooks. Polling finds what they held."


def try_out(connection: Connection, name: str | None) -> Tested:
    """Who we are, what is left of the limit, and what can be read of a repository. Never raises."""
    now = datetime.now(UTC)
    sentences: list[str] = []
    left: RateLimit | None = None
    try:
        with open_api(connection, None, now) as api:
            for sentence in _about_us(api, connection):
                sentences.append(sentence)
                left = api.rate_limit
        if name is not None:
            with open_api(connection, name, now) as api:
                for sentence in _about_repository(api):
                    sentences.append(sentence)
                    left = api.rate_limit or left
    except RemoteError as error:
        return Tested(False, (*sentences, error.sentence), error.rate_limit or left)
    return Tested(True, tuple(sentences), left)


def _about_us(api: Api, connection: Connection) -> Iterator[str]:
    if connection.token:
        login = text(mapping(api.maybe("/user")).get("login"))
        yield f"GitHub knows the token as {login}." if login else "GitHub accepts the token."
    elif connection.app_id is not None:
        title = text(mapping(api.json("/app")).get("name"))
        yield f"GitHub knows the App as {title}." if title else "GitHub accepts the App."
        return  # an App's limit is that of each of its installations
    else:
        yield "There is no token: only public repositories can be read, and no logs."
    api.maybe("/rate_limit")
    left = api.rate_limit
    if left is None:
        yield "This server sets no hourly limit."
    else:
        yield f"{left.remaining:,} of {left.limit:,} requests are left until {left.reset_at:%H:%M} UTC."


def _about_repository(api: Api) -> Iterator[str]:
    asked_for = api.name
    about = mapping(api.json(api.repo()))
    kind = "private" if about.get("private") else "public"
    yield f"{asked_for} can be seen: it is {kind}."
    if api.new_name is not None:
        yield f"It is called {api.new_name} now."
    runs = mapping(api.json(api.repo("/actions/runs"), per_page=1))
    total = integer(runs.get("total_count"))
    if total is None:
        raise RemoteError(Trouble.GARBLED, "GitHub's answer about workflow runs makes no sense.")
    yield f"Its workflow runs can be read: there are {total:,}."
    hooks = api.maybe(api.repo("/hooks"), per_page=1)
    yield "Its webhooks can be read: failed deliveries are asked for again." if isinstance(hooks, list) else NO_HOOKS
