"""What is sent to browsers holds nothing that turns or hides what stands beside it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.ui.outgoing import codec, visible, visible_json
from tests.hostile_text import BIDI, CONTROL, EVERY, INVISIBLE, turns


@pytest.mark.parametrize("text", EVERY, ids=ascii)
def test_nothing_is_left_that_nobody_sees(text: str):
    shown = visible(text)
    assert turns(shown) == ""
    assert all(letter.isprintable() or letter in "\t\n\r" for letter in shown)


def test_each_is_shown_as_what_it_is():
    assert visible(BIDI) == "main[U+202E]gnp.exe[U+2066] [U+2067]x"
    assert visible(CONTROL) == "bell␇ escape␛[31mred␛[0m delete␡ next[U+0085] feed␌"
    assert visible(INVISIBLE) == "zero[U+200B]width[U+FEFF] line[U+2028]end"


@pytest.mark.parametrize(
    "text", ["plain", "שלום 12", "größer · 3 min", "a\nb\tc", 'back\\slash \\u001b "quoted"', "🙂"]
)
def test_ordinary_text_stays_as_it_is(text: str):
    assert visible(text) == text
    assert json.loads(visible_json(json.dumps(text, ensure_ascii=False))) == text


@given(st.text() | st.text(alphabet='\\u01b"\x08\x0c\x1b\u202e\x7fa'))
def test_a_document_and_its_texts_are_shown_alike(text: str):
    document = json.dumps({"rows": [{"name": text}]}, ensure_ascii=False)
    assert json.loads(visible_json(document)) == {"rows": [{"name": visible(text)}]}


def test_a_socket_writes_what_is_visible_and_reads_what_was_sent():
    spoken = codec(json)
    assert json.loads(spoken.dumps([BIDI], ensure_ascii=False)) == [visible(BIDI)]
    assert spoken.loads(json.dumps([BIDI])) == [BIDI]
