"""The five shelves: every file on one is listed, and every slug is its own and documented."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cicd_health.metrics import METRICS

ROOT = Path(__file__).parents[1]
EXTENDING = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Shelf:
    """A folder whose files each end in one constant, and the list of them."""

    package: str
    listing: str
    constant: str

    def listed(self) -> list[Any]:
        shelf = getattr(importlib.import_module(self.package), self.listing)
        return list(shelf.values()) if isinstance(shelf, dict) else list(shelf)

    def on_files(self) -> Iterator[Any]:
        folder = ROOT.joinpath(*self.package.split("."))
        for file in sorted([*folder.glob("*.py"), *folder.glob("*/__init__.py")]):
            text = file.read_text(encoding="utf-8")
            name = file.parent.name if file.stem == "__init__" else file.stem
            if re.search(rf"^{self.constant}(: \w+)? = ", text, re.MULTILINE):
                yield getattr(importlib.import_module(f"{self.package}.{name}"), self.constant)


SHELVES = [
    Shelf("cicd_health.providers", "PROVIDERS", "PROVIDER"),
    Shelf("cicd_health.metrics", "METRICS", "METRIC"),
    Shelf("cicd_health.alerts.rules", "RULES", "RULE"),
    Shelf("cicd_health.ui.pages", "PAGES", "PAGE"),
    Shelf("cicd_health.ui.charts", "CHARTS", "CHART"),
]


def slug(thing: Any) -> str:
    """Its slug; a page is known by its route."""
    return thing.route if hasattr(thing, "route") else thing.slug


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.listing)
def test_every_file_on_the_shelf_is_listed(shelf: Shelf):
    assert {slug(thing) for thing in shelf.on_files()} == {slug(thing) for thing in shelf.listed()}


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.listing)
def test_every_slug_is_used_once(shelf: Shelf):
    slugs = [slug(thing) for thing in shelf.listed()]
    assert sorted(slugs) == sorted(set(slugs))


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.listing)
def test_every_slug_is_in_the_page_on_extending(shelf: Shelf):
    assert [slug(thing) for thing in shelf.listed() if f"`{slug(thing)}`" not in EXTENDING] == []


def test_every_metric_is_in_the_page_on_metrics():
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert [metric.slug for metric in METRICS if f"| `{metric.slug}` |" not in page] == []


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.listing)
def test_a_listing_by_slug_uses_the_slugs_of_its_things(shelf: Shelf):
    listing = getattr(importlib.import_module(shelf.package), shelf.listing)
    keys = list(listing) if isinstance(listing, dict) else [slug(thing) for thing in listing]
    assert keys == [slug(thing) for thing in shelf.listed()]
