"""Secrets at rest."""

from __future__ import annotations

import pytest

from cicd_health import settings, vault


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch):
    def use(value: str) -> None:
        monkeypatch.setenv("SECRET_KEY", value)
        settings.get.cache_clear()

    yield use
    settings.get.cache_clear()


def test_a_sealed_secret_does_not_show_it_and_opens_again(key):
    key("one")
    sealed = vault.seal("ghp_secret")
    assert "ghp_secret" not in sealed
    assert vault.unseal(sealed) == "ghp_secret"


def test_an_old_key_opens_what_it_sealed_as_long_as_it_is_listed(key):
    key("old")
    sealed = vault.seal("ghp_secret")
    key("new,old")
    assert vault.unseal(sealed) == "ghp_secret"


def test_without_its_key_a_secret_stays_closed(key):
    key("old")
    sealed = vault.seal("ghp_secret")
    key("new")
    with pytest.raises(vault.WrongKey, match="another SECRET_KEY"):
        vault.unseal(sealed)
