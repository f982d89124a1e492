"""Room for the latest runs."""

import pytest

from cicd_health.ui import screen


@pytest.mark.parametrize(
    ("cookie", "runs"),
    [("wide=1", 30), ("tz=Europe%2FBerlin; wide=1", 30), ("wide=0", 12), ("", 12), (None, 12), ("wide=\x00", 12)],
)
def test_only_a_wide_screen_is_sent_thirty(cookie: str | None, runs: int):
    assert screen.latest_runs(cookie) == runs
