"""Channels as people make, change and try them. An address is sealed as it comes in, and never shown again."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from cicd_health import queue, settings, vault
from cicd_health.alerts import message, send
from cicd_health.flow import sending
from cicd_health.model.alert_drafts import ChannelDraft, Quiet
from cicd_health.model.alerts import NotificationState
from cicd_health.model.zones import zones
from cicd_health.store import audit, channels, engine, outbox
from cicd_health.store.tables import ChannelRow

CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
LONGEST_NAME = 80
MOST_PER_HOUR = 1000
BY_HAND = "the channel was switched off by hand"


@dataclass(frozen=True, slots=True)
class Tried:
    """How a test message went. `error` is a sentence without secrets, None when the channel took it."""

    ok: bool
    error: str | None
    seconds: float


def save_channel(draft: ChannelDraft, now: datetime, channel_id: int | None = None) -> int:
    """Make a channel, or change one; its id. Raises ValueError with a sentence, LookupError for an unknown id.

    A channel of the settings keeps its name and address.
    """
    draft = _checked(draft)
    described = send.describe(draft.url) if draft.url else None
    with engine.writing() as session:
        engine.announce(session, "alerts")
        if channel_id is None:
            if draft.url is None or described is None:
                raise ValueError("a channel needs an address")
            row = channels.add(session, draft, described.kind, vault.seal(draft.url), described.masked, now)
        else:
            row = channels.get(session, channel_id, lock=True)
            _change(session, row, draft, described, now)
        assert row.id is not None
        _note_saved(session, row, now, new=channel_id is None, new_address=draft.url is not None)
        return row.id


def forget_channel(channel_id: int, now: datetime) -> None:
    """Delete a channel and its log. Raises ValueError when the settings or a rule name it, LookupError."""
    with engine.writing() as session:
        row = channels.get(session, channel_id, lock=True)
        if row.origin == "env":
            raise ValueError("this channel comes from the settings: remove it there, or switch it off")
        if rules := channels.rules_naming(session, row.slug):
            raise ValueError(f"the rule “{rules[0]}” sends to this channel: change the rule first")
        session.delete(row)
        audit.note(session, "channel.removed", _subject(row), now, kind=row.kind, address=row.address)
        engine.announce(session, "alerts")


def switch_channel(channel_id: int, on: bool, now: datetime) -> None:
    """Switch a channel on, also one that refused for good, or off: then what waits for it is given up."""
    with engine.writing() as session:
        row = channels.get(session, channel_id, lock=True)
        row.enabled, row.updated_at = on, now
        if on:
            row.switched_off_at, row.error = None, None
        else:
            outbox.give_up(session, channel_id, BY_HAND)
        audit.note(session, "channel.saved", _subject(row), now, enabled=on)
        engine.announce(session, "alerts")


def try_channel(channel_id: int, now: datetime) -> Tried:
    """Send a test message now, and write down how it went. Blocks for up to 20 s. Raises LookupError."""
    with engine.reading() as session:
        row = channels.get(session, channel_id)
    told = message.test(settings.get().public_url)
    tried = _try(lambda: sending.target(row), told)
    with engine.writing() as session:
        row = channels.get(session, channel_id, lock=True)
        outbox.note_test(session, channel_id, told.title, tried.error, now)
        if row.error != channels.SETTING_GONE:  # by which its setting finds it again
            row.error = tried.error
        if tried.ok:
            row.sent_at = now
            _serve(session, channel_id, now, tried_only=True)
        audit.note(session, "channel.tested", _subject(row), now, ok=tried.ok, error=tried.error)
        engine.announce(session, "alerts")
    return tried


def try_address(url: str, now: datetime) -> Tried:
    """Send a test message to an address that is not stored. Raises ValueError when it is none."""
    described = send.describe(url)
    tried = _try(lambda: send.Target(described.kind, url.strip()), message.test(settings.get().public_url))
    with engine.writing() as session:
        audit.note(session, "channel.tested", described.masked, now, ok=tried.ok, error=tried.error)
    return tried


def send_again(notification_id: int, now: datetime) -> None:
    """Send a message now that waits or was given up, whatever it waits for. Raises ValueError, LookupError."""
    with engine.writing() as session:
        channel = outbox.channel_of(session, notification_id)
        row = outbox.message(session, notification_id)
        if row is None or channel is None:
            raise LookupError(f"there is no message {notification_id}")
        if row.state in (NotificationState.SENT, NotificationState.SENDING):
            raise ValueError("it was sent already" if row.state == NotificationState.SENT else "it is being sent")
        if not row.body:
            raise ValueError("this was a test: send another one from the channel")
        if not channel.enabled or channel.switched_off_at:
            raise ValueError("its channel is switched off: switch it on first")
        outbox.put_back(session, notification_id, now)
        audit.note(session, "message.sent_again", f"message {notification_id} to {_subject(channel)}", now)
        queue.enqueue(session, "deliver_now", f"{notification_id}-{now.timestamp():.3f}", notification_id)
        engine.announce(session, "alerts")


def sync_env_channels(session: Session, now: datetime) -> None:
    """Have a channel for each one in the settings."""
    found = {slug: _described(slug, target) for slug, target in send.targets(settings.get()).items()}
    channels.sync_settings(session, found, now)


def _described(slug: str, target: send.Target) -> channels.Described:
    """A channel of the settings, also one whose address leads nowhere: its messages will say so."""
    try:
        described = send.describe(target.url)
    except ValueError:
        return channels.Described(target.kind, "Apprise", target.url.split(":", 1)[0] + "://…")
    if target.kind == "email":
        return channels.Described("email", f"E-mail to {', '.join(settings.get().alert_email_to)}", described.masked)
    name = described.name if target.kind == "slack" else f"{described.name} ({slug.removeprefix('env-apprise-')})"
    return channels.Described(target.kind, name, described.masked)


def _change(
    session: Session, row: ChannelRow, draft: ChannelDraft, described: send.Described | None, now: datetime
) -> None:
    if draft.url and row.origin == "env":
        raise ValueError("the address of this channel comes from the settings: change it there")
    if described and draft.url:
        row.url, row.kind, row.address = vault.seal(draft.url), described.kind, described.masked
        row.switched_off_at, row.error = None, None
    if row.origin != "env":
        row.name = draft.name
    channels.set_wishes(row, draft, now)
    session.flush()
    assert row.id is not None
    if row.enabled:
        _serve(session, row.id, now)
    else:
        outbox.give_up(session, row.id, BY_HAND)


def _subject(row: ChannelRow) -> str:
    return f"channel {row.id} ({row.name})"


def _note_saved(session: Session, row: ChannelRow, now: datetime, *, new: bool, new_address: bool) -> None:
    said = {"kind": row.kind, "address": row.address, "enabled": row.enabled, "scope": json.loads(row.scope or "{}")}
    audit.note(session, "channel.saved", _subject(row), now, new=new, new_address=new_address, **said)


def _serve(session: Session, channel_id: int, now: datetime, *, tried_only: bool = False) -> None:
    """Look at what waits anew: the channel's wishes changed, or it works again."""
    first = outbox.release(session, channel_id, now, tried_only=tried_only)
    if first is not None:
        queue.enqueue(session, "deliver", f"channel-{channel_id}-{now.timestamp():.3f}", first)


def _try(where: Callable[[], send.Target], told: message.Message) -> Tried:
    began = time.monotonic()
    try:
        send.send(where(), told)
    except send.SendFailed as failure:
        return Tried(False, failure.error, round(time.monotonic() - began, 3))
    return Tried(True, None, round(time.monotonic() - began, 3))


def _checked(draft: ChannelDraft) -> ChannelDraft:
    """The draft without blanks around. Raises ValueError with a sentence that names what is allowed."""
    name = " ".join(draft.name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise ValueError(f"the name has 1 to {LONGEST_NAME} characters")
    draft.scope.check()
    if draft.zone not in zones():
        raise ValueError(f"{draft.zone!r} is not a time zone: write one like Europe/Vienna or UTC")
    if draft.digest_at is not None and not CLOCK.fullmatch(draft.digest_at):
        raise ValueError("the time of the digest is like 09:00")
    if draft.per_hour is not None and not 1 <= draft.per_hour <= MOST_PER_HOUR:
        raise ValueError(f"messages an hour are 1 to {MOST_PER_HOUR}, or none given for any number")
    _check_quiet(draft.quiet)
    return replace(draft, name=name, url=draft.url.strip() if draft.url and draft.url.strip() else None)


def _check_quiet(quiet: Quiet | None) -> None:
    if quiet is None:
        return
    if not (CLOCK.fullmatch(quiet.start) and CLOCK.fullmatch(quiet.end)):
        raise ValueError("quiet hours begin and end at times like 22:00 and 07:00")
    if quiet.start == quiet.end:
        raise ValueError("quiet hours begin and end at different times")
    if not quiet.days or not set(quiet.days) <= set(range(7)):
        raise ValueError("quiet hours need at least one day of the week, Monday being 0 and Sunday 6")
