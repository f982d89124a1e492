"""Signatures as Amazon publishes them.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and sigv4-query-string-auth.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cicd_health.log_store.signing import Asked, Key, encoded, signed_headers, signed_query

KEY = Key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
AT = datetime(2013, 5, 24, tzinfo=UTC)
HOST = {"Host": "examplebucket.s3.amazonaws.com"}
OF_PUT = {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}


@pytest.mark.parametrize(
    ("asked", "body", "signature"),
    [
        (
            Asked("GET", "/test.txt", {}, HOST | {"Range": "bytes=0-9"}),
            b"",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            Asked("PUT", "/test$file.text", {}, HOST | OF_PUT),
            b"Welcome to Amazon S3.",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            Asked("GET", "/", {"lifecycle": ""}, HOST),
            b"",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            Asked("GET", "/", {"prefix": "J", "max-keys": "2"}, HOST),
            b"",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_a_request_is_signed_as_in_the_published_examples(asked: Asked, body: bytes, signature: str):
    signed = signed_headers(asked, body, KEY, AT)
    assert signed["authorization"].endswith(f"Signature={signature}")
    assert "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request," in signed["authorization"]
    assert signed["x-amz-date"] == "20130524T000000Z"


def test_a_link_is_signed_as_in_the_published_example():
    asked = Asked("GET", "/test.txt", {}, {"host": "examplebucket.s3.amazonaws.com"})
    query = signed_query(asked, KEY, AT, timedelta(days=1))
    assert query.endswith("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    assert "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&" in query


def test_a_path_is_sent_as_it_is_signed():
    assert encoded("/a b/ä~+.gz") == "/a%20b/%C3%A4~%2B.gz"


def test_a_key_does_not_show_its_secret():
    assert "wJalr" not in repr(KEY)
