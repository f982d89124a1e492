"""A place that is away is not asked by everybody at once: each would hold a thread of the page until it gives up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from cicd_health.log_store.place import LogStoreError, ObjectBroken, ObjectGone, Place

REST_S = 10.0


class Patient:
    """Implements Place. After a failed read nobody reads for 10 s, then one tries; the others are told what it was.

    Writing and deleting go through as they are: jobs do that, one at a time.
    """

    def __init__(self, place: Place, clock: Callable[[], float] = time.monotonic) -> None:
        self._place, self._clock = place, clock
        self._lock = threading.Lock()
        self._trouble: str | None = None
        self._try_at = 0.0

    def read(self, key: str, start: int, length: int) -> bytes:
        self._wait_in_turn()
        try:
            body = self._place.read(key, start, length)
        except (ObjectGone, ObjectBroken):  # the place answers
            self._note(None)
            raise
        except LogStoreError as error:
            self._note(str(error))
            raise
        self._note(None)
        return body

    def put(self, key: str, body: bytes) -> None:
        self._place.put(key, body)

    def size(self, key: str) -> int:
        return self._place.size(key)

    def delete(self, key: str) -> None:
        self._place.delete(key)

    def link(self, key: str, file_name: str) -> str | None:
        return self._place.link(key, file_name)

    def _wait_in_turn(self) -> None:
        with self._lock:
            if self._trouble is None:
                return
            if self._clock() < self._try_at:
                raise LogStoreError(self._trouble)
            self._try_at = self._clock() + REST_S  # this one tries, the others go on waiting

    def _note(self, trouble: str | None) -> None:
        with self._lock:
            self._trouble, self._try_at = trouble, self._clock() + REST_S
