"""Badges: the picture, and who may see it."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from cicd_health import access, settings
from cicd_health.api.badge_svg import AMBER, GREEN, GREY, LEFT, RED, WIDTHS, Badge, svg, width_of
from tests.api.conftest import KEY, NOW, RECENTLY, receive
from tests.bodies import github_run, jenkins_build
from tests.hostile_text import EVERY, turns

SVG = "{http://www.w3.org/2000/svg}"
once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # the database makes no difference
CI = "/badge/kestrel/checkout-api/ci.svg"


def read(picture: str) -> tuple[str, list[str]]:
    """What is read aloud, and the texts; nothing in it may do anything."""
    root = ElementTree.fromstring(picture)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "clipPath", "rect", "g", "text"}
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert root.findtext(f"{SVG}title") == root.attrib["aria-label"]
    return root.attrib["aria-label"], texts


@pytest.mark.parametrize("text", EVERY)
def test_text_from_outside_is_text_in_the_picture(text: str) -> None:
    label, texts = read(svg(Badge(text, "failing", RED)))
    assert turns(label) == ""
    assert len(texts) == 2
    assert len(texts[0]) <= 60


def test_both_halves_fit_their_words() -> None:
    root = ElementTree.fromstring(svg(Badge("ci", "passing", GREEN)))
    left, right = (rect for rect in root.iter(f"{SVG}rect") if "fill" in rect.attrib)
    words = list(root.iter(f"{SVG}text"))
    assert int(left.attrib["width"]) == int(words[0].attrib["textLength"]) + 12
    assert int(left.attrib["width"]) + int(right.attrib["width"]) == int(root.attrib["width"])
    assert int(words[1].attrib["x"]) == int(left.attrib["width"]) + 6


def test_widths_are_those_of_the_letters() -> None:
    assert len(WIDTHS) == 95
    assert width_of("iii") < width_of("nnn") < width_of("WWW")
    assert width_of("構築") == 22
    assert width_of("e\u0301") == width_of("e")


@pytest.mark.parametrize("colour", [LEFT, GREEN, RED, AMBER, GREY])
def test_white_letters_stand_out(colour: str) -> None:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5


def test_a_badge_tells_the_last_verdict_of_the_default_branch(client: TestClient) -> None:
    receive(
        github_run(900, created=RECENTLY),
        github_run(901, created=RECENTLY + timedelta(minutes=5), branch="topic", conclusion="failure"),
    )
    receive(jenkins_build(7, ended=RECENTLY), provider="jenkins")
    assert read(client.get(CI, headers=KEY).text)[0] == "ci: passing"
    assert read(client.get(CI, params={"branch": "topic", "label": "tests"}, headers=KEY).text)[0] == "tests: failing"
    assert read(client.get(CI, params={"branch": "none"}, headers=KEY).text)[0] == "ci: no verdict"
    by_file = client.get("/badge/kestrel/checkout-api/ci.yml.svg", headers=KEY)
    assert read(by_file.text)[0] == "ci: passing"
    assert read(client.get("/badge/payments/nightly.svg", headers=KEY).text)[0] == "nightly: passing"
    unknown = client.get("/badge/kestrel/checkout-api/none.svg", headers=KEY)
    assert (unknown.status_code, read(unknown.text)[0]) == (404, "none: unknown")
    assert client.get("/badge/kestrel/checkout-api/ci.svg", params={"style": "3d"}, headers=KEY).status_code == 422


@once
def test_proxies_of_pictures_are_told_when_it_changed(client: TestClient) -> None:
    receive(github_run(900, created=RECENTLY))
    first = client.get(CI, headers=KEY)
    assert (first.headers["content-type"], first.headers["cache-control"]) == ("image/svg+xml", "private, max-age=60")
    assert first.headers["cross-origin-resource-policy"] == "cross-origin"
    again = {"If-None-Match": first.headers["etag"]}
    same = client.get(CI, headers=KEY | again)
    assert (same.status_code, same.content) == (304, b"")
    receive(github_run(901, created=RECENTLY + timedelta(minutes=5), conclusion="failure"))
    changed = client.get(CI, headers=KEY | again)
    assert (changed.status_code, read(changed.text)[0]) == (200, "ci: failing")


@once
def test_strangers_see_badges_only_when_a_setting_says_so(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    receive(github_run(900, created=RECENTLY))
    reading = access.create_key("readme", ["read"], NOW).key
    assert client.get(CI).status_code == 401
    assert client.get(CI, params={"token": reading}).status_code == 200
    assert client.get(CI, params={"token": "admin-key"}).status_code == 403
    monkeypatch.setenv("PUBLIC_BADGES", "true")
    settings.get.cache_clear()
    shown = client.get(CI)
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "public, max-age=60")
    assert client.get("/cctray.xml").status_code == 401
