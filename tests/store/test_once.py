"""Attributes that are worked out once, by several threads side by side."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from cicd_health.store.reports.once import once
from tests.test_architecture import FILES, imports, place


class Answer:
    def __init__(self, both: threading.Barrier | None = None) -> None:
        self.both, self.asked = both, 0

    @once
    def number(self) -> int:
        self.asked += 1
        if self.both is not None:
            self.both.wait(timeout=10)
        return 42


def test_it_is_worked_out_when_it_is_first_asked_for_and_never_again():
    answer = Answer()
    assert answer.asked == 0
    assert (answer.number, answer.number, answer.asked) == (42, 42, 1)


def test_nobody_waits_until_another_object_has_worked_out_its_own():
    both = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda answer: answer.number, (Answer(both), Answer(both)))) == [42, 42]


def test_nothing_is_a_cached_property_that_locks_a_whole_class():
    users = [place(file) for file in FILES for module, name in imports(file) if name == "cached_property"]
    assert users == []
