"""Secrets that take the place of others, which are never lost by that."""

from __future__ import annotations

import json
from pathlib import Path

from cicd_health import secret_file


def test_however_often_secrets_are_restored_none_that_was_there_is_lost(tmp_path: Path):
    own = secret_file.secret(tmp_path, "SECRET_KEY")
    for restored in ("first", "second", "second"):
        secret_file.put(tmp_path, json.dumps({"SECRET_KEY": restored}).encode())
    assert secret_file.kept(tmp_path) == ("second",)
    aside = sorted(tmp_path.glob("secrets.before*.json"))
    assert {json.loads(file.read_text())["SECRET_KEY"] for file in aside} == {own, "first"}
    assert {file.stat().st_mode & 0o777 for file in aside} == {0o600}


def test_a_file_that_is_damaged_is_put_aside_as_it_was(tmp_path: Path):
    secret_file.path(tmp_path).write_text('{"SECRET_KEY": "half of')
    before = secret_file.put(tmp_path, b'{"SECRET_KEY": "whole"}')
    assert before is not None
    assert before.read_text() == '{"SECRET_KEY": "half of'
    assert secret_file.kept(tmp_path) == ("whole",)
