"""All that is found in a log, once, when it is kept."""

from __future__ import annotations

from collections.abc import Sequence

from cicd_health.logs import excerpt, sightings
from cicd_health.logs.signature import signature
from cicd_health.logs.steps import folds
from cicd_health.model.logs import Findings, Line


def look(lines: Sequence[Line], *, failed: bool) -> Findings:
    """Marks and folds; of a failed job also the lines that say why, and their fingerprint."""
    seen = sightings.look(lines)
    why = excerpt.find(lines, seen) if failed else None
    return Findings(
        marks=excerpt.marks(lines, seen), folds=folds(lines), excerpt=why, signature=signature(why) if why else None
    )
