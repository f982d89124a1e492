"""When messages leave: digests and quiet hours over changes of the clock, rates, storms, channels in trouble."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.alerts import holding
from cicd_health.alerts.holding import Hold, Waiting, Wishes
from cicd_health.model.alert_drafts import Quiet
from tests.factories import NOW, at

NIGHT = Quiet("22:00", "07:00")
BERLIN = "Europe/Berlin"
NEW_YORK = "America/New_York"


def seconds(number: float) -> datetime:
    return NOW + timedelta(seconds=number)


def waiting(id: int, came_s: float = 0.0, **given) -> Waiting:
    return Waiting(id, given.pop("incident_id", id), given.pop("severity", "critical"), seconds(came_s), **given)


def plan(queue, now=NOW, wishes=None, sent=(), recent=None):
    came = recent if recent is not None else [one.created_at for one in queue]
    return holding.planned(queue, came, sent, wishes or Wishes(), now)


# Digest and quiet hours


@pytest.mark.parametrize(
    ("after", "clock", "zone", "moment"),
    [
        ("2026-03-12 07:00", "09:00", "UTC", "2026-03-12 09:00"),
        ("2026-03-12 09:00", "09:00", "UTC", "2026-03-12 09:00"),
        ("2026-03-12 09:01", "09:00", "UTC", "2026-03-13 09:00"),
        ("2026-03-28 20:00", "09:00", BERLIN, "2026-03-29 07:00"),  # summer time began in the night
        ("2026-03-29 00:00", "02:30", BERLIN, "2026-03-29 01:30"),  # there is no 02:30: clocks show 03:30
        ("2026-10-25 00:00", "02:30", BERLIN, "2026-10-25 00:30"),  # there are two: the first
        ("2026-10-25 00:45", "02:30", BERLIN, "2026-10-26 01:30"),  # and the second is none
        ("2026-03-12 23:30", "00:15", "Pacific/Kiritimati", "2026-03-13 10:15"),
    ],
)
def test_a_digest_leaves_when_the_channels_clock_shows_its_time(after, clock, zone, moment):
    assert holding.digest_moment(at(after), clock, zone) == at(moment)


@pytest.mark.parametrize(
    ("now", "quiet", "zone", "until"),
    [
        ("2026-03-12 21:59", NIGHT, "UTC", None),
        ("2026-03-12 22:00", NIGHT, "UTC", "2026-03-13 07:00"),
        ("2026-03-13 06:59", NIGHT, "UTC", "2026-03-13 07:00"),
        ("2026-03-13 07:00", NIGHT, "UTC", None),
        ("2026-03-29 00:30", NIGHT, BERLIN, "2026-03-29 05:00"),  # a short night
        ("2026-10-25 05:30", NIGHT, BERLIN, "2026-10-25 06:00"),  # a long one
        ("2026-11-01 05:30", Quiet("01:00", "02:00"), NEW_YORK, "2026-11-01 07:00"),  # an hour that comes twice
        ("2026-03-08 07:10", Quiet("02:10", "02:50"), NEW_YORK, "2026-03-08 07:50"),  # skipped: an hour later
        ("2026-03-14 12:00", Quiet("09:00", "17:00", days=(5, 6)), "UTC", "2026-03-14 17:00"),
        ("2026-03-13 12:00", Quiet("09:00", "17:00", days=(5, 6)), "UTC", None),
        ("2026-03-14 03:00", Quiet("22:00", "07:00", days=(4,)), "UTC", "2026-03-14 07:00"),  # began on Friday
    ],
)
def test_quiet_hours_are_those_of_the_channels_clock(now, quiet, zone, until):
    assert holding.quiet_until(quiet, zone, at(now)) == (at(until) if until else None)


def test_what_is_critical_does_not_wait_for_the_morning_unless_it_is_asked_to():
    night = at("2026-03-12 23:00")
    assert holding.held(Wishes(quiet=NIGHT), "critical", night, night) is None
    assert holding.held(Wishes(quiet=NIGHT), "warning", night, night) == Hold(
        at("2026-03-13 07:00"), "quiet hours until 07:00"
    )
    strict = Quiet("22:00", "07:00", except_critical=False)
    assert holding.held(Wishes(quiet=strict), "critical", night, night) is not None


def test_a_digest_within_quiet_hours_leaves_at_their_end():
    wishes = Wishes(quiet=NIGHT, digest_at="06:00")
    hold = holding.held(wishes, "warning", at("2026-03-12 12:00"), at("2026-03-12 12:00"))
    assert hold == Hold(at("2026-03-13 07:00"), "quiet hours until 07:00")


def test_a_digest_takes_critical_news_too_and_leaves_once_its_time_has_come():
    came = at("2026-03-12 08:00")
    assert holding.held(Wishes(digest_at="09:00"), "critical", came, came) == Hold(
        at("2026-03-12 09:00"), "daily digest at 09:00"
    )
    assert holding.held(Wishes(digest_at="09:00"), "critical", came, at("2026-03-12 09:00")) is None


def test_the_rate_is_that_of_the_last_hour():
    sent = [seconds(-3500), seconds(-60)]
    assert holding.held(Wishes(per_hour=3), "critical", NOW, NOW, sent=sent) is None
    assert holding.held(Wishes(per_hour=2), "critical", NOW, NOW, sent=sent) == Hold(
        seconds(100), "at most 2 messages an hour"
    )
    assert holding.held(Wishes(per_hour=1), "critical", NOW, NOW, sent=sent) == Hold(
        seconds(3540), "at most 1 message an hour"
    )


# Together, or each by itself


def test_few_messages_leave_one_by_one_oldest_first():
    assert plan([waiting(1), waiting(2), waiting(3)]).take == (1,)


def test_of_a_storm_the_first_leave_and_the_others_wait_ten_seconds_at_most():
    queue = [waiting(id, id / 10) for id in range(1, 8)]
    planned = plan(queue, seconds(1))
    assert planned.take == (1,)
    assert planned.holds == dict.fromkeys(range(4, 8), Hold(seconds(10.4), holding.FOR_OTHERS))


def test_what_was_sent_counts_for_a_storm():
    planned = plan([waiting(4, 1)], seconds(1), recent=[seconds(0)] * 3 + [seconds(1)])
    assert planned.holds == {4: Hold(seconds(11), holding.FOR_OTHERS)}


def test_messages_far_apart_are_no_storm():
    queue = [waiting(id, id * 5.0) for id in range(1, 4)]
    assert plan(queue, seconds(15)).holds == {}


def test_what_was_held_leaves_as_one_with_whatever_has_come_since():
    queue = [waiting(id, 1, next_try_at=seconds(10), held=holding.FOR_OTHERS) for id in range(1, 6)]
    assert plan([*queue, waiting(6, 9.9)], seconds(10)).take == (1, 2, 3, 4, 5, 6)


def test_a_later_one_of_the_storm_joins_those_that_wait():
    queue = [waiting(id, 0, next_try_at=seconds(10), held=holding.FOR_OTHERS) for id in range(1, 6)]
    assert plan([*queue, waiting(6, 2)], seconds(2)).holds == {6: Hold(seconds(10), holding.FOR_OTHERS)}


def test_news_of_the_end_wait_for_the_news_they_end():
    queue = [
        waiting(1, incident_id=7, next_try_at=seconds(8), held=holding.FOR_LINES),
        waiting(2, 1, incident_id=7),
        waiting(3, 1, incident_id=8),
    ]
    planned = plan(queue, seconds(1))
    assert (planned.take, planned.holds) == ((3,), {2: Hold(seconds(8), holding.FOR_LINES)})


# A channel in trouble


def tried(id: int, again_s: float, last_s: float = -1.0, tries: int = 1) -> Waiting:
    return waiting(id, -60, next_try_at=seconds(again_s), tries=tries, claimed_at=seconds(last_s))


def test_news_for_a_channel_in_trouble_wait_for_its_next_try():
    planned = plan([tried(1, 5), waiting(2)])
    assert (planned.take, planned.holds) == ((), {2: Hold(seconds(5), holding.FOR_TRY)})


def test_the_next_try_is_no_more_than_half_a_minute_away_when_there_are_news():
    assert plan([tried(1, 900), waiting(2)]).holds == {2: Hold(seconds(29), holding.FOR_TRY)}
    assert plan([tried(1, 900, -31), waiting(2)]).take == (1, 2)


def test_a_try_takes_along_whatever_waits_for_one():
    assert plan([tried(1, 0), tried(2, 300), waiting(3)]).take == (1, 2, 3)


def test_one_message_is_tried_again_by_itself():
    assert plan([tried(1, 0)]).take == (1,)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 60),  # came
            st.integers(1, 6),  # of which incident
            st.sampled_from(["critical", "warning"]),
            st.sampled_from([None, 0, 5, 40]),  # due
            st.integers(0, 2),  # tries
        ),
        max_size=12,
    ),
    st.integers(0, 70),
    st.sampled_from([Wishes(), Wishes(per_hour=2), Wishes(quiet=NIGHT), Wishes(digest_at="10:43")]),
)
def test_whatever_waits_nothing_is_forgotten_overtaken_or_sent_too_early(given_rows, now_s, wishes):
    queue = [
        waiting(
            id,
            came,
            incident_id=incident,
            severity=severity,
            tries=tries,
            next_try_at=seconds(due) if due is not None else None,
            claimed_at=seconds(came) if tries else None,
        )
        for id, (came, incident, severity, due, tries) in enumerate(sorted(given_rows, key=lambda row: row[0]), start=1)
    ]
    now = seconds(now_s)
    planned = plan(queue, now, wishes, sent=[seconds(now_s - 30)])
    by_id = {one.id: one for one in queue}
    assert not set(planned.take) & planned.holds.keys()
    assert all(hold.until > now for hold in planned.holds.values())
    for id in planned.take:
        assert by_id[id].due(now) or by_id[id].tries
        earlier = {one.id for one in queue if one.incident_id == by_id[id].incident_id and one.id < id}
        assert earlier <= set(planned.take)
    if any(one.due(now) for one in queue):
        assert planned.take or planned.holds
    for one in queue:  # what is due and stays without a later moment leaves right after this message
        if one.due(now) and not planned.take:
            assert one.id in planned.holds
