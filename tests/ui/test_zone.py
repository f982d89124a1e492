"""The viewer's zone out of a cookie."""

import pytest

from cicd_health.ui import zone


def test_the_cookie_names_the_zone():
    assert zone.of_viewer("cicd_session=x; tz=Europe%2FBerlin").key == "Europe/Berlin"


@pytest.mark.parametrize("header", [None, "", "tz=", "tz=Moon%2FBase", "tz=..%2F..%2Fetc%2Fpasswd", "tz=%00"])
def test_anything_else_is_utc(header):
    assert zone.of_viewer(header).key == "UTC"
