"""The command partition."""

from __future__ import annotations

from cicd_health import flow
from cicd_health.cli.database import migrate
from cicd_health.cli.ending import AsJson, now, one_sentence, tell


def partition(as_json: AsJson = False) -> None:
    """Have deliveries lie by month on PostgreSQL, so that old ones go at once. Only when no older version serves."""
    with one_sentence():
        migrate()
        done = flow.part_deliveries(now())
    said = "Deliveries lie by month now." if done else "Nothing to do: deliveries lie by month, or this is SQLite."
    tell({"parted": done}, said, as_json)
