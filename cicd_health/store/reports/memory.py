"""What was read and cannot have changed since, so that it need not be read or added up again. One per process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any


class Memory:
    """Values by key, up to a total weight: the ones unused for longest go first. Threads may share it."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.weight = 0
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """The value, or None. Nobody may change it."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def keep(self, key: Hashable, value: Any, weight: int) -> None:
        with self._lock:
            self.weight += weight - self._kept.pop(key, (None, 0))[1]
            self._kept[key] = value, weight
            while self.weight > self.room:
                self.weight -= self._kept.popitem(last=False)[1][1]
