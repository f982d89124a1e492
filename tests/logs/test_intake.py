"""Bytes to lines: whatever a build writes becomes lines that can be stored and shown, and no log fills the memory."""

from __future__ import annotations

import itertools
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.logs.intake import BLOCK_SIZE, LONGEST_LINE, MOST_LINES, Intake
from cicd_health.logs.packing import PackedLines, text_of
from cicd_health.model.logs import Packed

MB = 1024 * 1024


def take(*chunks: bytes, max_bytes: int = MB, charset: str = "utf-8") -> Packed:
    intake = Intake(max_bytes, charset)
    for chunk in chunks:
        intake.feed(chunk)
    return intake.finish()


def texts(packed: Packed) -> list[str]:
    return [line.text for line in PackedLines(packed.blocks)]


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (b"", []),
        (b"one\n", ["one"]),
        (b"one", ["one"]),
        (b"\n", [""]),
        (b"one\n\ntwo\n", ["one", "", "two"]),
        (b"one\r\ntwo\r\r\n", ["one", "two"]),
        (b"10%\r50%\r100%\r\ndone", ["10%\r50%\r100%", "done"]),
        (b"\xef\xbb\xbf2026-07-29T14:40:54Z begun", ["2026-07-29T14:40:54Z begun"]),
        (b"a\x00b\x07\x08\x7f\tc\x0c", ["ab\x07\tc"]),
        (b"\x1b[31mred\x1b[0m", ["\x1b[31mred\x1b[0m"]),
        (b"caf\xc3\xa9 \xff\xfe!", ["café \ufffd\ufffd!"]),
        (b"<script>alert(1)</script>", ["<script>alert(1)</script>"]),
        ("\u2028 is \x85 no line end\n".encode(), ["\u2028 is \x85 no line end"]),
    ],
)
def test_lines_are_what_a_person_would_call_lines(raw: bytes, lines: list[str]):
    packed = take(raw)
    assert texts(packed) == lines
    assert (packed.lines, packed.size, packed.cut_after) == (len(lines), len(raw), None)


def test_a_charset_is_used_when_it_is_known_and_harmless():
    assert texts(take("Größe".encode("latin-1"), charset="ISO-8859-1")) == ["Größe"]
    for charset in ("no such", "utf-16", "utf-7", "unicode_escape", "base64", "idna", "x\x00y", ""):
        assert texts(take(b"plain +AGE- \\x41", charset=charset)) == ["plain +AGE- \\x41"]


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_it_does_not_matter_how_the_bytes_are_cut_into_chunks(raw: bytes, lengths: list[int]):
    chunks, at = [], 0
    for length in itertools.cycle(lengths):
        chunks.append(raw[at : at + length])
        at += length
        if at >= len(raw):
            break
    assert texts(take(*chunks)) == texts(take(raw))


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60), min_size=1, max_size=200))
def test_what_goes_in_comes_out(lines: list[str]):
    packed = take("".join(f"{line}\n" for line in lines).encode())
    kept = PackedLines(packed.blocks)
    expected = [lines[0].removeprefix("\ufeff"), *lines[1:]]
    assert [line.text for line in kept] == expected
    assert [kept[index].number for index in range(-len(kept), 0)] == list(range(1, len(lines) + 1))


def test_a_line_of_5_mb_is_cut_and_says_so():
    packed = take(b"before\n" + b"x" * 5 * MB + b"\nafter\n", max_bytes=20 * MB)
    before, long, after = texts(packed)
    assert (before, after) == ("before", "after")
    assert long == "x" * LONGEST_LINE + f"… [{5 * MB - LONGEST_LINE:,} more characters cut]"


def test_of_a_long_progress_bar_the_last_part_stays():
    bar = b"".join(b"%06d of 999999 bytes\r" % n for n in range(5000))
    line, done = texts(take(bar + b"\ndone\n"))
    assert (line.rpartition("\r")[2], done) == ("004999 of 999999 bytes", "done")
    assert len(line) <= LONGEST_LINE


def test_of_a_log_that_is_too_long_head_and_tail_stay_with_their_numbers():
    packed = take(*(b"line %07d of the log\n" % n for n in range(1, 100_001)), max_bytes=MB)
    kept = list(PackedLines(packed.blocks))
    assert packed.lines == 100_000
    assert packed.cut_after is not None
    assert len(kept) + packed.cut_lines == 100_000
    assert [line.text for line in kept] == [f"line {line.number:07d} of the log" for line in kept]
    numbers = [line.number for line in kept]
    tail = range(packed.cut_after + packed.cut_lines + 1, 100_001)
    assert numbers == [*range(1, packed.cut_after + 1), *tail]
    size = sum(block.size for block in packed.blocks)
    assert size + packed.cut_size == packed.size
    assert MB - 2 * BLOCK_SIZE < size <= MB
    assert abs(packed.cut_after - len(tail)) < 15_000


def test_a_log_just_short_enough_is_whole():
    raw = b"0123456789abcde\n" * (MB // 16)
    packed = take(raw, max_bytes=MB)
    assert (packed.cut_after, packed.cut_lines) == (None, 0)
    assert "".join(text_of(block.body) for block in packed.blocks).encode() == raw


def test_200_mb_take_little_memory():
    chunk = b"".join(b"2026-07-29T14:40:54.%07dZ \x1b[32mok\x1b[0m tests/test_%d.py\n" % (n, n) for n in range(1200))
    tracemalloc.start()
    intake = Intake(20 * MB)
    while intake.size < 200 * MB:
        intake.feed(chunk)
    packed = intake.finish()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert packed.lines > 3_000_000
    assert sum(block.lines for block in packed.blocks) + packed.cut_lines == packed.lines
    assert peak < 40 * MB


def test_of_millions_of_empty_lines_no_more_stay_than_can_be_scrolled_through():
    packed = take(b"first\n", *[b"\n" * MB] * 3, b"last\n", max_bytes=20 * MB)
    kept = sum(block.lines for block in packed.blocks)
    assert packed.lines == 3 * MB + 2
    assert MOST_LINES * 0.9 < kept <= MOST_LINES
    assert kept + packed.cut_lines == packed.lines
    assert (texts(packed)[0], texts(packed)[-1]) == ("first", "last")
    assert max(block.lines for block in packed.blocks) < 30_000


def test_a_log_can_be_read_on_where_it_stopped():
    raw = b"".join(b"line %d\n" % n for n in range(50)) + b"half a li"
    first = Intake(MB)
    first.feed(raw)
    so_far = first.finish(ended=False)
    assert texts(so_far)[-1] == "half a li"
    then = Intake(MB, first_line=so_far.blocks[-1].first_line, begun=text_of(so_far.blocks[-1].body))
    then.feed(b"ne\nmore\n")
    assert texts(then.finish()) == [*(f"line {n}" for n in range(50)), "half a line", "more"]
    assert then.lines == 52
