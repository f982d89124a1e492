"""Lists of runs. Of a filtered list GitHub gives a thousand at most, so windows of time are halved until they fit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from cicd_health.providers.github.api import MOST_PAGES, PAGE_SIZE, Api, Page
from cicd_health.providers.json_reader import identifier, mapping, moment
from cicd_health.providers.remote import RemoteError, Trouble

log = structlog.get_logger(__name__)

MOST_FOUND = 1000
RUNS = "workflow_runs"
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Runs created from `begin` to `end`, both included, in whole seconds."""

    begin: datetime
    end: datetime

    @property
    def created(self) -> str:
        return f"{written(self.begin)}..{written(self.end)}"

    def halves(self) -> list[Window]:
        """The older half, then the newer one; itself when it is a second."""
        if self.end <= self.begin:
            return [self]
        middle = self.begin + timedelta(seconds=int((self.end - self.begin).total_seconds()) // 2)
        return [Window(self.begin, middle), Window(middle + SECOND, self.end)]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk stands: windows still to be read, the last one next, and the page of it to go on with."""

    windows: tuple[Window, ...]
    page: str | None = None

    def text(self) -> str:
        windows = [[written(window.begin), written(window.end)] for window in self.windows]
        return json.dumps({"windows": windows, "page": self.page})

    @classmethod
    def read(cls, cursor: str | None) -> Place | None:
        """None for no cursor, and for one that makes no sense: the walk then begins anew."""
        try:
            said = mapping(json.loads(cursor or "null"))
            pairs = [(moment(begin), moment(end)) for begin, end in said["windows"]]
        except (ValueError, KeyError, TypeError):
            return None
        windows = tuple(Window(begin, end) for begin, end in pairs if begin and end)
        if len(windows) < len(pairs):
            return None
        page = said.get("page")
        return cls(windows, page if isinstance(page, str) else None)


@dataclass(frozen=True, slots=True)
class Portion:
    """One page of runs, each seen for the first time. `total`: how many the whole span has, on its first page.

    `reach`: every run created from then on has been listed, set where a window ends.
    """

    runs: list[Any]
    after: Place
    total: int | None = None
    reach: datetime | None = None


def written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(begin: datetime, end: datetime) -> Window:
    """Whole seconds, and not less than was asked for."""
    return Window(begin.replace(microsecond=0), end.replace(microsecond=0))


def portions(api: Api, place: Place) -> Iterator[Portion]:
    """The runs of these windows, newest window first, a page at a time; one page is all that is held."""
    whole, seen, pages = len(place.windows) == 1 and place.page is None, set[str](), 0
    while place.windows:
        window = place.windows[-1]
        page = _read(api, window, place.page)
        older = place.windows[:-1]
        total, whole = (page.total if whole else None), False
        if place.page is None and page.total >= MOST_FOUND and page.next is not None:
            halves = window.halves()
            if len(halves) == 2:
                place = Place((*older, *halves))
                if total is not None:
                    yield Portion([], place, total)
                continue
            log.warning("more runs in one second than GitHub lists", repository=api.name, at=written(window.begin))
        pages += 1
        place = Place(place.windows, page.next) if page.next and pages < MOST_PAGES else Place(older)
        ended = place.page is None
        yield Portion(_new(page.entries, seen), place, total, window.begin if ended else None)
        if ended:
            seen, pages = set(), 0


def recent(api: Api, since: datetime, known: Mapping[str, str], tags: dict[str, str]) -> Iterator[list[Any]]:
    """Runs created since, newest first, page by page; the entity tag of each page goes into `tags`.

    Pages that are as their `known` tag says are passed over: they cost no quota. The list shifts while it is read, so
    a run may come twice and counts once. A list of more than GitHub gives is walked in windows, without tags.
    """
    seen = set[str]()
    at: str | None = f"{api.repo('/actions/runs')}?per_page={PAGE_SIZE}&created=%3E%3D{written(since)}"
    for _ in range(MOST_PAGES):
        if at is None:
            return
        page = api.page(at, RUNS, etag=known.get(at))
        if page is None:
            tags[at] = known[at]
            at = _following(known, at)
            continue
        if page.total >= MOST_FOUND and page.next is not None:
            tags.clear()
            yield from (portion.runs for portion in portions(api, Place((span(since, api.now + DAY),))))
            return
        if page.etag and page.etag.isascii():  # else it could not be sent back
            tags[at] = page.etag
        at = page.next
        yield _new(page.entries, seen)
    raise RemoteError(Trouble.GARBLED, "GitHub's list of runs does not end.")


def _read(api: Api, window: Window, at: str | None) -> Page:
    params = None if at else {"per_page": PAGE_SIZE, "created": window.created}
    page = api.page(at or api.repo("/actions/runs"), RUNS, params)
    assert page is not None, "only a request with a tag is answered so"
    return page


def _new(entries: list[Any], seen: set[str]) -> list[Any]:
    """Those not seen before; what has no id is passed on, to be refused with a reason."""
    new = []
    for entry in entries:
        id = identifier(mapping(entry).get("id"))
        if id is None or id not in seen:
            new.append(entry)
        if id is not None:
            seen.add(id)
    return new


def read_tags(text: str | None) -> dict[str, str]:
    """The entity tags of a list's pages, in the order of the pages, as they were handed out."""
    try:
        said = mapping(json.loads(text or "{}"))
    except ValueError:
        return {}
    return {str(page): str(tag) for page, tag in said.items()}


def _following(known: Mapping[str, str], at: str) -> str | None:
    """The page that came after this one when the tags were taken."""
    pages = list(known)
    after = pages.index(at) + 1
    return pages[after] if after < len(pages) else None
