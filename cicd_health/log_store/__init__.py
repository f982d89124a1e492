"""Where logs are kept outside the database: a folder, or a bucket of anything that speaks S3. Knows nothing of logs.

An object is written once, under a key that nobody can guess, read in parts, and deleted.
"""

from cicd_health.log_store.opening import place_at
from cicd_health.log_store.place import LogStoreError, ObjectBroken, ObjectGone, Place, new_key
from cicd_health.log_store.probing import probe

__all__ = ["LogStoreError", "ObjectBroken", "ObjectGone", "Place", "new_key", "place_at", "probe"]
