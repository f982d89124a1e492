"""Several processes send what is queued in one database."""

from __future__ import annotations

from collections import Counter

import pytest

from tests import loopback
from tests.delivering import channel, incident, messages, seconds, tell
from tests.forked import Forked

WORK = ("work", "stop when idle")


@pytest.mark.usefixtures("database")
def test_two_processes_send_each_message_once_and_in_order():
    with loopback.slack() as slack:
        for n in range(5):
            channel(slack.url, f"Channel {n}")
        broken = [incident() for _ in range(3)]
        for n, id in enumerate(broken):
            tell(id, now=seconds(60 * n))
        with Forked("tests.job_worker", *WORK) as one, Forked("tests.job_worker", *WORK) as other:
            assert slack.wait_for(15)
            assert [worker.wait(30) for worker in (one, other)] == [0, 0]
        assert Counter(int(text.split()[2]) for text in slack.texts) == dict.fromkeys(broken, 5)
    rows = messages()
    assert {row.state for row in rows} == {"sent"}
    assert {row.attempts for row in rows} == {1}
    for channel_id in {row.channel_id for row in rows}:
        left = [row.sent_at for row in rows if row.channel_id == channel_id]
        assert left == sorted(left)
