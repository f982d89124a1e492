"""Whatever comes in, reading it gives events that a database can keep, or says Ignored or BadPayload."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_health.providers import PROVIDERS
from cicd_health.providers.flat import parse_flat, parse_generic
from cicd_health.providers.provider import BadPayload, Ignored, NotJson
from tests.providers.test_flat import FLAT, NOON, RUN
from tests.providers.test_payloads import PAYLOADS

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from([0, -1, 2**31, 2**63, 2**100, "", "\x00", "\ud800", "x" * 10_000, "2026-03-02T09:00:00Z"]),
    st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "completed", "job/%00/1/", "//["]),
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))
GONE = object()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every field and element in a document."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in steps:
        yield (*path, key)
        yield from places(inner, (*path, key))


def changed(document: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with one place replaced, or taken out; unchanged when an earlier change took the place away."""
    document = copy.deepcopy(document)
    *parents, last = path
    inner = document
    for key in parents:
        try:
            inner = inner[key]
        except (KeyError, IndexError, TypeError):
            return document
    fits = (isinstance(inner, dict) and last in inner) or (isinstance(inner, list) and isinstance(last, int))
    if fits and (isinstance(inner, dict) or last < len(inner)):
        if new is GONE:
            del inner[last]
        else:
            inner[last] = new
    return document


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:
    for path in draw(st.lists(st.sampled_from(list(places(document))), max_size=4)):
        document = changed(document, path, draw(st.one_of(st.just(GONE), JSON)))
    return document


def assert_can_be_kept(value: Any) -> None:
    """No text that a database refuses or an index cannot hold, no number too large, no time without a zone."""
    if is_dataclass(value):
        for field in fields(value):
            if field.name != "log":
                assert_can_be_kept(getattr(value, field.name))
    elif isinstance(value, tuple):
        for one in value:
            assert_can_be_kept(one)
    elif isinstance(value, str):
        assert "\x00" not in value
        assert len(value.encode()) <= 8000
    elif isinstance(value, datetime):
        assert value.utcoffset() is not None
        assert 1900 < value.year < 2300
    elif isinstance(value, int):
        assert abs(value) < 2**63


def read_by(provider: str, headers: dict[str, str], document: Any) -> None:
    try:
        events, refused = PROVIDERS[provider].parse(headers, document), ""
    except (Ignored, BadPayload) as why:
        events, refused = [], str(why)
    assert events or refused
    assert_can_be_kept((*events, refused))


HEADERS = {
    "github": st.sampled_from(["workflow_run", "workflow_job", "ping", ""]).map(lambda name: {"x-github-event": name}),
    "jenkins": st.sampled_from([{}, {"x-received-at": NOON.isoformat()}, {"ce-type": "org.jenkinsci.job.started"}]),
}


@settings(max_examples=150, deadline=None)
@given(provider=st.sampled_from(sorted(PROVIDERS)), document=JSON, draw=st.data())
def test_any_json_is_read_or_refused_in_words(provider: str, document: Any, draw: st.DataObject):
    read_by(provider, draw.draw(HEADERS[provider]), document)


@settings(max_examples=300, deadline=None)
@given(path=st.sampled_from(PAYLOADS), draw=st.data())
def test_a_payload_with_fields_gone_or_replaced_is_read_or_refused_in_words(path: Path, draw: st.DataObject):
    sent = json.loads(path.read_text())
    read_by(path.parent.name, sent["headers"], draw.draw(mutated(sent["body"])))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_posted_form_with_fields_gone_or_replaced_is_read_or_refused_in_words(draw: st.DataObject):
    for read, form in ((lambda form: [parse_flat("github", form, NOON)], FLAT), (parse_generic, RUN)):
        document = draw.draw(mutated(form))
        try:
            events, refused = read(document), ""
        except BadPayload as why:
            events, refused = [], str(why)
        assert_can_be_kept((*events, refused))


@settings(max_examples=200, deadline=None)
@given(provider=st.sampled_from(sorted(PROVIDERS)), body=st.binary() | JSON.map(lambda one: json.dumps(one).encode()))
def test_any_bytes_are_decoded_or_not_json_and_have_an_envelope(provider: str, body: bytes):
    try:
        payload = PROVIDERS[provider].decode({}, body)
    except NotJson:
        return
    envelope = PROVIDERS[provider].envelope({}, payload, body)
    assert_can_be_kept(envelope)
    assert envelope.external_id
