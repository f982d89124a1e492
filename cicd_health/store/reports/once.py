"""An attribute that is worked out when it is first asked for.

`functools.cached_property` of Python 3.11 has one lock for all objects of a class: whoever works one out, perhaps
waiting for a database connection, keeps all others waiting, who may hold all the connections there are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class once(Generic[T]):
    """Without a lock: an object that two threads ask at the same time works it out twice."""

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        self._work_out = work_out
        self.__doc__ = work_out.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> once[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> once[T] | T:
        """What is found in the object's own attributes from then on, without asking here."""
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._work_out(instance)
        return value
