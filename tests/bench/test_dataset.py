"""A data set of the bench is what the product would have made of the same runs, and small ones are built in no time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from bench.asking import ask
from bench.dataset.building import Plan, build
from bench.dataset.copying import copy
from bench.questions import Question, cast, questions
from cicd_health.metrics import report
from cicd_health.model.health import Query
from cicd_health.model.windows import Window
from cicd_health.store import engine, recount

PLAN = Plan(runs=2_000, now=datetime.now(UTC).replace(microsecond=0), pipelines=12, days=6)
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"


@pytest.fixture(scope="module")
def postgres(postgres_server: Any) -> Iterator[sa.Engine]:
    name = f"bench_{uuid.uuid4().hex[:12]}"
    postgres_server.psql(f"CREATE DATABASE {name} TEMPLATE template_cicd")
    bind = engine.create_engine(postgres_server.get_uri(name))
    yield bind
    bind.dispose()
    postgres_server.psql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def indexes(postgres: sa.Engine) -> list[str]:
    """Those of the empty database."""
    with postgres.connect() as connection:
        return list(connection.execute(sa.text(INDEXES)).scalars())


@pytest.fixture(scope="module")
def built(postgres: sa.Engine, indexes: list[str]) -> dict[str, int]:
    return build(postgres, PLAN, lambda _: None).rows


@pytest.fixture(scope="module")
def sqlite(postgres: sa.Engine, built: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> sa.Engine:
    file = tmp_path_factory.mktemp("bench") / "copy.db"
    copy(postgres, file)
    return engine.create_engine(f"sqlite:///{file}").execution_options(reads_only=True)


def test_it_has_the_runs_that_were_asked_for(built: dict[str, int]) -> None:
    assert built["runs"] == PLAN.runs
    assert built["jobs"] == 2 * built["attempts"] > 2 * PLAN.runs
    assert all(built[table] > 0 for table in ("steps", "flakes", "incidents"))


def test_every_index_is_there_again(postgres: sa.Engine, indexes: list[str], built: dict[str, int]) -> None:
    with postgres.connect() as connection:
        assert list(connection.execute(sa.text(INDEXES)).scalars()) == indexes


def test_the_product_finds_nothing_wrong_with_what_was_counted(postgres: sa.Engine, built: dict[str, int]) -> None:
    with Session(postgres) as session:
        assert [str(difference) for difference in recount.check(session)] == []


def test_the_copy_in_sqlite_gives_the_same_numbers(postgres: sa.Engine, sqlite: sa.Engine) -> None:
    query = Query(Window("custom", PLAN.now - timedelta(days=4), PLAN.now))
    summaries = []
    for bind in (postgres, sqlite):
        with Session(bind) as session:
            summaries.append(report.summary(session, query, PLAN.now))
    assert summaries[0] == summaries[1]
    assert summaries[0].total > PLAN.runs / 2


@pytest.mark.parametrize("kind", ["postgres", "sqlite"])
def test_every_question_has_an_answer(kind: str, request: pytest.FixtureRequest) -> None:
    bind = request.getfixturevalue(kind)
    with Session(bind) as session:
        known = cast(session, PLAN.pipelines)
    asked = questions(known, PLAN.now)
    assert len({question.name for question in asked}) == len(asked)
    answers: dict[Question, int] = {question: question.count(ask(bind, question.ask)) for question in asked}
    within = [count for question, count in answers.items() if "months back" not in question.name]
    assert sum(count > 0 for count in within) > len(within) / 2
