"""What a backup says of itself: at its beginning what it is, at its end what was in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cicd_health.store.backup.text import Kind

FORMAT = 1
WORDS = "log_words"  # for searching: each database has its own kind of it, in a backup it is two columns


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[Column, ...]

    @property
    def kinds(self) -> list[Kind]:
        return [column.kind for column in self.columns]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The first part of a backup. `keys` are fingerprints of SECRET_KEY, which sealed the secrets that are stored."""

    format: int
    version: str  # of the program
    revision: str  # of the schema
    made_at: datetime
    database: str  # postgresql, sqlite
    keys: tuple[str, ...]
    logs_elsewhere: bool  # logs are kept in LOG_STORE_URL, and are not in the backup
    tables: tuple[Table, ...]

    def to_text(self) -> str:
        return json.dumps(asdict(self) | {"made_at": self.made_at.isoformat()}, indent=1)

    @classmethod
    def from_text(cls, text: str | bytes) -> Manifest:
        """Raises ValueError, KeyError or TypeError for what is none."""
        said = json.loads(text)
        return cls(
            format=int(said["format"]),
            version=str(said["version"]),
            revision=str(said["revision"]),
            made_at=datetime.fromisoformat(said["made_at"]),
            database=str(said["database"]),
            keys=tuple(str(key) for key in said["keys"]),
            logs_elsewhere=bool(said["logs_elsewhere"]),
            tables=tuple(_table(table) for table in said["tables"]),
        )


def _table(said: Mapping[str, Any]) -> Table:
    columns = tuple(Column(str(column["name"]), Kind(column["kind"])) for column in said["columns"])
    return Table(str(said["name"]), columns)


@dataclass(frozen=True, slots=True)
class Total:
    """What was in one table: rows, bytes as text, and the SHA-256 of those."""

    rows: int
    size: int
    sha256: str


def totals_to_text(totals: Mapping[str, Total]) -> str:
    return json.dumps({name: asdict(total) for name, total in totals.items()}, indent=1)


def totals_from_text(text: str | bytes) -> dict[str, Total]:
    """Raises ValueError, KeyError or TypeError for what is none."""
    return {name: Total(**said) for name, said in json.loads(text).items()}


def quoted(columns: Sequence[Column]) -> str:
    """Their names as SQL has them: some of ours are words of its own."""
    return ", ".join(f'"{column.name}"' for column in columns)
