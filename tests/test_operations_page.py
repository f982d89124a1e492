"""docs/operations.md tells what to do about every alarm and every reason, and about nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from cicd_health.model import troubles

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ALARMS = (ROOT / "docs" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")


def sections(of: str) -> dict[str, str]:
    """Headings of the third rank under one of the second, each with its text."""
    [part] = [part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE) if part.startswith(f"{of}\n")]
    pieces = re.split(r"^### (.+)\n", part, flags=re.MULTILINE)[1:]
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def test_every_alarm_has_its_section_and_every_section_its_alarm():
    found = sections("Alarms")
    assert sorted(re.findall(r"- alert: (\w+)", ALARMS)) == sorted(found)
    assert all("- Do: " in text and "- It clears " in text for text in found.values())


def test_every_alarm_leads_to_its_section():
    runbooks = re.findall(r"- alert: (\w+)(?:(?!- alert).)*?runbook: docs/operations\.md#(\S+)", ALARMS, re.DOTALL)
    assert runbooks == [(name, name.lower()) for name in re.findall(r"- alert: (\w+)", ALARMS)]


def test_every_reason_has_its_section_and_every_section_its_reason():
    written = Path(troubles.__file__).read_text(encoding="utf-8")
    slugs = set(re.findall(r'(?:_trouble|Trouble)\(\s*"([a-z-]+)"', written))
    assert len(slugs) > 10
    assert slugs == set(sections("Reasons"))


def test_what_the_page_refers_to_is_there():
    anchors = {heading.lower() for heading in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)}
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        file, _, anchor = target.partition("#")
        assert not file or (ROOT / "docs" / file).exists(), target
        assert not anchor or anchor in anchors, target
