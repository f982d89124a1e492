from __future__ import annotations

from bench import changes


def test_the_same_seed_gives_the_same_figures():
    assert list(changes.found_rises("a", 2)) == list(changes.found_rises("a", 2))


def test_every_table_is_whole():
    for table in (changes.false_alarms, changes.found_steps, changes.found_shapes):
        head, *rows = table("a", 1)
        assert rows
        assert {len(row) for row in rows} == {len(head)}
