"""Tallies merge in any order, give back what was put in, and bins are narrow enough."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.model.runs import Outcome
from cicd_health.model.tally import ZERO, Seconds, Tally, Values, bin_of, middle_of
from tests.factories import contribution

MEASURED = ("duration_s", "queue_s", "restored_s", "spent_s", "rerun_s")
seconds = st.one_of(st.none(), st.floats(0, 3e6))
contributions = st.builds(
    lambda outcome, first, *measured: contribution(
        outcome=outcome, first_outcome=first, **dict(zip(MEASURED, measured, strict=True))
    ),
    st.sampled_from(Outcome),
    st.one_of(st.none(), st.sampled_from(Outcome)),
    *[seconds] * 5,
)
tallies = st.lists(contributions, max_size=12).map(lambda them: Tally.of(*them))


@given(tallies, tallies, tallies)
def test_the_order_of_adding_does_not_matter(a: Tally, b: Tally, c: Tally) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)


@given(tallies, tallies)
def test_taking_away_what_was_added_leaves_what_was_there(a: Tally, b: Tally) -> None:
    assert a + b - b == a
    assert a + ZERO == a
    assert a - a == ZERO


@given(tallies)
def test_what_is_written_as_text_is_read_back(a: Tally) -> None:
    assert Tally.from_text(a.to_text()) == a


@given(st.lists(contributions, max_size=30))
def test_adding_tallies_is_the_same_as_counting_everything_at_once(them: list) -> None:
    assert Tally.sum(Tally.of(one) for one in them) == Tally.of(*them)


@given(st.floats(0.001, 35 * 86400.0))
def test_a_bin_stands_for_its_values_within_half_a_percent(value: float) -> None:
    assert abs(middle_of(bin_of(value)) - value) <= 0.005 * value


def test_under_a_millisecond_is_nothing() -> None:
    assert middle_of(bin_of(0.0)) == 0.0
    assert middle_of(bin_of(0.0009)) == 0.0


def test_every_rank_of_a_histogram_is_within_half_a_percent_of_the_true_value() -> None:
    rng = random.Random(7)
    values = [rng.lognormvariate(5, 2) for _ in range(3000)]
    binned, exact = Seconds(), Values()
    for value in values:
        binned.put(value)
        exact.put(value)
    for rank in range(1, 3001, 7):
        assert binned.at_rank(rank) == pytest.approx(exact.at_rank(rank), rel=0.005)
    assert binned.sum == pytest.approx(exact.sum)


def test_a_histogram_knows_no_rank_beyond_its_last() -> None:
    histogram = Seconds()
    histogram.put(1.0)
    with pytest.raises(IndexError):
        histogram.at_rank(2)


def test_only_verdicts_have_durations() -> None:
    tally = Tally.of(
        contribution(outcome="success", duration_s=10),
        contribution(outcome="failure", duration_s=20),
        contribution(outcome="cancelled", duration_s=40),
        contribution(outcome="running", duration_s=None),
    )
    assert tally.total == 4
    assert (tally.passed.n, tally.passed.sum) == (1, 10)
    assert (tally.failed.n, tally.failed.sum) == (1, 20)
    assert (tally.verdicts.n, tally.verdicts.sum) == (2, 30)


def test_a_verdict_that_could_not_be_measured_is_counted_so_and_a_cancelled_one_is_not() -> None:
    tally = Tally.of(
        contribution(outcome="success", duration_s=None, queue_s=None),
        contribution(outcome="cancelled", duration_s=None, queue_s=None),
        contribution(outcome="skipped", duration_s=None, queue_s=None),
    )
    assert (tally.passed.n, tally.passed.unmeasured) == (0, 1)
    assert (tally.queue.n, tally.queue.unmeasured) == (0, 1)


def test_a_queue_counts_whatever_the_outcome() -> None:
    tally = Tally.of(contribution(outcome="cancelled", queue_s=7.0), contribution(outcome="running", queue_s=9.0))
    assert (tally.queue.n, tally.queue.sum) == (2, 16.0)


def test_a_run_is_rescued_when_its_first_attempt_failed_and_its_last_passed() -> None:
    tally = Tally.of(
        contribution(outcome="success", first_outcome=Outcome.FAILURE),
        contribution(outcome="success", first_outcome=Outcome.SUCCESS),
        contribution(outcome="success", first_outcome=Outcome.CANCELLED),
        contribution(outcome="failure", first_outcome=Outcome.FAILURE),
    )
    assert tally.rescued == 1


def test_exact_tallies_keep_every_value_and_take_none_away() -> None:
    a = Tally.counting([("success", "success", 3.3, 1.0, 60.0, 3.3, None)], exact=True)
    b = Tally.counting([("success", "success", 1.1, None, None, None, None)], exact=True)
    assert (a + b).passed == Values([3.3, 1.1])
    with pytest.raises(ValueError, match="only be added"):
        a - b


def test_machine_time_and_times_to_restore_add_up() -> None:
    tally = Tally.of(
        contribution(spent_s=90.5, rerun_s=30.25, restored_s=600.0),
        contribution(outcome="cancelled", spent_s=10.0),
        contribution(outcome="running", duration_s=None),
    )
    assert (tally.spent_us, tally.spent_n) == (100_500_000, 2)
    assert (tally.rerun_us, tally.rerun_n) == (30_250_000, 1)
    assert (tally.restored.n, tally.restored.sum) == (1, 600.0)


def test_texts_of_before_machine_time_was_kept_are_read() -> None:
    old = '[{"success":1},{"success":1},0,[1,5000000,0,{"870":1}],[0,0,0,{}],[0,0,1,{}]]'
    tally = Tally.from_text(old)
    assert (tally.counts, tally.passed.sum, tally.restored.n, tally.spent_us) == ({"success": 1}, 5.0, 0, 0)
