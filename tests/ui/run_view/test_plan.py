"""Which rows a log viewer shows, and where each stands."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.model.logs import Fold
from cicd_health.ui.run_view.plan import (
    FOLD_PX,
    LINE_PX,
    MORE,
    Kind,
    Plan,
    Wanted,
    around,
    filled,
    merged,
    plan,
    revealed,
)

FOLDS = (Fold(1, 10, "Set up job"), Fold(11, 50, "Run pytest"))


def said(made: Plan) -> list[tuple[str, int, int]]:
    return [(stretch.kind.value, stretch.first, stretch.last) for stretch in made.stretches]


def test_a_log_without_groups_is_its_lines():
    assert said(plan(100, (), Wanted())) == [("lines", 1, 100)]


def test_an_empty_log_has_no_rows():
    made = plan(0, (), Wanted())
    assert (made.rows, made.height, made.row_at(50)) == (0, 0, 0)
    assert list(made.places(0, 10)) == []


def test_a_closed_group_is_one_heading():
    made = plan(60, FOLDS, Wanted(opened=frozenset({11})))
    assert said(made) == [("fold", 1, 10), ("fold", 11, 11), ("lines", 12, 50), ("lines", 51, 60)]
    assert made.height == 2 * FOLD_PX + 49 * LINE_PX


def test_what_is_not_to_be_seen_is_a_gap():
    made = plan(60, FOLDS, Wanted(around([30]), frozenset({11})))
    assert said(made) == [
        ("fold", 1, 10),
        ("fold", 11, 11),
        ("gap", 12, 26),
        ("lines", 27, 33),
        ("gap", 34, 50),
        ("gap", 51, 60),
    ]


def test_a_gap_of_a_few_lines_is_shown_instead():
    assert said(plan(12, (), Wanted(((5, 12),)))) == [("lines", 1, 12)]
    assert said(plan(13, (), Wanted(((6, 13),)))) == [("gap", 1, 5), ("lines", 6, 13)]


def test_lines_that_were_not_kept_are_said_and_stay_out_of_gaps():
    made = plan(100, (), Wanted(((1, 10), (90, 100))), cut=(40, 60))
    assert said(made) == [("lines", 1, 10), ("gap", 11, 39), ("cut", 40, 60), ("gap", 61, 89), ("lines", 90, 100)]


def test_groups_that_make_no_sense_are_lines():
    made = plan(20, (Fold(5, 5, "one line"), Fold(8, 99, "beyond the end")), Wanted())
    assert said(made) == [("lines", 1, 20)]


def test_showing_more_of_a_gap_brings_the_lines_beside_what_follows():
    wanted = Wanted(((90, 100),))
    made = plan(100, (), wanted)
    assert said(plan(100, (), filled(wanted, (1, 89), made, all_of_it=False)))[0] == ("gap", 1, 89 - MORE)
    assert said(plan(100, (), filled(wanted, (1, 89), made, all_of_it=True))) == [("lines", 1, 100)]


def test_showing_more_of_a_last_gap_brings_the_lines_that_come_next():
    wanted = Wanted(((1, 10),))
    made = plan(100, (), wanted)
    assert said(plan(100, (), filled(wanted, (11, 100), made, all_of_it=False)))[-1] == ("gap", 11 + MORE, 100)


def test_a_hidden_line_comes_into_sight_with_its_group():
    wanted = Wanted(around([30]), frozenset())
    assert plan(60, FOLDS, wanted).top_of(45) is None
    made = plan(60, FOLDS, revealed(wanted, FOLDS, 45))
    assert made.top_of(45) is not None


def test_what_hides_a_line_stands_for_it():
    made = plan(60, FOLDS, Wanted())
    assert made.top_of(30) is None
    assert made.nearest_top(30) == FOLD_PX


def test_of_thirty_thousand_lines_in_open_groups_those_that_are_wanted_are_seen():
    folds = tuple(Fold(first, first + 9, "step") for first in range(1, 30_000, 10))
    wanted = range(5, 30_000, 50)
    made = plan(30_000, folds, Wanted(around(wanted), frozenset(fold.first for fold in folds)))
    seen = {n for kind, first, last in said(made) if kind == "lines" for n in range(first, last + 1)}
    assert seen >= set(wanted)
    assert len(seen) < 10 * len(wanted)


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 30))))
def test_merged_ranges_are_in_order_and_do_not_touch(pairs):
    ranges = merged((first, first + length) for first, length in pairs)
    assert all(before[1] + 1 < after[0] for before, after in itertools.pairwise(ranges))
    assert {n for first, last in ranges for n in range(first, last + 1)} == {
        n for first, length in pairs for n in range(first, first + length + 1)
    }


logs = st.tuples(
    st.integers(1, 200),
    st.lists(st.integers(1, 200), max_size=6, unique=True),
    st.none() | st.lists(st.integers(1, 200), max_size=8),
    st.sets(st.integers(1, 200), max_size=6),
    st.none() | st.tuples(st.integers(1, 200), st.integers(0, 50)),
)


@given(logs)
def test_every_line_is_in_exactly_one_stretch_and_every_row_where_it_stands(log):
    lines, starts, seen, opened, cut = log
    starts = sorted(starts)
    folds = [Fold(a, b - 1, "g") for a, b in zip(starts, [*starts[1:], 201], strict=False)]
    wanted = Wanted(None if seen is None else around(seen), frozenset(opened))
    made = plan(lines, folds, wanted, (cut[0], min(cut[0] + cut[1], lines)) if cut and cut[0] <= lines else None)
    covered = [n for stretch in made.stretches for n in range(stretch.first, stretch.last + 1)]
    assert covered == list(range(1, lines + 1))
    places = list(made.places(0, made.rows))
    assert len(places) == made.rows
    assert all(made.row_at(place.top) == row for row, place in enumerate(places))
    for place in places:
        if place.stretch.kind is Kind.LINES:
            assert made.top_of(place.line) == place.top


@pytest.mark.parametrize("first", [-5, 0, 40, 59, 99])
def test_any_part_of_the_rows_can_be_asked_for(first):
    made = plan(60, FOLDS, Wanted(opened=frozenset({1, 11})))
    everything = list(made.places(0, made.rows))
    assert list(made.places(first, first + 7)) == everything[max(first, 0) : max(first + 8, 0)]
