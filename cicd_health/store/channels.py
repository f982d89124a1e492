"""Channels: where messages go, and how their people want to be told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from cicd_health.model.alert_drafts import ChannelDraft
from cicd_health.store.tables import ChannelRow, RuleRow

LONGEST_SLUG = 60
SETTING_GONE = "its setting is gone"  # the error of a channel that was disabled for that reason


@dataclass(frozen=True, slots=True)
class Described:
    """A channel of the settings, as it is shown. `address` is masked."""

    kind: str
    name: str
    address: str


def get(session: Session, channel_id: int, *, lock: bool = False) -> ChannelRow:
    """Raises LookupError for an unknown channel."""
    query = select(ChannelRow).where(col(ChannelRow.id) == channel_id)
    row = session.exec(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if row is None:
        raise LookupError(f"there is no channel {channel_id}")
    return row


def in_use(session: Session) -> list[ChannelRow]:
    """The channels that are sent to, oldest first."""
    query = select(ChannelRow).where(col(ChannelRow.enabled).is_(True), col(ChannelRow.switched_off_at).is_(None))
    return list(session.exec(query.order_by(col(ChannelRow.id))))


def add(session: Session, draft: ChannelDraft, kind: str, url: str, address: str, now: datetime) -> ChannelRow:
    """A new channel of somebody; `url` is sealed, `address` masked."""
    row = ChannelRow(
        slug=_free_slug(session, draft.name),
        name=draft.name,
        kind=kind,
        origin="user",
        url=url,
        address=address,
        created_at=now,
    )
    session.add(row)
    set_wishes(row, draft, now)
    session.flush()
    return row


def set_wishes(row: ChannelRow, draft: ChannelDraft, now: datetime) -> None:
    """What it is told, and when. Name and address are another matter."""
    row.scope = draft.scope.to_json()
    row.min_severity = draft.min_severity
    row.zone = draft.zone
    row.quiet = draft.quiet.to_json() if draft.quiet else None
    row.digest_at = draft.digest_at
    row.per_hour = draft.per_hour
    row.enabled = draft.enabled
    row.updated_at = now


def rules_naming(session: Session, slug: str) -> list[str]:
    """The names of the rules that send to this channel by name."""
    found = session.execute(sa.select(col(RuleRow.name), col(RuleRow.channels)).order_by(col(RuleRow.id)))
    return [name for name, channels in found if slug in json.loads(channels)]


def sync_settings(session: Session, wanted: Mapping[str, Described], now: datetime) -> None:
    """Have a channel for each one in the settings; disable those whose setting is gone, keeping what they sent.

    A channel that somebody switched off stays off. One that refused for good is asked again: its address may be new,
    and only the masked one is here to compare.
    """
    rows = {row.slug: row for row in session.exec(select(ChannelRow).where(ChannelRow.origin == "env"))}
    for slug, row in rows.items():
        if slug not in wanted:
            if row.enabled:
                row.enabled, row.error = False, SETTING_GONE
            continue
        if row.error == SETTING_GONE:
            row.enabled, row.error = True, None
        row.switched_off_at = None
        row.name, row.kind, row.address = wanted[slug].name, wanted[slug].kind, wanted[slug].address
    for slug, found in wanted.items():
        if slug not in rows:
            fields = {"slug": slug, "name": found.name, "kind": found.kind, "address": found.address}
            session.add(ChannelRow(**fields, origin="env", enabled=True, created_at=now))
    session.flush()


def _free_slug(session: Session, name: str) -> str:
    """Made from the name; a number behind it where another channel has it."""
    wanted = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_SLUG].strip("-") or "channel"
    taken = set(session.execute(sa.select(col(ChannelRow.slug))).scalars())
    return wanted if wanted not in taken else _numbered(wanted, taken)


def _numbered(wanted: str, taken: Iterable[str]) -> str:
    number = 2
    while f"{wanted}-{number}" in taken:
        number += 1
    return f"{wanted}-{number}"
