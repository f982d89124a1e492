"""Text from outside, for a feed or a picture: XML has no word for some characters, and some only turn text around."""

from __future__ import annotations

import re

from cicd_health.model.unseen import UNSEEN

# Everything but what XML 1.0 allows, less the control characters that it allows and nobody means.
UNFIT = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
INSTEAD = "\ufffd"


def clean(text: str, longest: int = 300) -> str:
    """One line; characters that may not be there are seen as such, and so is a cut."""
    line = UNFIT.sub(INSTEAD, " ".join(UNSEEN.sub("", text[: 4 * longest]).split()))
    return line if len(line) <= longest else line[: longest - 1] + "…"
