"""Every payload in tests/payloads/<provider>/ gives what stands in the .expected.json beside it.

A payload is {"headers", "body"}; what it must give is a list of events, or {"ignored": why} or {"bad": why}.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cicd_health.providers import PROVIDERS
from cicd_health.providers.provider import BadPayload, Ignored
from tests.providers.plain import plain_event

FOLDER = Path(__file__).parent.parent / "payloads"
PAYLOADS = sorted(path for path in FOLDER.glob("*/*.json") if not path.name.endswith(".expected.json"))


def outcome(path: Path) -> object:
    sent = json.loads(path.read_text())
    provider = PROVIDERS[path.parent.name]
    try:
        events = provider.parse(sent["headers"], sent["body"])
    except Ignored as why:
        return {"ignored": str(why)}
    except BadPayload as why:
        return {"bad": str(why)}
    return [plain_event(event) for event in events]


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_payload_gives_what_is_written_beside_it(path: Path):
    assert outcome(path) == json.loads(path.with_suffix(".expected.json").read_text())


def test_every_provider_has_payloads():
    assert {path.parent.name for path in PAYLOADS} == set(PROVIDERS)


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_same_payload_twice_gives_the_same(path: Path):
    assert outcome(path) == outcome(path)
