"""Flaky: same pipeline, job and commit, failed then passed; on three commits or more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cicd_health.model.flakes import FlakyJob, FlakyState, Flip, Trial, flakiest, judge, last_flip
from tests.factories import NOW


def trials(word: str) -> list[Trial]:
    """Each letter is one attempt, f or p, a minute apart."""
    return [Trial(1, n, letter == "p", NOW + timedelta(minutes=n)) for n, letter in enumerate(word, 1)]


@pytest.mark.parametrize(
    ("word", "failed", "passed"),
    [("fp", 1, 2), ("ffp", 1, 3), ("fpp", 1, 2), ("fpfp", 3, 4), ("pfpf", 2, 3), ("fpffppf", 3, 5)],
)
def test_the_last_time_that_it_failed_and_then_passed_counts(word: str, failed: int, passed: int) -> None:
    at = {n: NOW + timedelta(minutes=n) for n in (failed, passed)}
    assert last_flip(trials(word)) == last_flip(reversed(trials(word))) == Flip(at[failed], at[passed], 1)


@pytest.mark.parametrize("word", ["", "f", "p", "pf", "ppff"])
def test_passing_and_then_failing_is_no_flip(word: str) -> None:
    assert last_flip(trials(word)) is None


def test_two_jobs_of_one_name_in_one_attempt_are_no_flip() -> None:
    failed, passed = trials("fp")
    assert last_flip([failed, replace(passed, attempt=failed.attempt)]) is None
    assert last_flip([failed, replace(passed, attempt=failed.attempt, run_id=2)]) == Flip(failed.at, passed.at, 2)


@pytest.mark.parametrize(
    ("commits", "verdicts", "failed", "state"),
    [
        (3, 10, 5, FlakyState.CONFIRMED),
        (2, 10, 5, FlakyState.SUSPECTED),
        (1, 10, 1, FlakyState.SUSPECTED),
        (3, 10, 6, FlakyState.BROKEN),
        (1, 10, 6, FlakyState.BROKEN),
    ],
)
def test_how_many_commits_and_how_often_it_fails_decide(
    commits: int, verdicts: int, failed: int, state: FlakyState
) -> None:
    assert judge(commits, verdicts, failed) is state


def test_the_flakiest_confirmed_job_stands_for_its_pipeline() -> None:
    usual = FlakyJob(1, "ci", "x/y", "github", "lint", FlakyState.CONFIRMED, 3, 9, 3, 0, NOW, NOW, (1,))
    wild, broken = replace(usual, job="e2e", commits=4), replace(usual, job="build", commits=7, state=FlakyState.BROKEN)
    (flake,) = flakiest([usual, broken, wild]).values()
    assert (flake.pipeline_id, flake.job, flake.commits, flake.since) == (1, "e2e", 4, NOW)
