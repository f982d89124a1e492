"""What came of asking for something to be done, in the words of HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.exceptions import HTTPException

from cicd_health.model.alerts import AlreadyOver

T = TypeVar("T")


def acted(act: Callable[[], T]) -> T:
    """What comes of it. 404 for what is not there, 409 for what is over already, 422 for what cannot be."""
    try:
        return act()
    except AlreadyOver as error:
        raise HTTPException(409, str(error)) from None
    except LookupError as error:
        raise HTTPException(404, str(error.args[0]) if error.args else "There is no such thing.") from None
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
