"""Characters of texts from outside that nobody sees, but that turn around what stands beside them, or part it."""

from __future__ import annotations

import re

# Marks and overrides of direction, what has no width, ends of lines that no keyboard makes, and the byte order mark.
LETTERS = "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
UNSEEN = re.compile(f"[{LETTERS}]")
