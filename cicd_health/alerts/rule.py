"""What an alert rule is: what people may turn, and a pure function from Facts to a Verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from cicd_health.model.alerts import Facts, Reach, RunFact

__all__ = ["CLEAR", "HOLD", "Clock", "Facts", "Reach", "Rule", "RunFact", "Verdict"]

# Whose pipelines the clock asks a rule about: those with unfinished runs, or those that a schedule ever began.
# Every pipeline with an open incident of the rule is asked by the clock too, if the rule has one.
Clock = Literal["unfinished", "scheduled"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of its Facts: `firing` opens or keeps an incident, `cleared` ends one, neither leaves it be.

    `headline` ends the sentence that begins with the pipeline's name ("failed 3 times in a row"); `reason` is the why
    behind it, a sentence without a full stop. `failures` counts what is wrong, `first` is where it began and `last`
    where it was seen last; `last` of a cleared verdict is the run that ended it. Where no run is to blame (nothing
    ran), `since` says when it began.
    """

    firing: bool = False
    cleared: bool = False
    headline: str = ""
    reason: str = ""
    failures: int = 0
    first: RunFact | None = None
    last: RunFact | None = None
    since: datetime | None = None


CLEAR = Verdict(cleared=True)
HOLD = Verdict()


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of alert. `Params` is also its form; `check(facts, params)` touches neither clock nor database.

    It is asked whenever a run in its scope ends with a verdict, and, with `clock`, every quarter of a minute about
    pipelines whose state time alone may change. `mark` is the word and glyph of the page, `about` one sentence for
    people who choose among rules, `words(params)` says in a few words what is looked for ("2 failures in a row").
    `opens_on_failure`: a run that passed never makes it fire, so that it need not be asked then unless it has an open
    incident.
    """

    slug: str
    label: str
    Params: type[BaseModel]
    check: Callable[[Facts, Any], Verdict]
    reach: Callable[[Any], Reach]
    words: Callable[[Any], str]
    about: str
    mark: str = "failure"
    clock: Clock | None = None
    opens_on_failure: bool = False
