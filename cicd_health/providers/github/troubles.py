"""Why GitHub refused, told apart. Source: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from cicd_health.providers.http import Answer
from cicd_health.providers.json_reader import decode_json, mapping, text
from cicd_health.providers.provider import NotJson
from cicd_health.providers.remote import RateLimit, RemoteError, Trouble

PAUSE = timedelta(minutes=1)  # where GitHub says "slow down" and not for how long
LONGEST_WAIT = timedelta(days=1)  # the limits are hourly: whoever asks for more is mistaken
SLOW_WORDS = ("secondary rate", "abuse", "too many requests")
ACTIONS_READ = "it needs the permission “Actions: read” (a classic token: the scope “repo”)"

Header = Mapping[str, str]


def rate_limit(headers: Header) -> RateLimit | None:
    """What is left of the hourly limit; None where the server has none, or speaks of another limit."""
    if headers.get("x-ratelimit-resource", "core") != "core":
        return None
    remaining, limit, reset = (_number(headers.get(f"x-ratelimit-{name}")) for name in ("remaining", "limit", "reset"))
    if remaining is None or not limit or reset is None:
        return None
    return RateLimit(remaining, limit, datetime.fromtimestamp(reset, UTC))


def refusal(answer: Answer, name: str | None, now: datetime) -> RemoteError:
    """The error for an answer that is none of what was hoped for. `name` is the repository that was asked about."""
    left = rate_limit(answer.headers)
    limited = _limited(answer, left, now)
    if limited is not None:
        return limited
    if answer.status == 401:
        sentence = "GitHub does not accept the token: it is wrong, has expired or was revoked."
        return RemoteError(Trouble.UNAUTHORIZED, sentence, rate_limit=left)
    if answer.status == 404:
        sentence = f"{name or 'What was asked for'} is not there, or this token may not see it."
        return RemoteError(Trouble.NOT_FOUND, sentence, rate_limit=left)
    if answer.status in (403, 451):
        return _forbidden(answer, name, left)
    if answer.status >= 500:
        return RemoteError(Trouble.SERVER, f"GitHub has trouble: it answered {answer.status}.", rate_limit=left)
    return RemoteError(Trouble.GARBLED, f"GitHub answered {answer.status}, which was not expected.", rate_limit=left)


def _limited(answer: Answer, left: RateLimit | None, now: datetime) -> RemoteError | None:
    if answer.status not in (403, 429):
        return None
    message, wait_until = _message(answer).lower(), _retry_after(answer.headers, now)
    slowed = any(word in message for word in SLOW_WORDS)
    if left is not None and left.remaining == 0 and not slowed:
        retry_at = wait_until or min(left.reset_at, max(now, _date(answer.headers) or now) + LONGEST_WAIT)
        sentence = f"GitHub's hourly limit of {left.limit:,} requests is used up until {retry_at:%H:%M} UTC."
        return RemoteError(Trouble.LIMITED, sentence, retry_at=retry_at, rate_limit=left)
    if wait_until is None and not slowed and answer.status != 429:
        return None
    retry_at = wait_until or now + PAUSE
    sentence = f"GitHub asks us to slow down until {retry_at:%H:%M} UTC (a secondary rate limit)."
    return RemoteError(Trouble.SLOWED, sentence, retry_at=retry_at, rate_limit=left)


def _forbidden(answer: Answer, name: str | None, left: RateLimit | None) -> RemoteError:
    sso = answer.headers.get("x-github-sso")
    if sso is not None and "required" in sso:
        where = urlsplit(sso.partition("url=")[2]).hostname or "github.com"
        sentence = f"The organisation wants this token authorised for its single sign-on: do so on {where[:100]}."
        return RemoteError(Trouble.SSO, sentence, rate_limit=left)
    sentence = f"The token may not read {name or 'this'}: {ACTIONS_READ}."
    said = _message(answer)
    return RemoteError(Trouble.FORBIDDEN, f"{sentence} GitHub says: {said}" if said else sentence, rate_limit=left)


def _message(answer: Answer) -> str:
    """What GitHub says in words, in one line; "" when it does not."""
    try:
        said = text(mapping(decode_json(answer.body)).get("message"), 300)
    except NotJson:
        return ""
    return " ".join((said or "").split())


def _retry_after(headers: Header, now: datetime) -> datetime | None:
    """Seconds, or a date: that is by GitHub's clock, which may not be ours."""
    said = headers.get("retry-after")
    if said is None:
        return None
    seconds = _number(said)
    if seconds is not None:
        return now + min(timedelta(seconds=seconds), LONGEST_WAIT)
    until = _moment(said)
    if until is None:
        return now + PAUSE
    wait = until - (_date(headers) or now)
    return now + max(timedelta(), min(wait, LONGEST_WAIT))


def _date(headers: Header) -> datetime | None:
    return _moment(headers.get("date", ""))


def _moment(said: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(said)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _number(said: str | None) -> int | None:
    """A count or epoch seconds; None for anything else."""
    return int(said) if said is not None and said.isascii() and said.isdigit() and len(said) <= 10 else None
