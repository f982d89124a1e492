"""The present moment, as a dependency: routes hand it on, and below them time is always an argument."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends


def now() -> datetime:
    return datetime.now(UTC)


Now = Annotated[datetime, Depends(now)]
