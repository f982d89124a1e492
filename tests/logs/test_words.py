"""What is indexed of a text must find every place that the search would show."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from cicd_health.logs import words

LINES = st.text(st.sampled_from("aAbB1ß_é-İ.中 \t\x1b[m"), max_size=40)


def test_words_are_spelled_in_plain_letters():
    found = words.words(words.fold("Größe_test 0x1F /usr/中文"))
    assert found == ["gruf6zsse", "test", "0x1f", "usr", "u4e2dzu6587z"]


@given(LINES, st.integers(0, 40), st.integers(1, 12))
def test_a_place_that_begins_with_a_word_has_its_words_in_the_index(line: str, start: int, length: int):
    text = words.folded([line])
    q = text[start : start + length]
    terms = words.searched(q)
    if terms and any(True for _ in words.places_at_words(text, q)):
        index = set(words.words(text))
        assert set(terms[:-1]) <= index
        assert any(word.startswith(terms[-1]) for word in index)


@given(st.text(max_size=80))
def test_what_is_indexed_is_no_query_language(text: str):
    assert all(re.fullmatch("[a-z0-9]+", word) for word in words.words(words.fold(text)))


def test_too_little_to_look_for():
    assert [words.searched(q) for q in ("", "ab", " a ", "---", "...!")] == [[]] * 5
    assert words.searched("a b") == ["a", "b"]


def test_places_count_from_the_beginning_of_a_word():
    text = "error: 3 errors, myerror, error_code"
    assert [text[at:][:8] for at in words.places_at_words(text, "error")] == ["error: 3", "errors, ", "error_co"]
    assert len(list(words.places(text, "error"))) == 4
