"""What an alert rule is: what people may turn, and a pure function from Facts to a Verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from cicd_health.model.alerts import Facts, RunFact

__all__ = ["CLEAR", "HOLD", "Facts", "Rule", "RunFact", "Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of its Facts: `firing` opens or keeps an incident, `cleared` ends one, neither leaves it be.

    `failures` counts what is wrong, `first` is where it began and `last` where it was seen last; `last` of a
    cleared verdict is the run that ended it.
    """

    firing: bool = False
    cleared: bool = False
    reason: str = ""
    failures: int = 0
    first: RunFact | None = None
    last: RunFact | None = None


CLEAR = Verdict(cleared=True)
HOLD = Verdict()


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of alert. `Params` is also its form; `check(facts, params)` touches neither clock nor database."""

    slug: str
    label: str
    Params: type[BaseModel]
    check: Callable[[Facts, Any], Verdict]
