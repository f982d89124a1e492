"""Several processes send what is queued in one database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests import loopback
from tests.delivering import channel, incident, messages, seconds, tell

ROOT = Path(__file__).parent.parent


@pytest.mark.usefixtures("database")
def test_two_processes_send_each_message_once_and_in_order():
    with loopback.slack() as slack:
        for n in range(5):
            channel(slack.url, f"Channel {n}")
        broken = [incident() for _ in range(3)]
        for n, id in enumerate(broken):
            tell(id, now=seconds(60 * n))
        command = [sys.executable, "-m", "tests.job_worker", "work", "stop when idle"]
        workers = [subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE) for _ in range(2)]
        try:
            assert slack.wait_for(15)
            assert [worker.wait(30) for worker in workers] == [0, 0]
        finally:
            for worker in workers:
                worker.kill()
                worker.communicate()
        assert Counter(int(text.split()[2]) for text in slack.texts) == dict.fromkeys(broken, 5)
    rows = messages()
    assert {row.state for row in rows} == {"sent"}
    assert {row.attempts for row in rows} == {1}
    for channel_id in {row.channel_id for row in rows}:
        left = [row.sent_at for row in rows if row.channel_id == channel_id]
        assert left == sorted(left)
