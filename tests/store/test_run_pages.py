"""Pages of the list of runs: whatever is asked for, following them gives every run that fits once, newest first."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.model.runs import FAILED, UNFINISHED, Status
from cicd_health.store import engine, lists, run_pages
from cicd_health.store.lists import RunFilter
from cicd_health.store.run_pages import run_page
from tests.factories import NOW, Rows

FILTERS = (
    RunFilter(provider="jenkins"),
    RunFilter(repo="acme/b"),
    RunFilter(pipeline="ci"),
    RunFilter(pipeline="lint"),
    RunFilter(pipeline="nobody"),
    RunFilter(branch="main"),
    RunFilter(branch="dev"),
    RunFilter(event="push"),
    RunFilter(actor="wren"),
    RunFilter(outcomes=tuple(FAILED)),
    RunFilter(outcomes=tuple(UNFINISHED)),
    RunFilter(statuses=(Status.IN_PROGRESS,)),
    RunFilter(statuses=(Status.COMPLETED,)),
    RunFilter(sha="ab"),
    RunFilter(q="refund"),
    RunFilter(counted="time_to_restore_s"),
    RunFilter(counted="failed"),
    RunFilter(counted="rescued"),
    RunFilter(signature="aa"),
    RunFilter(signature="none"),
    RunFilter(start=NOW - timedelta(days=20), end=NOW - timedelta(days=5)),
)


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        history(Rows(session), seed=5, runs=60)
        yield session


def history(rows: Rows, seed: int, runs: int) -> None:
    """Runs that differ in everything that is asked for; several are of one moment."""
    rng = random.Random(seed)
    pipelines = [rows.pipeline(name, repo) for name, repo in (("ci", "acme/a"), ("lint", "acme/a"), ("ci", "acme/b"))]
    for _ in range(runs):
        outcome = rng.choice(["success", "success", "failure", "timed_out", "cancelled", "running", "queued"])
        rows.run(
            rng.choice(pipelines),
            outcome=outcome,
            created_at=NOW - timedelta(hours=rng.randrange(600)),
            branch=rng.choice(["main", "main", "dev", None]),
            event=rng.choice(["push", "schedule"]),
            actor=rng.choice(["wren", "robin", None]),
            provider=rng.choice(["github", "jenkins"]),
            sha=rng.choice(["ab", "cd", "ef"]),
            title=rng.choice(["Fix the refund", "Tidy", None]),
            restored_s=60.0 if outcome == "success" and rng.random() < 0.3 else None,
            first_outcome=rng.choice(["failure", "success", None]),
            signature=rng.choice(["aa", "bb", None]) if outcome in FAILED else None,
        )


def both(one: RunFilter, other: RunFilter) -> RunFilter | None:
    """What both ask for; None where they ask for the same thing."""
    asked = lists.asked(one), lists.asked(other)
    if set(asked[0]) & set(asked[1]):
        return None
    return RunFilter(**{n: getattr(f, n) for f, names in zip((one, other), asked, strict=True) for n in names})


def followed(session: Session, wanted: RunFilter, limit: int) -> list[int]:
    """The ids of all pages."""
    ids: list[int] = []
    page = run_page(session, wanted, limit)
    while True:
        assert len(page.rows) <= limit
        ids += [row["id"] for row in page.rows]
        if page.following is None:
            return ids
        page = run_page(session, wanted, limit, page.following)


@pytest.mark.parametrize("looked_through", [9, 10_000], ids=["stopping early", "looking through all"])
def test_the_pages_of_every_filter_and_pair_are_the_whole_list(
    session: Session, monkeypatch: pytest.MonkeyPatch, looked_through: int
) -> None:
    monkeypatch.setattr(run_pages, "LOOKED_THROUGH", looked_through)
    pairs = (both(*pair) for pair in random.Random(6).sample(list(combinations(FILTERS, 2)), 10))
    for wanted in (RunFilter(), *FILTERS, *filter(None, pairs)):
        whole = [row["id"] for row in lists.runs(session, wanted, 1000)]
        assert followed(session, wanted, 20) == whole, wanted


def test_more_runs_of_one_moment_than_are_looked_through_are_all_found(
    database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_pages, "LOOKED_THROUGH", 4)
    with engine.writing() as session:
        rows = Rows(session)
        pipeline = rows.pipeline()
        ids = [rows.run(pipeline, title=f"Refund {n}", created_at=NOW).id for n in range(11)]
        last = rows.run(pipeline, title="Refund", created_at=NOW - timedelta(days=1)).id
        assert followed(session, RunFilter(q="refund"), 3) == [*reversed(ids), last]


def test_a_page_says_until_when_it_looked_only_if_it_did_not_look_at_all(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_page(session, RunFilter(q="zebra"), 20).looked_until is None
    monkeypatch.setattr(run_pages, "LOOKED_THROUGH", 10)
    page = run_page(session, RunFilter(q="zebra"), 20)
    assert (list(page.rows), page.following is not None) == ([], True)
    assert page.looked_until == lists.runs(session, RunFilter(), 10)[-1]["created_at"]
    alone = run_page(session, RunFilter(branch="main"), 20)
    assert (len(alone.rows), alone.looked_until) == (20, None)
