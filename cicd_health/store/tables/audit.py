"""Who changed what."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from cicd_health.store.tables.columns import moment, row_id, text


class AuditRow(SQLModel, table=True):
    """One change. Names, not references: it tells of what may have been deleted since."""

    __tablename__ = "audit_log"
    __table_args__ = (sa.Index("ix_audit_log_at", "at", "id"),)

    id: int | None = row_id()
    at: datetime = moment()
    who: str = text()
    via: str  # page, api, command, sign_in, server
    address: str | None = text(default=None)
    action: str = Field(index=True)  # "rule.saved", "key.revoked"
    subject: str = text()  # what it was done to, in words: "rule 12 (Flapping)"
    detail: str = text(default="{}")  # JSON; never a secret
