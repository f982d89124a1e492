"""Whether a place does everything that is asked of it."""

from __future__ import annotations

from cicd_health.log_store.place import LogStoreError, Place

KEY = f"00/{'0' * 32}.gz"  # always the same: what could not be deleted is written over the next time
SAID = b"Written to see whether logs can be kept here. It may be deleted."


def probe(place: Place) -> None:
    """Write, read and delete a small object. Raises LogStoreError."""
    place.put(KEY, SAID)
    if place.size(KEY) != len(SAID) or place.read(KEY, 8, 7) != SAID[8:15]:
        raise LogStoreError("The log store gave something else than what was put there.")
    place.delete(KEY)
