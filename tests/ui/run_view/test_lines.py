"""The rows of a log viewer."""

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from cicd_health.model.logs import Fold
from cicd_health.ui.run_view import lines
from cicd_health.ui.run_view.lines import LONGEST, LogRow, Look, Span, Toned
from cicd_health.ui.run_view.plan import Wanted, plan

BERLIN = ZoneInfo("Europe/Berlin")
USUAL = Look(BERLIN)
UNMARKED = Toned()
STAMP = "2026-07-29T14:40:54.4928479Z "


def rows(*texts: str, look: Look = USUAL, toned: Toned = UNMARKED, first: int = 1) -> list[LogRow]:
    made = plan(len(texts), (), Wanted())
    kept = {number: text for number, text in enumerate(texts, start=1)}
    return list(lines.rows(list(made.places(first - 1, made.rows)), kept, toned, look).values())


def test_a_line_is_shown_without_its_time_unless_times_are_wanted():
    [quiet] = rows(f"{STAMP}collected 412 items")
    [timed] = rows(f"{STAMP}collected 412 items", look=Look(BERLIN, times=True))
    assert (quiet.text, quiet.time) == ("collected 412 items", "")
    assert (timed.text, timed.time) == ("collected 412 items", "16:40:54")


def test_a_clock_time_stays_as_it_was_written():
    [row] = rows("19:15:58 Started by timer", look=Look(BERLIN, times=True))
    assert row.time == "19:15:58"


def test_of_a_progress_bar_the_last_state_is_shown():
    [row] = rows("10 %\r50 %\r100 % done")
    assert row.text == "100 % done"


def test_colours_are_stretches_and_carry_on_from_lines_before_the_window():
    [row] = rows("\x1b[31mfirst", "second", first=2)
    assert row.spans == [Span("second", "red")]


def test_a_very_long_line_is_cut_with_a_word_about_it():
    [row] = rows("x" * 5_000)
    assert (len(row.text), row.more) == (LONGEST, "… 4,000 more characters")


def test_what_is_found_is_marked_in_any_case_and_over_colours():
    look = Look(BERLIN, q="assert", hits=(1, 2), current=2)
    first, second, third = rows("Ass\x1b[31mertion: assert\x1b[0m", "assert", "assert", look=look)
    assert first.spans == [Span("Ass", "hit"), Span("ert", "red hit"), Span("ion: ", "red"), Span("assert", "red hit")]
    assert second.spans == [Span("assert", "hit now")]
    assert (third.text, third.spans) == ("assert", [])


def test_markup_stays_text():
    [row] = rows("<script>alert(1)</script>")
    assert row.text == "<script>alert(1)</script>"


def test_the_cause_stands_before_other_errors_and_warnings():
    toned = Toned(cause=2, errors=frozenset({1, 2}), warnings=frozenset({3}))
    assert [row.tone for row in rows("a", "b", "c", "d", toned=toned)] == ["fail", "cause", "warn", ""]


def test_n_and_p_stop_at_the_cause_and_at_the_first_of_each_group():
    toned = Toned(cause=12, errors=frozenset({3, 4, 5, 11, 12, 13, 40}))
    assert toned.stops() == [3, 11, 12, 40]


def test_a_heading_says_how_many_lines_it_has_and_how_long_it_took():
    made = plan(43, (Fold(1, 43, "Set up job", 3.0),), Wanted())
    [row] = lines.rows(list(made.places(0, 9)), {}, Toned(), USUAL).values()
    assert (row.kind, row.text, row.more, row.end, row.open) == ("fold", "Set up job", "42 lines", "3s", False)


def test_a_gap_says_what_it_hides():
    made = plan(500, (), Wanted(((470, 500),)))
    gap = next(iter(lines.rows(list(made.places(0, 0)), {}, Toned(), USUAL).values()))
    assert (gap.text, gap.first, gap.last) == ("469 lines hidden", 1, 469)
    like = next(iter(lines.rows(list(made.places(0, 0)), {}, Toned(), Look(BERLIN, like="as in #4310")).values()))
    assert like.text == "469 lines as in #4310"


def test_lines_that_were_not_kept_are_said():
    made = plan(500, (), Wanted(), cut=(101, 300))
    [cut] = lines.rows(list(made.places(100, 100)), {}, Toned(), USUAL).values()
    assert cut.text.startswith("200 lines not kept")


def test_keys_are_in_order_and_no_number_that_a_browser_would_sort():
    made = plan(30, (Fold(1, 9, "a"),), Wanted(((15, 20),)))
    keys = list(lines.rows(list(made.places(0, 99)), {}, Toned(), USUAL))
    assert keys == ["f1", "g10", "l15", "l16", "l17", "l18", "l19", "l20", "g21"]


def test_marks_close_together_are_one_bar_of_the_map():
    paths = lines.map_paths({"fail": range(1000), "warn": []}, 1_000_000)
    assert paths == {"fail": "M2 0h8v4h-8zM2 1h8v4h-8z", "warn": ""}


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=4))
def test_marking_what_is_found_changes_no_text(text, q):
    spans = [Span(text[:7], "red"), Span(text[7:], "")]
    marked = list(lines._with_hits(spans, q, "hit"))
    assert "".join(span.text for span in marked) == text
