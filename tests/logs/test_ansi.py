"""Colours of a log line as names."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.logs.ansi import MOST_SPANS, PLAIN, SGR, Span, Style, spans, style_after
from cicd_health.logs.line import strip


def shown(line: str, style: Style = PLAIN) -> list[tuple[str, str]]:
    return [tuple(span) for span in spans(line, style)[0]]


def test_a_line_without_escapes_is_one_plain_stretch():
    assert spans("all good") == ((Span("all good"),), PLAIN)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("31", "red"),
        ("1;31", "red bold"),
        ("91", "red"),
        ("90", "grey"),
        ("41", "on-red"),
        ("38;5;196", "red"),
        ("38;5;244", "grey"),
        ("38;5;250", "white"),
        ("48;2;0;0;200", "on-blue"),
        ("38:2:250:250:0", "yellow"),
        ("36;1", "cyan bold"),
        ("3;4;9", "italic strike underline"),
        ("7", "reversed on-ink"),
        ("31;7", "on-red"),
        ("31;39", ""),
        ("1;22", ""),
        ("31;0", ""),
        ("", ""),
        ("5;77;999", ""),
        ("38;5", ""),
        ("38;2;1", ""),
        ("38", ""),
    ],
)
def test_a_code_gives_its_names(code, names):
    assert shown(f"\x1b[{code}mx") == [("x", names)]


def test_the_style_goes_on_in_the_next_line_until_it_is_reset():
    first, style = spans("ok \x1b[31mfirst")
    second, style = spans("second\x1b[0m third", style)
    assert [span.text for span in (*first, *second) if span.style == "red"] == ["first", "second"]
    assert style == PLAIN


def test_the_style_at_the_end_of_many_lines_is_known_without_their_text():
    assert style_after(["\x1b[32mgreen", "still", "\x1b[1mbold"]).names == "green bold"
    assert style_after(["\x1b[32mgreen\x1b[0m", "plain"]) == PLAIN


def test_neighbours_of_one_style_are_one_stretch():
    assert shown("\x1b[31ma\x1b[31mb\x1b[0m\x1b[0mc") == [("ab", "red"), ("c", "")]


def test_links_titles_and_cursor_moves_leave_only_their_text():
    line = "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07 \x1b]0;title\x07\x1b[2K\x1b[10Ahere\x07"
    assert shown(line) == [("click here", "")]


def test_markup_is_text():
    assert shown("<b onclick=x>\x1b[31m</b>") == [("<b onclick=x>", ""), ("</b>", "red")]


def test_a_bomb_of_colours_is_cut_to_a_bearable_number_of_stretches_and_keeps_its_text():
    line = "".join(f"\x1b[{31 + n % 6}m{n % 10}" for n in range(5_000))
    made = spans(line)[0]
    assert len(made) <= MOST_SPANS
    assert "".join(span.text for span in made) == strip(line)


def test_a_screen_full_of_bombs_is_read_at_once():
    bombs = ["\x1b[" + "1;" * 8_000 + "mx", "\x1b[31me\x1b[42mr" * 1_300, "\x1b[" * 8_000]
    began = time.process_time()
    for bomb in bombs * 100:
        style_after([bomb], spans(bomb)[1])
    assert time.process_time() - began < 3


@given(st.text(alphabet="\x1b[]m;:0123456789ab \x07\x00<é", max_size=200))
def test_the_text_is_that_of_the_line_without_escapes(line):
    between_colours = SGR.split(line)[::2]
    assert "".join(span.text for span in spans(line)[0]) == "".join(strip(part) for part in between_colours)
