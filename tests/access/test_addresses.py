"""Whose address it is behind proxies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health import settings
from cicd_health.access import address_behind, network_of

CLIENT, PROXY, INNER = "203.0.113.7", "10.0.0.1", "10.0.0.2"


@pytest.fixture
def proxied(monkeypatch):
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8::1")
    settings.get.cache_clear()
    yield
    settings.get.cache_clear()


@pytest.fixture
def unproxied(monkeypatch):
    monkeypatch.setenv("TRUSTED_PROXIES", "")
    settings.get.cache_clear()
    yield
    settings.get.cache_clear()


@pytest.mark.usefixtures("unproxied")
def test_without_trusted_proxies_the_header_is_not_believed():
    assert address_behind(PROXY, CLIENT) == PROXY
    assert address_behind("testclient", CLIENT) == "testclient"


@pytest.mark.usefixtures("proxied")
@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (PROXY, CLIENT, CLIENT),
        (PROXY, f"{CLIENT}, {INNER}", CLIENT),
        (PROXY, f"6.6.6.6, {CLIENT}", CLIENT),
        (PROXY, f"6.6.6.6, {CLIENT}, {INNER}", CLIENT),
        (PROXY, f"{CLIENT}:4711", CLIENT),
        (PROXY, "[2001:db8::77]:4711", "2001:db8::77"),
        ("::ffff:10.0.0.1", CLIENT, CLIENT),
        ("2001:db8::1", CLIENT, CLIENT),
        (PROXY, "unknown", PROXY),
        (PROXY, f"unknown, {INNER}", INNER),
        (PROXY, "", PROXY),
        (PROXY, None, PROXY),
        (CLIENT, "10.9.9.9", CLIENT),
    ],
)
def test_the_header_is_believed_as_far_as_trusted_proxies_wrote_it(peer, forwarded, address):
    assert address_behind(peer, forwarded) == address


@pytest.mark.usefixtures("proxied")
@given(st.text(max_size=60))
def test_what_the_client_puts_in_front_changes_nothing(lie):
    assert address_behind(PROXY, f"{lie},{CLIENT}") == CLIENT


def test_of_ipv6_a_customer_has_a_whole_network():
    assert network_of("2001:db8:1:2::7") == network_of("2001:db8:1:2:ffff::1") != network_of("2001:db8:1:3::7")
    assert [network_of(one) for one in (CLIENT, "testclient", "")] == [CLIENT, "testclient", ""]
