"""Events as JSON, so that what a payload must give can be written in a file beside it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any


def plain(value: Any) -> Any:
    """Dataclasses as objects without their empty fields, times as ISO text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if is_dataclass(value):
        known = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: plain(one) for name, one in known.items() if one is not None and one != () and one is not False}
    return value


def plain_event(event: Any) -> dict[str, Any]:
    return {"is": type(event).__name__, **plain(event)}
