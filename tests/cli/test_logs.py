"""What the log shows, and what it never does."""

from __future__ import annotations

import logging

import pytest

from cicd_health.cli import logs


@pytest.mark.parametrize("readable", [True, False])
def test_no_session_token_or_key_is_in_the_log_wherever_it_stands(readable: bool, capsys: pytest.CaptureFixture[str]):
    logs.configure(readable=readable)
    try:
        raise ValueError("asked /ws?token=hunter2-in-error")
    except ValueError:
        logging.getLogger("library").exception("{'cookie': 'a=b; cicd_session=hunter2; c=d'} Bearer hunter2_key.x")
    form = {"url": "https://x", "token": "hunter2", "app_private_key": "-----BEGIN\nhunter2\n"}
    logging.getLogger("library").warning(f"cannot queue Event(payload={{'form': {form}}})")
    line = capsys.readouterr().err
    assert "https://x" in line
    assert "cicd_session=****; c=d" in line
    assert "hunter2" not in line
