"""Where a page of a list ends, as text in an address."""

from datetime import UTC, datetime

import pytest

from cicd_health.ui import cursor

AT = datetime(2026, 3, 12, 10, 42, 5, 123456, tzinfo=UTC)


def test_a_cursor_stands_for_the_place_it_was_made_from():
    assert cursor.decode(cursor.encode(AT, 42)) == (AT, 42)


@pytest.mark.parametrize(
    "text", ["", "x", "1-", "-1", "1-2-3", "1--2", "١-1", "9" * 20 + "-1", "1-" + "9" * 19, "1" * 5000 + "-1"]
)
def test_what_is_not_a_cursor_is_none(text: str):
    assert cursor.decode(text) is None
