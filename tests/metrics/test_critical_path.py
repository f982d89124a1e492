"""The chain of jobs that a run waited for."""

from __future__ import annotations

import pytest

from cicd_health.metrics.critical_path import Ran, critical_path, critical_time


def ran(**times: tuple[float, float]) -> list[Ran]:
    return [Ran(number, name, *span) for number, (name, span) in enumerate(times.items())]


def path(**times: tuple[float, float]) -> list[tuple[str, float]]:
    return [(job.name, seconds) for job, seconds in critical_path(ran(**times))]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({}, []),
        ({"build": (0, 60)}, [("build", 60)]),
        # one after another, with a wait between them that is nobody's
        ({"build": (0, 60), "test": (70, 100)}, [("build", 60), ("test", 30)]),
        # side by side: only the one that the next job waited for
        ({"lint": (0, 20), "build": (0, 60), "deploy": (62, 90)}, [("build", 60), ("deploy", 28)]),
        # side by side to the end: only the one that ended last
        ({"build": (0, 10), "unit": (11, 50), "e2e": (11, 80)}, [("build", 10), ("e2e", 69)]),
        # what runs on beside the path does not interrupt it
        ({"build": (0, 30), "scan": (0, 75), "test": (31, 80)}, [("build", 30), ("test", 49)]),
        # a clock that is a second off: counted once, up to where the next begins
        ({"build": (0, 31), "test": (30, 60)}, [("build", 30), ("test", 30)]),
        # overlapping by more than clocks are off: not one after another
        ({"build": (0, 36), "test": (30, 60)}, [("test", 30)]),
        # a job of no length that something waited for
        ({"gate": (5, 5), "test": (7, 9)}, [("gate", 0), ("test", 2)]),
        # clocks that went back: such a job cannot be placed
        ({"build": (0, 10), "odd": (20, 15), "test": (12, 30)}, [("build", 10), ("test", 18)]),
        # two that ended together: the one that took longer
        ({"short": (4, 10), "long": (0, 10), "test": (10, 12)}, [("long", 10), ("test", 2)]),
    ],
)
def test_the_path_goes_back_from_the_job_that_ended_last(times: dict, expected: list) -> None:
    assert path(**times) == expected


def test_shares_are_of_all_runs_together_and_a_run_in_which_nothing_ran_is_not_one() -> None:
    found = critical_time([ran(build=(0, 60), test=(70, 100)), ran(build=(0, 20), lint=(0, 5)), []])
    assert (found.runs, found.total_s) == (2, 120)
    assert found.by_name == {"build": 80, "test": 30}
    assert found.share(found.by_name["build"]) == pytest.approx(80 / 120)
    assert critical_time([]).share(0.0) is None
    assert critical_time([ran(build=(3, 3))]).share(0.0) is None


def test_the_path_of_a_run_never_takes_longer_than_the_run() -> None:
    jobs = [Ran(n, f"j{n}", n * 7 % 50, n * 7 % 50 + n * 13 % 40) for n in range(200)]
    chain = critical_path(jobs)
    assert sum(seconds for _, seconds in chain) <= max(job.end for job in jobs) - min(job.start for job in jobs)
    assert [job.start for job, _ in chain] == sorted(job.start for job, _ in chain)
