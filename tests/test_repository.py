"""What must never be in the repository, and what must be."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from cicd_health import __version__

ROOT = Path(__file__).parents[1]
FETCHED = re.compile(r"https?://(registry\.npmjs|registry\.yarnpkg|registry\.npmmirror|pypi\.|files\.pythonhosted)\S*")
SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{200}"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\bxox[bp]-[0-9]{10,}-[A-Za-z0-9-]{20,}"
    r"|\bAKIA(?!IOSFODNN7EXAMPLE)[0-9A-Z]{16}\b"  # but for the one in Amazon's documents
)
THIRD_PARTY = re.compile(r"(?:src|href)=[\"']https?://|@import url\([\"']?https?://|url\([\"']?https?://")


def repository() -> list[Path]:
    """Every file that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [file for name in listed.stdout.decode().split("\0") if name and (file := ROOT / name).is_file()]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    kept = {}
    for file in repository():
        try:
            kept[str(file.relative_to(ROOT))] = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
    return kept


def having(texts: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    return [name for name, text in texts.items() if name != "tests/test_repository.py" and pattern.search(text)]


def test_no_file_names_a_package_registry(texts: dict[str, str]):
    assert having(texts, FETCHED) == []


def test_no_file_holds_a_secret(texts: dict[str, str]):
    assert having(texts, SECRETS) == []


def test_no_style_or_page_loads_from_another_host(texts: dict[str, str]):
    shown = {
        name: text for name, text in texts.items() if name.startswith("assets/") and name.endswith((".css", ".html"))
    }
    assert having(shown, THIRD_PARTY) == []


def test_no_file_holds_the_mark_of_a_merge_conflict(texts: dict[str, str]):
    assert having(texts, re.compile(r"^(<{7} |>{7} )", re.MULTILINE)) == []


def test_no_folder_of_migrations_hides_the_library():
    assert not (ROOT / "alembic" / "__init__.py").exists()


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-build.txt", "requirements-dev.txt", "constraints.txt"]
)
def test_every_requirement_is_pinned(texts: dict[str, str], name: str):
    lines = [line for line in texts[name].splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.!+-]+", line)] == []


def normal(requirement: str) -> str:
    """Without extras, and with the name as package indexes compare it."""
    return re.sub(r"\[.*\]", "", requirement).lower().replace("_", "-")


def test_the_constraints_agree_with_the_requirements(texts: dict[str, str]):
    names = ("requirements.txt", "requirements-build.txt", "requirements-dev.txt")
    pins = [normal(line) for name in names for line in texts[name].splitlines() if "==" in line]
    constrained = {normal(line) for line in texts["constraints.txt"].splitlines()}
    assert [pin for pin in pins if pin not in constrained] == []


def test_the_changelog_begins_with_the_present_version(texts: dict[str, str]):
    assert re.findall(r"^## (\S+)", texts["CHANGELOG.md"], re.MULTILINE)[0] == __version__


def test_the_readme_is_short(texts: dict[str, str]):
    assert len(texts["README.md"].splitlines()) < 150


def test_every_file_that_the_documents_link_to_is_there(texts: dict[str, str]):
    missing = []
    for name in (name for name in texts if name.endswith(".md") and name.startswith(("README", "docs/", "CHANGELOG"))):
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", texts[name]):
            if not (ROOT / name).parent.joinpath(target).exists():
                missing.append(f"{name}: {target}")
    assert missing == []


def test_the_check_of_a_change_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
