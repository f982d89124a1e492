"""When somebody was last allowed less, or other things, than before: by the audit log, which is told of all of it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import SQLModel

AUDIT = SQLModel.metadata.tables["audit_log"]
WITHDRAWN = ("key.revoked", "session.revoked", "user.changed", "user.disabled", "user.password_changed")


def last_withdrawn(connection: sa.Connection) -> int:
    """The number of the newest such entry, 0 without one. An index makes it as cheap with a million entries."""
    each = [sa.select(sa.func.max(AUDIT.c.id).label("id")).where(AUDIT.c.action == action) for action in WITHDRAWN]
    return connection.execute(sa.select(sa.func.max(sa.union_all(*each).subquery().c.id))).scalar_one() or 0
