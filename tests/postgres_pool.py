"""Databases for tests on PostgreSQL: emptied and used again, because making one takes longer than most tests.

Each test gets a name of its own all the same, so that nothing that is remembered by a database's address is taken over.
"""

from __future__ import annotations

import uuid
from typing import Any

import psycopg2

TEMPLATE = "template_cicd"
KEPT = "('alembic_version', 'dbos_migrations', 'queues')"  # what the template holds already

# A database that a test gave another shape, or settings of its own, is thrown away.
SHAPE = f"""
    SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_attribute), (SELECT count(*) FROM pg_constraint),
        (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_namespace),
        (SELECT count(*) FROM pg_db_role_setting), (SELECT count(*) FROM public.alembic_version),
        (SELECT max(version_num) FROM public.alembic_version), (SELECT count(*) FROM dbos.queues),
        (SELECT count(*) FROM pg_class WHERE relname IN {KEPT}),
        (SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relispartition AND relkind = 'r')
"""
# Truncated, not deleted from: rows then lie in the order in which they were written, as in a new database.
EMPTY = f"""
    DO $$
    DECLARE names text;
    BEGIN
        SELECT string_agg(c.oid::regclass::text, ', ') INTO names
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname IN ('public', 'dbos') AND c.relname NOT IN {KEPT}
        AND pg_relation_size(c.oid) > 0;
        IF names IS NOT NULL THEN
            EXECUTE 'TRUNCATE ' || names || ' CASCADE';
        END IF;
        PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
        FROM pg_sequences WHERE last_value IS NOT NULL;
    END $$;
"""
END_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


class PostgresPool:
    """Of one server. `take` gives the name of an empty database, `give_back` takes it when the test is over."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self._free: list[str] = []
        self._admin = self._connect("postgres")
        self._shape: tuple[Any, ...] | None = None

    def take(self) -> str:
        name = f"t_{uuid.uuid4().hex[:12]}"
        if self._free:
            self._run(self._admin, f"ALTER DATABASE {self._free.pop()} RENAME TO {name}")
        else:
            self._run(self._admin, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return name

    def give_back(self, name: str) -> None:
        try:
            if self._emptied(name):
                self._free.append(name)
                return
        except psycopg2.Error:
            pass  # whatever the test did to it
        self._run(self._admin, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def close(self) -> None:
        self._admin.close()

    def _emptied(self, name: str) -> bool:
        """Whether it is as the template was."""
        if self._shape is None:
            self._shape = self._shape_of(TEMPLATE)
        with self._admin.cursor() as cursor:
            cursor.execute(END_OTHERS, (name,))
        connection = self._connect(name)
        try:
            self._run(connection, EMPTY)
            with connection.cursor() as cursor:
                cursor.execute(SHAPE)
                return cursor.fetchone() == self._shape
        finally:
            connection.close()

    def _shape_of(self, name: str) -> tuple[Any, ...]:
        connection = self._connect(name)
        try:
            with connection.cursor() as cursor:
                cursor.execute(SHAPE)
                found = cursor.fetchone()
        finally:
            connection.close()
        assert found is not None
        return found

    def _connect(self, name: str) -> Any:
        connection = psycopg2.connect(self.server.get_uri(name))
        connection.autocommit = True
        return connection

    def _run(self, connection: Any, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)
