"""Addresses: what they ask for, and the one that asks for it."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from cicd_health.ui import routes
from cicd_health.ui.routes import Asked


@pytest.mark.parametrize(
    "asked",
    [Asked(), Asked(window="30d"), Asked(provider="github", repo="a/b", branch="feat/ü & x", show="unhealthy")],
)
def test_an_address_asks_for_what_it_was_made_from(asked: Asked):
    assert routes.asked(dict(parse_qsl(urlsplit(routes.overview(asked)).query))) == asked


def test_the_usual_address_is_bare():
    assert routes.overview(Asked()) == "/"


def test_nonsense_is_left_out():
    assert routes.asked({"window": "1y", "show": "all'", "branch": "a\x00b", "x": "y"}) == Asked(branch="ab")


def test_an_address_of_the_failures_page_asks_for_what_makes_sense_in_it():
    asked = routes.AskedFailures(
        "30d", state="muted", q="refused", sort="runs", signature="0123456789abcdef", after="50"
    )
    assert routes.asked_failures(dict(parse_qsl(urlsplit(routes.failures(asked)).query))) == asked
    assert routes.asked_failures({"window": "1y", "state": "healthy", "sort": "-runs", "after": "x"}) == (
        routes.AskedFailures()
    )
    assert routes.failures() == "/failures"


def test_an_address_of_the_alerts_page_asks_for_what_makes_sense_in_it():
    asked = routes.AskedAlerts(tab="rules", rule=routes.NEW, q="checkout")
    assert routes.alerts(asked) == "/alerts?tab=rules&rule=new&q=checkout"
    assert routes.asked_alerts({"tab": "rules", "rule": "new", "q": "checkout"}) == asked
    nonsense = {"tab": "../etc", "rule": "1 or 1", "channel": "-4", "incident": "9" * 40, "other": "x"}
    assert routes.asked_alerts(nonsense) == routes.AskedAlerts()
