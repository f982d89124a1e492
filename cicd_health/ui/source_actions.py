"""What the forms and buttons of the sources page do: typed values to flow, and what came of it to a sentence.

Every argument is from outside. Whatever was typed stays out of what is said, and out of the log.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from cicd_health import access, flow, settings
from cicd_health.flow import connecting
from cicd_health.providers import PROVIDERS
from cicd_health.providers.remote import Connection, RemoteError, Tested
from cicd_health.store import engine, watch_lines
from cicd_health.ui import format as text
from cicd_health.ui.told import Note, broken, told

LONGEST = 20_000  # characters of a field: a private key has about 3,000


def secret_of(provider: str) -> str:
    """What signs a provider's webhooks, for an administrator to paste there; empty for anything else."""
    chosen = settings.get()
    kept = {"github": chosen.github_webhook_secret, "jenkins": chosen.jenkins_webhook_token}
    return next(iter(access.several(kept.get(provider))), "")


def webhook_address(provider: str) -> str:
    """Where a provider without signatures posts: the token is part of it."""
    known = provider if provider in PROVIDERS else ""
    return f"{settings.get().public_url}/webhooks/{known}?token={quote(secret_of(known))}"


def field(form: dict[str, Any], name: str) -> str:
    """What was typed; anybody may send anything instead of a form."""
    return str(form.get(name) or "").replace("\x00", "").strip()[:LONGEST]


def typed_secret(form: dict[str, Any], name: str) -> str:
    """A password as it was typed, with its blanks."""
    return str(form.get(name) or "")[:LONGEST]


def number(id: object) -> int:
    """The row that an argument names; 0, which is nobody's, when it is not a number."""
    digits = str(id)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0


def github_of(form: dict[str, Any]) -> dict[str, Any]:
    """What `flow.connect_github` takes. Raises ValueError with a sentence."""
    app_id = field(form, "app_id")
    if app_id and not number(app_id):
        raise ValueError("An App's id is a number: it stands on the App's page.")
    typed = {"token": field(form, "token") or None, "app_private_key": field(form, "app_private_key") or None}
    return {"api_url": field(form, "api_url"), "app_id": number(app_id) or None, **typed}


def jenkins_of(form: dict[str, Any]) -> dict[str, Any]:
    """What `flow.connect_jenkins` takes."""
    return {
        "url": field(form, "url"),
        "username": field(form, "username") or None,
        "token": field(form, "token") or None,
    }


def tried_and_stored(
    provider: str,
    form: dict[str, Any],
    read: Callable[[dict[str, Any]], dict[str, Any]],
    save: Callable[..., int],
) -> Note:
    """What came of trying a connection, and of storing it. Slow: it calls out."""
    try:
        typed = read(form)
        tested = attempt(partial(flow.try_connection, connection(provider, typed)))
        if not tested.ok and not form.get("anyway"):
            return told(tested, "Not saved: it does not work yet.")
        save(datetime.now(UTC), **typed)
    except ValueError as error:
        return Note(str(error), "fail")
    except Exception as error:  # said where the button is, without anything that was typed
        return broken(error)
    return told(tested, "Saved, and it works." if tested.ok else "Saved, although it does not work yet.", done=True)


def connection(provider: str, typed: dict[str, Any]) -> Connection:
    """How to reach what was typed, before it is stored. Raises ValueError when it is no address."""
    url = connecting.address(typed.get("api_url") or typed.get("url") or "")
    known = ("username", "token", "app_id", "app_private_key")
    host = connecting.host_of(provider, url)
    return Connection(provider, host, url, **{name: typed[name] for name in known if name in typed})


def attempt(trying: Callable[[], Tested]) -> Tested:
    """A provider that does not answer is an answer too."""
    try:
        return trying()
    except RemoteError as error:
        return Tested(False, (error.sentence,))


def tested(source_id: int) -> Note:
    """What came of trying a stored connection. Slow: it calls out."""
    try:
        return told(attempt(partial(flow.try_out, source_id, datetime.now(UTC))))
    except LookupError:
        return Note("This source is not there any more.", "fail")
    except Exception as error:
        return broken(error)


def queued(source_id: int, viewer: ZoneInfo) -> Note:
    """What "Poll now" comes to: a wait that the provider asked for holds."""
    now = datetime.now(UTC)
    try:
        polls = flow.poll_now(now, source_id=source_id)
    except LookupError:
        return Note("This source is not there any more.", "fail")
    except Exception as error:
        return broken(error)
    if polls:
        return Note(f"{text.counted(polls, 'poll')} queued", "ok")
    with engine.reading() as session:
        waits = [line.next_poll_at for line in watch_lines.lines(session, now, source_id) if line.state == "waiting"]
    until = min((at for at in waits if at), default=None)
    if until is None:
        return Note("Nothing of it is watched, so there is nothing to poll", "warn")
    return Note(f"Waits until {text.moment(until, now, viewer)}, because the provider asked for it", "warn")


def added(source_id: int, form: dict[str, Any]) -> Note:
    """What came of adding something to watch."""
    now, name = datetime.now(UTC), field(form, "name")
    token, secret = field(form, "token") or None, field(form, "secret") or None
    try:
        if not name:
            raise ValueError("Write its name first.")
        if source_id:
            flow.watch(source_id, name, now, token=token, secret=secret)
        else:
            flow.watch_repository(name, now, token=token, secret=secret)
    except (ValueError, LookupError) as error:
        return Note(str(error), "fail")
    except Exception as error:
        return broken(error)
    return Note(f"{name} is watched; its history is on the way", "ok", done=True)


def changed(change: Callable[[int, datetime], None], id: int) -> str:
    """Do it; what went wrong, in words, or nothing."""
    try:
        change(id, datetime.now(UTC))
    except (ValueError, LookupError) as error:
        return str(error)
    except Exception as error:
        return broken(error).text
    return ""
