"""From an address to the place it names."""

from __future__ import annotations

import functools

from cicd_health.log_store.files import Folder
from cicd_health.log_store.patience import Patient
from cicd_health.log_store.place import LogStoreError, Place
from cicd_health.log_store.s3 import Bucket
from cicd_health.setting_kinds import log_place


@functools.lru_cache(maxsize=16)
def place_at(address: str, key_id: str | None, secret: str | None) -> Place:
    """The place at this address, one per process, so that whoever finds it away tells the others.

    Raises LogStoreError for an address that is none, and for a bucket without its key.
    """
    try:
        place = log_place(address)
    except ValueError as error:
        raise LogStoreError("The address of a log store in the database is none.") from error
    if place.folder:
        return Folder(place.folder)
    if key_id is None or secret is None:
        raise LogStoreError(
            f"Logs are kept in the bucket {place.bucket}: LOG_STORE_KEY_ID and LOG_STORE_SECRET must be set."
        )
    return Patient(Bucket(place, key_id, secret))
