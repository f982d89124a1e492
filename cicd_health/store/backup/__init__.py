"""The whole database in one file that either database can be filled from; only the job engine's tables stay out."""

from cicd_health.store.backup.archive import BackupError, Incoming, Outgoing
from cicd_health.store.backup.filling import Filled, fill, filling, holds, refuse_foreign
from cicd_health.store.backup.manifest import Manifest, Total
from cicd_health.store.backup.reading import Told, describe, reading, save, serving

__all__ = [
    "BackupError",
    "Filled",
    "Incoming",
    "Manifest",
    "Outgoing",
    "Told",
    "Total",
    "describe",
    "fill",
    "filling",
    "holds",
    "reading",
    "refuse_foreign",
    "save",
    "serving",
]
