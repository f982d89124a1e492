from __future__ import annotations

from datetime import timedelta

from cicd_health.metrics.changes import blame
from cicd_health.metrics.changes.pipeline import changes_of, out_of_sight, series_of, sides
from cicd_health.metrics.changes.wording import change_in_words
from cicd_health.model.changes import Blame, ChangePoint
from cicd_health.model.series import PartSeen, PartsSeen, VerdictSeen
from tests.factories import NOW

NO_PARTS = PartsSeen(frozenset(), ())


def run(n: int, seconds: float | None = 240.0, *, failed: bool = False) -> VerdictSeen:
    return VerdictSeen(n, NOW + timedelta(hours=n), failed, seconds)


def parts(*seen: PartSeen) -> PartsSeen:
    return PartsSeen(frozenset(part.run_id for part in seen), seen)


def stepped(n: int) -> float:
    """4 minutes and a bit, from run 60 on 6 minutes."""
    return (240.0 if n < 60 else 360.0) + n * 7 % 5


def change(**values: object) -> ChangePoint:
    usual = {"pipeline_id": 1, "of": "duration", "job": None, "step": None, "run_id": 60, "at": NOW, "before": 240.0}
    usual |= {"after": 360.0, "n_before": 60, "n_after": 40, "confidence": 0.99, "blame": None}
    return ChangePoint(**usual | values)


def test_failures_and_unmeasured_runs_have_no_duration():
    series = series_of([run(1), run(2, failed=True), run(3, None)], NO_PARTS, NO_PARTS, cut=False)
    assert series["duration", None, None].values == [240.0]
    assert series["failure_rate", None, None].values == [0.0, 1.0, 0.0]


def test_of_jobs_with_one_name_the_longest_counts_and_any_that_failed():
    seen = parts(
        PartSeen(1, "test", None, False, 10.0), PartSeen(1, "test", None, False, 30.0),
        PartSeen(2, "test", None, False, 10.0), PartSeen(2, "test", None, True, 30.0),
    )  # fmt: skip
    series = series_of([run(1), run(2)], seen, NO_PARTS, cut=False)
    assert series["duration", "test", None].values == [30.0]
    assert series["failure_rate", "test", None].values == [0.0, 1.0]


def test_a_change_names_the_first_run_on_the_new_level():
    runs = [run(n, stepped(n)) for n in range(100)]
    steps = parts(*(PartSeen(n, "build", "npm ci", False, stepped(n) / 2) for n in range(100)))
    found = list(changes_of(7, series_of(runs, NO_PARTS, steps, cut=False)))
    assert [(one.pipeline_id, one.of, one.job, one.step, one.run_id, one.at) for one in found] == [
        (7, "duration", None, None, 60, runs[60].at),
        (7, "duration", "build", "npm ci", 60, runs[60].at),
    ]


def test_what_lies_too_far_back_to_be_judged_again_stays_as_it_was_found():
    series = series_of([run(n) for n in range(100)], NO_PARTS, NO_PARTS, cut=True)
    early, late = change(at=run(5).at), change(at=run(50).at)
    gone = change(at=run(5).at, job="deleted")
    assert out_of_sight(series, [early, late, gone]) == [early]


def test_of_a_whole_history_nothing_is_out_of_sight():
    series = series_of([run(n) for n in range(100)], NO_PARTS, NO_PARTS, cut=False)
    assert out_of_sight(series, [change(at=run(5).at)]) == []


def test_the_sides_of_a_change_are_thirty_runs_and_end_at_its_neighbours():
    series = series_of([run(n) for n in range(100)], NO_PARTS, NO_PARTS, cut=False)["duration", None, None]
    before, after = sides(series, change(n_after=10))
    assert (before, after) == (frozenset(range(30, 60)), frozenset(range(60, 70)))


SIDES = frozenset(range(10)), frozenset(range(10, 20))


def jobs(name: str, before_s: float | None, after_s: float | None) -> list[PartSeen]:
    both = [(n, before_s if n < 10 else after_s) for n in range(20)]
    return [PartSeen(n, name, None, False, seconds) for n, seconds in both if seconds is not None]


def test_the_job_that_grew_most_is_blamed():
    seen = jobs("build", 100, 180) + jobs("lint", 20, 50) + jobs("test", 300, 300)
    assert blame.of_job(SIDES, 80, seen) == Blame("build", None, 100, 180)


def test_when_runs_got_shorter_the_job_that_shrank_most_is_named():
    seen = jobs("build", 180, 100) + jobs("lint", 20, 50)
    assert blame.of_job(SIDES, -80, seen) == Blame("build", None, 180, 100)


def test_a_new_job_grew_from_nothing_and_a_vanished_one_shrank_to_nothing():
    assert blame.of_job(SIDES, 60, jobs("scan", None, 60)) == Blame("scan", None, 0.0, 60)
    assert blame.of_job(SIDES, -60, jobs("scan", 60, None)) == Blame("scan", None, 60, 0.0)


def test_nobody_is_blamed_when_no_job_explains_a_quarter():
    assert blame.of_job(SIDES, 80, jobs("build", 100, 110)) is None
    assert blame.of_job(SIDES, 80, []) is None


def test_within_the_job_the_step_is_blamed():
    seen = [PartSeen(n, "build", "npm ci", False, 10 if n < 10 else 90) for n in range(20)]
    seen += [PartSeen(n, "other", "pull", False, 10 if n < 10 else 900) for n in range(20)]
    assert blame.of_step(SIDES, 80, "build", seen) == Blame("build", "npm ci", 10, 90)


def test_a_change_reads_as_a_sentence():
    slower = change(before=242.0, after=370.0, blame=Blame("build", "npm ci", 10, 130))
    assert change_in_words(slower) == "p50 4m 02s → 6m 10s (+53 %), job `build`, step `npm ci`"
    assert change_in_words(change(before=370.0, after=242.0)) == "p50 6m 10s → 4m 02s (-35 %)"
    failing = change(of="failure_rate", job="e2e", before=0.02, after=0.214)
    assert change_in_words(failing) == "failure rate 2.0 % → 21.4 %, job `e2e`"
