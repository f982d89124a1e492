"""What is kept of a password, and which are refused."""

import pytest

from cicd_health import settings
from cicd_health.access import passwords


def test_outside_of_tests_a_hash_costs_64_mb(real_hasher):
    assert "$argon2id$v=19$m=65536,t=3," in real_hasher().hash("a long password")


def test_a_password_is_right_or_not_and_never_without_one_kept():
    kept = passwords.hashed("a long password")
    assert "a long password" not in kept
    assert passwords.matches("a long password", kept)[0]
    assert not passwords.matches("another password", kept)[0]
    assert not passwords.matches("a long password", None)[0]


def test_the_password_of_the_settings_is_changed_there(monkeypatch):
    monkeypatch.setenv("ADMIN_PASSWORD", "set by the environment")
    monkeypatch.setenv("ADMIN_EMAIL", "root@kestrel.example")
    settings.get.cache_clear()
    with pytest.raises(ValueError, match="ADMIN_PASSWORD"):
        passwords.check("a long password", "Root@kestrel.example")
    passwords.check("a long password", "wren@kestrel.example")
    monkeypatch.undo()
    settings.get.cache_clear()
