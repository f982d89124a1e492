"""Above every page stands what is wrong, in the viewer's time."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from cicd_health.model.troubles import Trouble
from cicd_health.ui.notices import Notice, notices
from tests.factories import NOW

KOLKATA = ZoneInfo("Asia/Kolkata")


def test_a_trouble_is_a_sentence_with_names_and_with_the_viewers_time():
    since = NOW.replace(hour=5, minute=12)
    told = notices(
        [Trouble("messages", "Messages to one channel fail", "Messages to Falcon fail", since)], NOW, KOLKATA
    )
    assert told == [Notice("Messages to Falcon fail (since 10:42).", "fail")]


def test_what_only_slows_things_down_is_said_more_softly():
    [told] = notices([Trouble("disk", "The disk is nearly full", "The disk is nearly full")], NOW, KOLKATA)
    assert told == Notice("The disk is nearly full.", "warn")


def test_jobs_that_start_or_start_again_are_not_worth_a_line():
    words = "The background jobs of this process do not run"
    assert notices([Trouble("jobs-starting", words, words)], NOW, KOLKATA) == []
    assert notices([Trouble("jobs", words, words, NOW - timedelta(seconds=9))], NOW, KOLKATA) == []
    assert len(notices([Trouble("jobs", words, words, NOW - timedelta(minutes=9))], NOW, KOLKATA)) == 1
