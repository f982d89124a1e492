"""What the columns of all tables are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Field

# Of partial indexes: SQLite uses one only for a condition of the very same words.
FAILED_WORDS = "('failure', 'startup_failure', 'timed_out', 'unstable')"
VERDICT_WORDS = "('failure', 'startup_failure', 'success', 'timed_out', 'unstable')"
SCHEDULE_WORDS = "('schedule', 'timer')"  # events of runs that a schedule began: GitHub's word and Jenkins'

# SQLite numbers rows by itself only in a column it calls INTEGER.
BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware moment, kept in UTC on both databases. Raises ValueError on a naive one."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def row_id() -> Any:
    return Field(default=None, primary_key=True, sa_type=BigId)


def moment(**extra: Any) -> Any:
    return Field(sa_type=UtcDateTime, **extra)


def maybe_moment(**extra: Any) -> Any:
    return Field(default=None, sa_type=UtcDateTime, **extra)


def reference(
    column: str, *, nullable: bool = False, index: bool = False, ondelete: Literal["CASCADE", "SET NULL"] = "CASCADE"
) -> Any:
    extra: dict[str, Any] = {"default": None} if nullable else {}
    return Field(foreign_key=column, nullable=nullable, index=index, sa_type=BigId, ondelete=ondelete, **extra)


def text(**extra: Any) -> Any:
    return Field(sa_type=sa.Text, **extra)
