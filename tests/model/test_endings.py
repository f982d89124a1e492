"""Ended attempts as sums."""

from hypothesis import given
from hypothesis import strategies as st

from cicd_health.model.endings import EDGES_S, Ended, Spread, result_of
from cicd_health.model.runs import UNFINISHED, Outcome

seconds = st.none() | st.floats(0, 3e6)
measured = st.lists(st.tuples(seconds, seconds), max_size=20)


def of(values: list) -> Ended:
    ended = Ended()
    for duration_s, queue_s in values:
        ended.put(duration_s, queue_s)
    return ended


@given(measured, measured)
def test_two_sums_are_the_sum_of_both_in_any_order(some, others):
    one, other = of(some), of(others)
    one.add(of(others))
    other.add(of(some))
    assert one == other == of(some + others)


@given(measured)
def test_what_is_written_is_read_back(values):
    assert Ended.from_text(of(values).to_text()) == of(values)


@given(st.lists(st.floats(0, 3e6), max_size=50))
def test_each_edge_counts_what_is_no_longer_than_it(values):
    spread = Spread()
    for value in values:
        spread.put(value)
    assert dict(spread.up_to()) == {str(float(edge)): sum(value <= edge for value in values) for edge in EDGES_S} | {
        "+Inf": len(values)
    }


def test_what_was_not_measured_counts_as_an_attempt_only():
    ended = of([(None, None), (60.0, None)])
    assert (ended.attempts, sum(ended.ran.bins), sum(ended.waited.bins), ended.ran.total_s) == (2, 1, 0, 60.0)


def test_results_are_opentelemetrys_words_where_it_has_one():
    known = {"success", "failure", "error", "timeout", "cancellation", "skip"}
    own = {result_of(outcome) for outcome in Outcome if outcome not in UNFINISHED} - known
    assert own == {"neutral", "stale", "action_required", "unknown"}
