"""Where a page of a list ends, as it stands in an address: microseconds since 1970, and the row's number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST = 20  # digits of a number that is worth reading
LARGEST_ID = 2**63 - 1


def encode(at: datetime, id: int) -> str:
    return f"{(at - EPOCH) // timedelta(microseconds=1)}-{id}"


def decode(cursor: str) -> tuple[datetime, int] | None:
    """The place a cursor stands for; None when it is not one of ours."""
    moment, _, id = cursor.partition("-")
    if not (_is_number(moment) and _is_number(id)) or int(id) > LARGEST_ID:
        return None
    try:
        return EPOCH + timedelta(microseconds=int(moment)), int(id)
    except OverflowError:
        return None


def _is_number(digits: str) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) <= LONGEST
