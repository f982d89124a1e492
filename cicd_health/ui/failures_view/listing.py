"""Which kinds of failure are listed: those in the asked state, in the asked order, that mention what is looked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cicd_health.model import buckets
from cicd_health.model.failures import Failure, Sighting
from cicd_health.model.health import Query
from cicd_health.ui.routes import AskedFailures

PAGE = 50
LOOKED_THROUGH = 1_000  # kinds of failure, for a text
# By window: how long a bar is, and that in words.
BARS = {
    "24h": (timedelta(hours=1), "hour"),
    "7d": (buckets.DAY, "day"),
    "30d": (buckets.DAY, "day"),
    "90d": (3 * buckets.DAY, "3 days"),
}
KEYS: dict[str, Callable[[Sighting], tuple[float, ...]]] = {
    "": lambda seen: (-seen.first_seen_at.timestamp(),),
    "last": lambda seen: (-seen.last_seen_at.timestamp(),),
    "runs": lambda seen: (-seen.runs, -seen.last_seen_at.timestamp()),
}


@dataclass(frozen=True, slots=True)
class Read:
    """What was read for one query, before it is narrowed further. `unexplained`: failed runs without a signature."""

    now: datetime
    query: Query
    empty: bool  # no run has ever arrived
    seen: tuple[Sighting, ...]
    unexplained: int
    providers: tuple[str, ...]
    repos: tuple[str, ...]
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """What stands on a page. Of `number` kinds that fit the first is the one at `first`.

    `unseen` are the kinds in which a text was not looked for any more; `counts` are runs per bar, by signature.
    """

    failures: Sequence[Failure]
    first: int
    number: int
    unseen: int
    counts: Mapping[str, Sequence[int]]


def chosen(read: Read, asked: AskedFailures) -> list[Sighting]:
    """Those in the asked state, in the asked order; of a whole signature that is looked for, only its own."""
    found = [one for one in read.seen if not asked.state or one.state == asked.state]
    named = [one for one in found if one.signature == asked.q.strip()]
    return named or sorted(found, key=lambda one: (KEYS[asked.sort](one), one.signature))


def first_of(asked: AskedFailures, number: int) -> int:
    """Where the page begins; an address beyond the last page shows the first."""
    after = int(asked.after or 0)
    return after if after < number else 0


def mentions(failure: Failure, q: str) -> bool:
    """Whether a text is in the words, the signature, or the name of a job, pipeline or repository."""
    places = (f"{one.repo}/{one.name}" for one in failure.pipelines)
    said = failure.words, failure.sighting.signature, *failure.jobs, *places
    return any(q.strip().casefold() in one.casefold() for one in said)


def bar_edges(query: Query) -> list[datetime]:
    """Where the bars of a row begin and end."""
    return buckets.edges(query.window, BARS[query.window.slug][0], query.tz)
