"""Guessing passwords is slow, and locks nobody else out."""

import pytest

from cicd_health import settings
from cicd_health.access import throttle
from cicd_health.access.throttle import TooManyAttempts

WREN, HOME = "wren@kestrel.example", "203.0.113.7"


@pytest.fixture(autouse=True)
def fresh():
    throttle.forget_attempts()
    yield
    throttle.forget_attempts()


def wrong(address: str, email: str, *, known: bool = False) -> None:
    throttle.attempt(address, email, known=known)
    throttle.failed(address, email)


def waits(address: str, email: str, *, known: bool = False) -> int:
    """Seconds until this address may try this user; 0 when it may now."""
    try:
        throttle.attempt(address, email, known=known)
    except TooManyAttempts as error:
        return error.retry_after_s
    return 0


def test_after_five_attempts_only_this_address_has_to_wait_for_this_user():
    for _ in range(5):
        wrong(HOME, WREN)
    assert 0 < waits(HOME, WREN) <= 60
    assert waits(HOME, "ash@kestrel.example") == 0
    assert waits("203.0.113.8", WREN) == 0


def test_a_right_password_clears_the_count():
    for _ in range(5):
        wrong(HOME, WREN)
    throttle.succeeded(HOME, WREN)
    assert waits(HOME, WREN) == 0


def test_one_address_cannot_try_everybody_and_who_came_from_there_before_still_gets_in():
    for number in range(20):
        wrong(HOME, f"user{number}@kestrel.example")
    assert waits(HOME, WREN) > 0
    assert waits(HOME, WREN, known=True) == 0


def test_many_addresses_cannot_try_one_user_and_where_they_sit_the_user_still_gets_in():
    for number in range(30):
        wrong(f"198.51.100.{number}", WREN)
    assert waits("198.51.100.200", WREN) > 60
    assert waits(HOME, WREN, known=True) == 0
    assert waits("198.51.100.200", "ash@kestrel.example") == 0


def test_one_network_of_ipv6_counts_as_one_address():
    for number in range(5):
        wrong(f"2001:db8:1:2::{number}", WREN)
    assert waits("2001:db8:1:2:ffff::1", WREN) > 0
    assert waits("2001:db8:1:3::1", WREN) == 0


def test_an_address_that_has_to_wait_is_news_once():
    for _ in range(5):
        wrong(HOME, WREN)
    news = []
    for _ in range(3):
        with pytest.raises(TooManyAttempts) as refused:
            throttle.attempt(HOME, WREN, known=False)
        news.append(refused.value.first)
    assert news == [True, False, False]


def test_redis_that_is_away_stops_nobody(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    settings.get.cache_clear()
    for _ in range(5):
        wrong(HOME, WREN)
    assert waits(HOME, WREN) > 0
    monkeypatch.undo()
    settings.get.cache_clear()
