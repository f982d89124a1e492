"""Who may."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from cicd_health.store.tables.columns import maybe_moment, moment, reference, row_id, text


class UserRow(SQLModel, table=True):
    __tablename__ = "users"

    id: int | None = row_id()
    email: str = Field(unique=True)
    name: str | None = None
    role: str  # viewer, operator, admin
    password: str | None = text(default=None)  # argon2 hash
    subject: str | None = Field(
        default=None, sa_type=sa.Text, unique=True, index=True
    )  # "ISSUER SUB" of single sign-on
    disabled_at: datetime | None = maybe_moment()
    last_seen_at: datetime | None = maybe_moment()
    created_at: datetime = moment()


class SessionRow(SQLModel, table=True):
    """A signed-in browser. Only the SHA-256 of its cookie is kept."""

    __tablename__ = "sessions"

    id: int | None = row_id()
    user_id: int = reference("users.id", index=True)
    token_hash: str = Field(unique=True)
    created_at: datetime = moment()
    last_seen_at: datetime = moment()
    expires_at: datetime = moment(index=True)
    revoked_at: datetime | None = maybe_moment()
    address: str | None = None
    user_agent: str | None = text(default=None)
    method: str = Field(default="password", sa_column_kwargs={"server_default": "password"})  # password, link, sso


class SignInLinkRow(SQLModel, table=True):
    """A one-time sign-in link. Only the SHA-256 of its token is kept."""

    __tablename__ = "sign_in_links"

    id: int | None = row_id()
    user_id: int = reference("users.id")
    purpose: str = Field(default="sign_in", sa_column_kwargs={"server_default": "sign_in"})  # sign_in, invite
    token_hash: str = Field(unique=True)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = maybe_moment()


class ApiKeyRow(SQLModel, table=True):
    """A key for machines. Only its SHA-256 is kept; `prefix` is for people to recognise it."""

    __tablename__ = "api_keys"

    id: int | None = row_id()
    name: str
    prefix: str
    key_hash: str = Field(unique=True)
    scopes: str  # comma list of read, ingest, admin
    created_by: int | None = reference("users.id", nullable=True, ondelete="SET NULL")
    made_by: str | None = text(default=None)  # in words, as the audit log
    created_at: datetime = moment()
    last_used_at: datetime | None = maybe_moment()
    last_used_from: str | None = text(default=None)  # an address
    expires_at: datetime | None = maybe_moment()
    revoked_at: datetime | None = maybe_moment()
