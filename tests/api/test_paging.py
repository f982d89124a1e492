"""Pages: cursors are ours or 400, and what happens between two pages neither repeats nor hides a row."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from cicd_health.api import cursors
from cicd_health.api.paging import Ranked
from tests.api.conftest import KEY, RECENTLY, receive
from tests.bodies import REPOSITORY, github_run

START = datetime(1990, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 200 * 365 * 86_400 * 10**6).map(lambda after: START + timedelta(microseconds=after))
IDS = st.integers(0, 2**63 - 1)
RANKS = st.tuples(st.floats(-1e12, 1e12), st.integers(-1000, 1000))


@given(MOMENTS, IDS, st.text(max_size=50).filter(lambda text: "\0" not in text and text.isprintable()))
def test_a_cursor_stands_for_its_place(moment: datetime, id: int, name: str) -> None:
    assert cursors.to_place(cursors.of_place((moment, id))) == (moment, id)
    assert cursors.to_name(cursors.of_name((name, id))) == (name, id)


@given(MOMENTS, RANKS)
def test_a_cursor_of_a_rank_belongs_to_its_order(moment: datetime, rank: tuple[float, ...]) -> None:
    cursor = cursors.of_rank("failures -runs", moment, rank, "abc")
    assert cursors.to_rank(cursor, "failures -runs", 2) == (moment, rank, "abc")
    for order, length in (("flaky state", 2), ("failures -runs", 1)):
        with pytest.raises(HTTPException) as refused:
            cursors.to_rank(cursor, order, length)
        assert refused.value.status_code == 400


ODD = st.one_of(
    st.text(max_size=80),
    st.binary(max_size=60).map(lambda raw: raw.hex()),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4),
        max_leaves=6,
    ).map(lambda value: cursors.write(*value) if isinstance(value, list) else cursors.write(value)),
)


def status_of(read: Any, text: str) -> int | None:
    """That of the refusal; None for a cursor that is taken."""
    try:
        read(text)
    except HTTPException as error:
        return error.status_code
    return None


@given(ODD)
def test_whatever_is_not_a_cursor_is_400(text: str) -> None:
    for read in (cursors.to_place, cursors.to_name, lambda cursor: cursors.to_rank(cursor, "flaky state", 3)):
        assert status_of(read, text) in (None, 400)


@pytest.mark.parametrize("number", [10**400, -(10**400), 1e308 * 10, True, "1", None])
def test_a_rank_that_is_no_number_of_ours_is_400(number: Any) -> None:
    raw = json.dumps(["flaky state", 1_772_452_800_000_000, [number], "x"], separators=(",", ":"))
    cursor = base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")
    assert status_of(lambda text: cursors.to_rank(text, "flaky state", 1), cursor) == 400


def test_a_cursor_that_is_too_long_is_400() -> None:
    with pytest.raises(HTTPException):
        cursors.to_place("A" * 100_000)


@given(
    st.dictionaries(st.text(max_size=3), st.integers(0, 5), max_size=20),
    st.lists(st.tuples(st.text(max_size=3), st.integers(0, 5)), max_size=20),
    st.integers(1, 4),
)
def test_a_ranked_list_that_grows_meanwhile_repeats_and_loses_nothing(
    ranks: dict[str, int], arriving: list[tuple[str, int]], limit: int
) -> None:
    there, known, now = set(ranks), dict(ranks), datetime(2026, 3, 2, tzinfo=UTC)
    seen: list[str] = []
    cursor = None
    while True:
        page = Ranked(limit, cursor)
        found, cursor = page.cut(list(known), "order", page.as_of(now, "order", 1), lambda one: ((known[one],), one))
        seen += found
        if cursor is None:
            break
        if arriving:
            name, rank = arriving.pop()
            known.setdefault(name, rank)
    assert len(seen) == len(set(seen))
    assert there <= set(seen)


class Growing:
    """A list of runs of one repository, walked in pages while more arrive and others change."""

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self.repository = REPOSITORY | {"full_name": name, "id": abs(hash(name)) % 10**9}
        self.started: list[int] = []

    def arrive(self, number: int, minute: int) -> None:
        self.receive(number, minute, status="in_progress")
        self.started.append(number)

    def receive(self, number: int, minute: int, **more: Any) -> None:
        body = github_run(number, created=RECENTLY + timedelta(minutes=minute), **more)
        receive(body | {"repository": self.repository})

    def walk(self, limit: int, meanwhile: list[tuple[int, int]]) -> list[int]:
        """The numbers on all pages; between two of them, one run arrives and another one ends."""
        seen: list[int] = []
        asked: dict[str, Any] = {"repo": self.repository["full_name"], "limit": limit}
        while True:
            page = self.client.get("/api/v1/runs", params=asked, headers=KEY).json()
            seen += [run["number"] for run in page["items"]]
            if page["next"] is None:
                return seen
            asked["cursor"] = page["next"]
            if meanwhile:
                number, minute = meanwhile.pop()
                self.arrive(number, minute)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    there=st.lists(st.integers(0, 3), max_size=8),
    arriving=st.lists(st.integers(-2, 5), min_size=1, max_size=5),
    limit=st.integers(1, 3),
    name=st.uuids(),
)
def test_a_list_that_grows_and_changes_meanwhile_repeats_and_loses_nothing(
    client: Any, there: list[int], arriving: list[int], limit: int, name: Any
) -> None:
    growing = Growing(client, f"kestrel/{name}")
    for number, minute in enumerate(there, 1):
        growing.arrive(number, minute)
    seen = growing.walk(limit, [(100 + n, minute) for n, minute in enumerate(arriving)])
    assert len(seen) == len(set(seen))
    assert set(range(1, len(there) + 1)) <= set(seen)


@pytest.mark.parametrize("path", ["repos", "pipelines"])
def test_lists_are_also_in_the_order_of_names(client: Any, get: Any, configured: None, path: str) -> None:
    names = ["b/x", "a/z", "B/x", "é/x", "a/b"]
    for number, name in enumerate(names, 1):
        repository = REPOSITORY | {"full_name": name, "id": number}
        receive(github_run(number, created=RECENTLY, workflow=name) | {"repository": repository})
    seen: list[str] = []
    cursor = None
    while True:
        page = get(f"/api/v1/{path}", sort="name", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [one["name"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == (sorted(names) if path == "repos" else ["ci"] * 5 if set(seen) == {"ci"} else sorted(names))
    other = cursors.of_place((RECENTLY, 1))
    assert client.get(f"/api/v1/{path}?sort=name&cursor={other}", headers=KEY).status_code == 400
