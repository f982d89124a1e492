"""PostgreSQL cleans up behind deleting and rewriting by itself, by default after a fifth of a table has changed.

That is too late for large tables, and for small ones that are rewritten all day. So each has its own measure. What an
administrator has set on a table stays as it is.
"""

from __future__ import annotations

import contextlib

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

LARGE = {
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_insert_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.02",
}
# Rewritten in place: room in each page keeps a new version beside the old one, so that no index has to be told.
REWRITTEN = {"fillfactor": "70", "autovacuum_vacuum_scale_factor": "0.02", "autovacuum_vacuum_threshold": "500"}
SMALL = {"fillfactor": "50", "autovacuum_vacuum_scale_factor": "0", "autovacuum_vacuum_threshold": "200"}
QUEUE = {"autovacuum_vacuum_scale_factor": "0.02", "autovacuum_vacuum_threshold": "500"}
WANTED = {
    **dict.fromkeys(("runs", "attempts", "jobs", "steps", "deliveries", "logs", "log_chunks", "audit_log"), LARGE),
    **dict.fromkeys(("tallies", "outbox", "endings"), REWRITTEN),
    **dict.fromkeys(("sources", "watches", "pipelines", "channels", "processes", "kept_sums", "refusals"), SMALL),
    **dict.fromkeys(("workflow_status", "operation_outputs", "workflow_queue"), QUEUE),  # of the job engine
}
# Parts of a table that is divided are told apart by it.
TABLES = sa.text(
    "SELECT c.oid::regclass::text AS name, coalesce(p.relname, c.relname) AS kind, c.reloptions AS options "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent "
    "WHERE c.relkind = 'r' AND n.nspname IN (current_schema(), 'dbos') "
    "AND coalesce(p.relname, c.relname) = ANY(:names) AND pg_has_role(c.relowner, 'USAGE')"
)


def tune(engine: sa.Engine) -> int:
    """Set on each table what is not set there; how many were changed. One that is busy has its turn another time."""
    if engine.dialect.name != "postgresql":
        return 0
    with engine.connect() as connection:
        rows = connection.execute(TABLES, {"names": list(WANTED)}).all()
    changed = 0
    for row in rows:
        known = {option.partition("=")[0] for option in row.options or ()}
        missing = {name: value for name, value in WANTED[row.kind].items() if name not in known}
        if missing and _set(engine, row.name, missing):
            changed += 1
    return changed


def _set(engine: sa.Engine, table: str, options: dict[str, str]) -> bool:
    with contextlib.suppress(DBAPIError), engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
        chosen = ", ".join(f"{name} = {value}" for name, value in options.items())
        connection.execute(sa.text(f"ALTER TABLE {table} SET ({chosen})"))
        return True
    return False
