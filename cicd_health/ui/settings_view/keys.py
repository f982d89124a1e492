"""Keys of machines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from cicd_health.access import KeyLine
from cicd_health.ui import format as text
from cicd_health.ui.rows import Mark

SCOPES = {
    "read": "asks for everything that a viewer sees",
    "ingest": "sends runs",
    "admin": "does everything, also change people and keys",
}
LASTS = {"30": "30 days", "90": "90 days", "365": "a year", "": "until it is revoked"}
SOON = timedelta(days=14)
WORKS, UNUSED = Mark("success", "Works", "ok"), Mark("neutral", "Not used yet", "off")
ENDS_SOON = Mark("stale", "Ends soon", "warn")
EXPIRED, REVOKED = Mark("cancelled", "Expired", "off"), Mark("cancelled", "Revoked", "off")


@dataclass(frozen=True, slots=True)
class KeyRow:
    """`on` is False for a key that does not work any more."""

    key: str
    mark: Mark
    name: str
    prefix: str
    scopes: str
    made: str
    made_exact: str
    used: str
    used_exact: str
    used_from: str
    ends: str
    ends_exact: str
    on: bool


def listed(lines: Sequence[KeyLine], now: datetime, zone: tzinfo) -> list[KeyRow]:
    """Those that work first."""
    return sorted((_row(line, now, zone) for line in lines), key=lambda row: not row.on)


def _row(line: KeyLine, now: datetime, zone: tzinfo) -> KeyRow:
    mark = mark_of(line, now)
    ended_at = line.revoked_at or line.expires_at
    return KeyRow(
        key=str(line.id),
        mark=mark,
        name=line.name,
        prefix=f"{line.prefix}…",
        scopes=", ".join(line.scopes),
        made=" ".join(part for part in (text.moment(line.created_at, now, zone), _by(line)) if part),
        made_exact=text.exact(line.created_at, zone),
        used=text.age(line.last_used_at, now) if line.last_used_at else "never",
        used_exact=text.exact(line.last_used_at, zone),
        used_from=line.last_used_from or "",
        ends=_day(ended_at, zone) if ended_at else "never",
        ends_exact=text.exact(ended_at, zone),
        on=mark not in (EXPIRED, REVOKED),
    )


def _by(line: KeyLine) -> str:
    """Whoever reads "(disabled)" may want to revoke the key: it works on."""
    return f"by {line.made_by}{' (disabled)' if line.maker_disabled else ''}" if line.made_by else ""


def _day(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y}"


def mark_of(line: KeyLine, now: datetime) -> Mark:
    if line.revoked_at:
        return REVOKED
    if line.expires_at and line.expires_at <= now:
        return EXPIRED
    if line.expires_at and line.expires_at - now < SOON:
        return ENDS_SOON
    return WORKS if line.last_used_at else UNUSED


def sentence(rows: Iterable[KeyRow]) -> str:
    working = sum(row.on for row in rows)
    return f"{text.counted(working, 'key works', 'keys work')}" if working else "No key works"


def ends_at(days: str, now: datetime) -> datetime | None:
    """The end of a new key; None when it has none. Raises ValueError for a length that is not offered."""
    if days not in LASTS:
        raise ValueError("Choose for how long it is to work.")
    return now + timedelta(days=int(days)) if days else None
