"""Bad days. `make chaos` runs all of them at full length; `make test` the short ones, shortened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cicd_health.cli import page_build
from tests import loopback
from tests.chaos import ledger
from tests.chaos.lengths import LONG
from tests.chaos.postgres import Postgres
from tests.chaos.world import World

HERE = Path(__file__).parent
SHORT = {"test_database_away.py", "test_poison.py", "test_outages.py", "test_clock.py"}
collect_ignore = [] if LONG else [path.name for path in HERE.glob("test_*.py") if path.name not in SHORT]
Build = Callable[..., World]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if LONG and (table := ledger.table()):
        terminalreporter.section("bad days")
        terminalreporter.write_line(table)


@pytest.fixture(scope="session")
def built_page() -> None:
    """The page, built once and reused."""
    page_build.ensure()


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A PostgreSQL of this test alone, that may be stopped, cut and filled up."""
    with Postgres.started() as server:
        yield server


@pytest.fixture
def build(
    built_page: None, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Build]:
    """`build("sqlite")` or `build("postgres", …settings)`: the real server with a channel, and who watches its page."""
    with ExitStack() as stack:

        def make(database: str, **settings: str) -> World:
            url = settings.pop("DATABASE_URL", None) or _url(request, database)
            world = World(database, url, tmp_path, stack.enter_context(loopback.slack()), monkeypatch)
            stack.callback(world.close)
            world.start(**settings)
            return world

        yield make


def _url(request: pytest.FixtureRequest, database: str) -> str:
    return (
        request.getfixturevalue("own_postgres").url if database == "postgres" else request.getfixturevalue("sqlite_url")
    )
