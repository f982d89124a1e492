"""Every secret that is stored, as it is stored: sealed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

# The columns that hold secrets, and the one that says to people whose they are.
PLACES = {
    "sources": ("host", ("token", "app_private_key", "webhook_secret", "webhook_secret_before")),
    "watches": ("name", ("token", "webhook_secret", "webhook_secret_before")),
    "channels": ("name", ("url",)),
}


@dataclass(frozen=True, slots=True)
class Sealed:
    """One secret. `owner` is the name of the source, watch or channel it belongs to."""

    table: str
    id: int
    column: str
    owner: str
    text: str


def of_table(session: Session, name: str) -> Iterator[Sealed]:
    """The secrets of one of PLACES."""
    table = SQLModel.metadata.tables[name]
    owner, columns = PLACES[name]
    query = sa.select(table.c.id, table.c[owner].label("owner"), *(table.c[column] for column in columns))
    for row in session.connection().execute(query.order_by(table.c.id)).mappings().all():
        for column in columns:
            if row[column] is not None:
                yield Sealed(name, row["id"], column, row["owner"], row[column])


def put(session: Session, old: Sealed, text: str) -> bool:
    """Store it sealed otherwise; False when it was changed meanwhile, and so left alone."""
    table = SQLModel.metadata.tables[old.table]
    same = sa.and_(table.c.id == old.id, table.c[old.column] == old.text)
    return session.connection().execute(sa.update(table).where(same).values({old.column: text})).rowcount == 1
