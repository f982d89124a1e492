"""Buckets follow the viewer's days and cover the window exactly."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.model.buckets import DAY, edges, steps_for
from cicd_health.model.windows import Window, window_ending
from tests.factories import NOW, at

HOUR = timedelta(hours=1)


def test_buckets_begin_at_multiples_of_the_step_and_the_first_is_cut() -> None:
    found = edges(Window("custom", at("2026-03-11 10:42"), at("2026-03-11 23:10")), 6 * HOUR, "UTC")
    assert found == [at("2026-03-11 10:42"), at("2026-03-11 12:00"), at("2026-03-11 18:00"), at("2026-03-12 00:00")]


def test_days_begin_at_the_viewers_midnight() -> None:
    found = edges(Window("custom", at("2026-03-10 00:00"), at("2026-03-11 12:00")), DAY, "Asia/Kolkata")
    assert found == [at("2026-03-10 00:00"), at("2026-03-10 18:30"), at("2026-03-11 18:30")]


def test_the_day_the_clocks_change_is_one_bucket_of_23_hours() -> None:
    found = edges(Window("custom", at("2026-03-28 23:00"), at("2026-03-30 22:00")), DAY, "Europe/Berlin")
    assert found == [at("2026-03-28 23:00"), at("2026-03-29 22:00"), at("2026-03-30 22:00")]


def test_the_last_bucket_is_as_wide_as_the_others() -> None:
    found = edges(window_ending("24h", NOW), HOUR, "UTC")
    assert found[-1] == at("2026-03-12 11:00")
    assert len(found) - 1 == 25


def test_wide_days_are_the_same_days_whenever_one_looks() -> None:
    today = edges(window_ending("90d", NOW), 3 * DAY, "UTC")
    tomorrow = edges(window_ending("90d", NOW + DAY), 3 * DAY, "UTC")
    assert set(today[1:-1]) & set(tomorrow[1:-1]) >= set(today[2:-1])


@pytest.mark.parametrize("slug", ["24h", "7d", "30d", "90d"])
def test_narrow_buckets_lie_within_wide_ones(slug: str) -> None:
    step, wide = steps_for(window_ending(slug, NOW))
    narrow_edges = edges(window_ending(slug, NOW), step, "America/New_York")
    assert set(edges(window_ending(slug, NOW), wide, "America/New_York")[:-1]) <= set(narrow_edges)


def test_a_custom_window_takes_the_steps_of_a_named_one_as_long() -> None:
    assert steps_for(Window("custom", NOW - 3 * DAY, NOW)) == steps_for(window_ending("7d", NOW))
    assert steps_for(Window("custom", NOW - 300 * DAY, NOW)) == steps_for(window_ending("90d", NOW))


@given(
    st.datetimes(min_value=at("2025-01-01").replace(tzinfo=None), max_value=at("2026-12-31").replace(tzinfo=None)),
    st.integers(1, 20 * 86400),
    st.sampled_from([HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 3 * DAY]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_buckets_cover_the_window_without_a_gap(start, length: int, step: timedelta, tz: str) -> None:
    start = start.replace(tzinfo=NOW.tzinfo)
    window = Window("custom", start, start + timedelta(seconds=length))
    found = edges(window, step, tz)
    assert found[0] == window.start
    assert found[-2] < window.end <= found[-1]
    assert all(earlier < later for earlier, later in pairwise(found))
