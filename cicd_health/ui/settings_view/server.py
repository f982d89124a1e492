"""What the server was started with: how long things are kept, its database, every setting without its secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cicd_health import settings
from cicd_health.settings import Settings
from cicd_health.ui import format as text

MB = 1_000_000
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
KEPT = (
    ("Runs", "RUN_RETENTION_DAYS"),
    ("Logs", "LOG_RETENTION_DAYS"),
    ("Deliveries and messages", "DELIVERY_RETENTION_DAYS"),
    ("Audit log", "AUDIT_RETENTION_DAYS"),
)


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class SettingRow:
    """`given` is False for what nobody set."""

    name: str
    value: str
    meaning: str
    given: bool


@dataclass(frozen=True, slots=True)
class Server:
    facts: list[Fact] = field(default_factory=list)
    rows: list[SettingRow] = field(default_factory=list)


def view(chosen: Settings, database: str, size: int) -> Server:
    """`database` is what SQLAlchemy calls it, `size` its bytes."""
    return Server(
        facts=[
            Fact("Database", f"{DATABASES.get(database, database)}, {megabytes(size)}"),
            Fact("Address", chosen.public_url),
            *_kept(chosen),
        ],
        rows=[
            _row(chosen, name, (about.description or "").replace("`", ""), said)
            for name, about, said in settings.fields()
        ],
    )


def _kept(chosen: Settings) -> list[Fact]:
    days = ((label, getattr(chosen, name.lower(), None)) for label, name in KEPT)
    return [Fact(f"{label} kept", text.counted(number, "day")) for label, number in days if number is not None]


def megabytes(size: int) -> str:
    """`0.4 MB`, `12 MB`, `3.1 GB`."""
    if size >= 1000 * MB:
        return f"{size / (1000 * MB):.1f} GB"
    return f"{size / MB:.0f} MB" if size >= 10 * MB else f"{size / MB:.1f} MB"


def _row(chosen: Settings, name: str, meaning: str, about: dict[str, Any]) -> SettingRow:
    given = getattr(chosen, _field(name))
    is_given = given != Settings.model_fields[_field(name)].default
    return SettingRow(name, _value(chosen, name, given, about), meaning.replace("`", ""), is_given)


def _value(chosen: Settings, name: str, given: Any, about: dict[str, Any]) -> str:
    """As text; of a secret only whether there is one. A generated one is not made by looking."""
    if about["secret"]:
        return "set, never shown" if given else about["shown"] or text.NOTHING
    value = getattr(chosen, name.lower(), given)
    if value in (None, ()):
        return text.NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    shown = ", ".join(str(part) for part in value) if isinstance(value, tuple) else str(value)
    return settings.masked(shown) if "://" in shown else shown


def _field(name: str) -> str:
    given = name.lower() + settings.GIVEN
    return given if given in Settings.model_fields else name.lower()
