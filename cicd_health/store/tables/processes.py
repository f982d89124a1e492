"""Who serves and works."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from cicd_health.store.tables.columns import moment, text


class ProcessRow(SQLModel, table=True):
    """One process of this installation: `role` is all, web, ingest or worker; one not seen for a minute is gone."""

    __tablename__ = "processes"

    id: str = Field(primary_key=True)
    role: str
    host: str = text()
    pid: int
    version: str
    started_at: datetime = moment()
    seen_at: datetime = moment()
