"""The command reseal."""

from __future__ import annotations

from cicd_health import flow
from cicd_health.cli.database import migrate
from cicd_health.cli.ending import AsJson, now, one_sentence, tell


def reseal(as_json: AsJson = False) -> None:
    """Encrypt every stored secret anew with the first key of SECRET_KEY, so that the older ones can be taken out."""
    with one_sentence():
        migrate()
        sealed = flow.reseal(now())
    tell({"resealed": sealed}, f"{sealed:,} secrets are encrypted with the first key.", as_json)
