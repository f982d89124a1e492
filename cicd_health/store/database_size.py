"""How much room the database takes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

SIZES = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


def kind_and_size(session: Session) -> tuple[str, int]:
    """What SQLAlchemy calls the database, and its bytes on disk."""
    kind = session.get_bind().dialect.name
    return kind, int(session.connection().execute(sa.text(SIZES[kind])).scalar_one())
