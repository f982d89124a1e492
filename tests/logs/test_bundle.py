"""A log as one gzip file: the whole is the text, each part of it stands for itself."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_health.logs.bundle import bundle, taken_out

TEXTS = st.lists(st.text(max_size=300).map(lambda text: f"{text}\n".encode()), max_size=8)


@given(TEXTS)
def test_the_whole_is_all_texts_and_each_can_be_taken_out(texts: list[bytes]):
    made = bundle(zlib.compress(text) for text in texts)
    assert gzip.decompress(made.body) == b"".join(texts)
    assert len(zlib.decompressobj(31).decompress(made.body)) == sum(map(len, texts))  # a reader of one stream only
    parts = [made.body[span.starts_at : span.starts_at + span.length] for span in made.spans]
    bodies = [taken_out(part, span.checksum) for part, span in zip(parts, made.spans, strict=True)]
    assert [zlib.decompress(body) for body in bodies] == texts


def test_another_part_is_not_taken_for_this_one():
    made = bundle(zlib.compress(text) for text in (b"one\n" * 99, b"two\n" * 99))
    first, second = (made.body[span.starts_at : span.starts_at + span.length] for span in made.spans)
    for part in (second, first[:-1], first[1:], b""):
        with pytest.raises(zlib.error):
            taken_out(part, made.spans[0].checksum)
