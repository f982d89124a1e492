"""The page is built when something it is made of has changed, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from cicd_health.cli import page_build


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small product with a page that is built and current."""
    for name in (
        "cicd_health/ui/pages/overview.py",
        "assets/tokens.css",
        "rxconfig.py",
        ".web/build/client/index.html",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{name}\n", encoding="utf-8")
    (tmp_path / page_build.STAMP).write_text(page_build.fingerprint(tmp_path), encoding="utf-8")
    return tmp_path


def test_a_current_page_is_not_built_again(root: Path):
    assert page_build.ensure(root) is False


@pytest.mark.parametrize("name", ["cicd_health/ui/pages/overview.py", "assets/tokens.css", "rxconfig.py"])
def test_a_page_is_not_current_once_a_source_has_changed(root: Path, name: str):
    (root / name).write_text("changed", encoding="utf-8")
    assert not page_build.is_current(root)


def test_a_page_is_not_current_once_a_source_was_renamed(root: Path):
    (root / "assets" / "tokens.css").rename(root / "assets" / "words.css")
    assert not page_build.is_current(root)


def test_a_page_that_is_gone_is_not_current(root: Path):
    (root / page_build.PAGE).unlink()
    assert not page_build.is_current(root)


def test_a_forgotten_page_is_not_current(root: Path):
    page_build.forget(root)
    assert not page_build.is_current(root)


def test_what_goes_wrong_while_building_is_said_and_the_page_stays_outdated(root: Path):
    (root / "rxconfig.py").write_text("raise RuntimeError('the reason')", encoding="utf-8")
    with pytest.raises(page_build.PageError, match="the reason"):
        page_build.ensure(root)
    assert not page_build.is_current(root)
