"""How long a bad day is: as it is in earnest with CHAOS in the environment, else just long enough to see it."""

from __future__ import annotations

import os

LONG = "CHAOS" in os.environ


def of(short: float, long: float) -> float:
    """One of the two; `CHAOS_<name>` settings of single tests stand beside these."""
    return long if LONG else short


def asked(name: str, otherwise: float) -> float:
    """What the environment asks for by this name, a number."""
    return float(os.environ.get(name, otherwise))
