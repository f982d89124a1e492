"""Rows as text and back: nothing about a value may change on the way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.store.backup import text
from cicd_health.store.backup.text import Kind

KINDS = list(Kind)
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: st.text(st.characters(exclude_categories=["Cs"])),
    Kind.INTEGER: st.integers(-(2**63), 2**63 - 1),
    Kind.FLOAT: st.floats(allow_nan=False),
    Kind.BOOLEAN: st.integers(0, 1),
    Kind.MOMENT: st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1)).map(  # noqa: DTZ001
        lambda at: at.isoformat(" ", "microseconds")
    ),
    Kind.BYTES: st.binary(max_size=100),
}
ROW = st.tuples(*(st.none() | VALUES[kind] for kind in KINDS))


@hypothesis.settings(max_examples=40, deadline=None)
@given(st.lists(ROW, max_size=20), st.integers(1, 40))
def test_rows_are_the_same_again_wherever_the_text_was_cut(rows: list[tuple[Any, ...]], size: int):
    lines = text.lines(rows, KINDS) if rows else b""
    blocks = (lines[place : place + size] for place in range(0, len(lines), size))
    again = [tuple(row) for row in text.rows(blocks, KINDS)]
    assert again == rows
    assert repr(again) == repr(rows)  # -0.0 is not 0.0


def test_nothing_is_not_an_empty_text_nor_the_sign_for_nothing():
    rows = [[None], [""], ["\\N"], ["\\."], [" "]]
    assert text.lines(rows, [Kind.TEXT]) == b"\\N\n\n\\\\N\n\\\\.\n \n"
    assert list(text.rows([text.lines(rows, [Kind.TEXT])], [Kind.TEXT])) == rows


def test_moments_as_postgres_writes_them_get_all_the_digits_that_sqlite_sorts_by():
    lines = b"2026-03-12 10:42:00+00\n2026-03-12 10:42:00.5+00\n2026-03-12 10:42:00.000001+00\n"
    assert [row[0] for row in text.rows([lines], [Kind.MOMENT])] == [
        "2026-03-12 10:42:00.000000",
        "2026-03-12 10:42:00.500000",
        "2026-03-12 10:42:00.000001",
    ]
    at = datetime(2026, 3, 12, 10, 42, tzinfo=UTC)
    assert next(text.rows([lines], [Kind.MOMENT]))[0] == f"{at:%Y-%m-%d %H:%M:%S.%f}"


@pytest.mark.parametrize("line", [b"1\n", b"1\t2\t3\n", b"x\t2\n", b"1\t2"])
def test_lines_that_do_not_fit_their_columns_are_refused(line: bytes):
    with pytest.raises(ValueError, match=r"zip\(\)|invalid literal|cut short"):
        list(text.rows([line], [Kind.INTEGER, Kind.INTEGER]))
