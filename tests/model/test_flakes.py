"""Flaky: same pipeline, job and commit, failed then passed; on three commits or more."""

from __future__ import annotations

from datetime import timedelta

from cicd_health.model.flakes import CommitVerdict, confirmed
from tests.factories import NOW

START = NOW - timedelta(days=10)


def verdicts(*words: str, job: str = "e2e", first: int = 0) -> list[CommitVerdict]:
    """One commit per word, a day apart: each letter is one verdict, f or p, a minute apart."""
    return [
        CommitVerdict(1, job, f"sha{commit}", letter == "p", START + timedelta(days=commit, minutes=minute))
        for commit, word in enumerate(words, first)
        for minute, letter in enumerate(word)
    ]


def test_three_commits_that_failed_then_passed_confirm_it() -> None:
    flake = confirmed(verdicts("fp", "p", "fp", "p", "fp"))[1]
    assert (flake.job, flake.commits, flake.since) == ("e2e", 3, START)


def test_two_commits_are_only_a_suspicion() -> None:
    assert confirmed(verdicts("fp", "p", "fp")) == {}


def test_passing_then_failing_is_not_flaky() -> None:
    assert confirmed(verdicts("pf", "pf", "pf", "p", "p")) == {}


def test_different_commits_that_fail_and_pass_are_not_flaky() -> None:
    assert confirmed(verdicts("f", "p", "f", "p", "f", "p", "p", "p")) == {}


def test_five_clean_commits_clear_it() -> None:
    flaky = verdicts("fp", "fp", "fp")
    assert confirmed(flaky + verdicts("p", "p", "p", "p", first=3)) != {}
    assert confirmed(flaky + verdicts("p", "p", "p", "p", "p", first=3)) == {}


def test_failing_more_often_than_not_is_broken_not_flaky() -> None:
    assert confirmed(verdicts("fp", "fp", "fp")) != {}
    assert confirmed(verdicts("ffp", "fp", "fp")) == {}


def test_the_flakiest_job_stands_for_its_pipeline() -> None:
    mild = verdicts("fp", "fp", "fp", job="lint")
    wild = verdicts("fp", "fp", "fp", "fp", job="e2e")
    assert confirmed(mild + wild)[1].job == "e2e"
