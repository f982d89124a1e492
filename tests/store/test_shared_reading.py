"""Many ask, one thread reads, and nobody waits longer than he likes."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cicd_health.store.shared_reading import SharedReading

LONG_S = 30.0


async def test_a_reading_that_hangs_keeps_nobody_and_takes_one_thread():
    go_on, readers = threading.Event(), []

    def hang() -> str:
        readers.append(threading.current_thread())
        go_on.wait(LONG_S)
        return "at last"

    reading = SharedReading(hang, fresh_s=60)
    waiting = asyncio.create_task(reading.newest(LONG_S))
    gave_up = await asyncio.gather(*(reading.newest(0.05) for _ in range(20)), return_exceptions=True)
    assert {type(one) for one in gave_up} == {TimeoutError}
    with pytest.raises(TimeoutError):
        reading.wait(0.05)
    go_on.set()
    assert (await waiting, reading.wait(LONG_S), len(readers)) == ("at last", "at last", 1)


def test_an_error_is_told_to_whoever_asked_and_not_kept():
    answers = iter([ValueError("away"), "back"])

    def read() -> str:
        answer = next(answers)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    reading = SharedReading(read, fresh_s=60)
    with pytest.raises(ValueError, match="away"):
        reading.wait(LONG_S)
    assert (reading.wait(LONG_S), reading.wait(LONG_S)) == ("back", "back")


def test_a_machine_that_has_no_thread_left_for_it_is_asked_again(monkeypatch):
    def none_left(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    reading = SharedReading(lambda: "back", fresh_s=60)
    with monkeypatch.context() as exhausted:
        exhausted.setattr(threading.Thread, "start", none_left)
        with pytest.raises(RuntimeError, match="new thread"):
            reading.wait(LONG_S)
    assert reading.wait(LONG_S) == "back"
