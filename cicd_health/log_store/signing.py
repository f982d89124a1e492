"""AWS Signature Version 4, as S3 wants it: of a request in its headers, and of a link in its query.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class Key:
    """Who signs, and for which region."""

    id: str
    secret: str
    region: str

    def __repr__(self) -> str:
        return f"Key({self.id!r}, ****, {self.region!r})"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be signed. `path` begins with a slash and is not encoded; `headers` has at least the host."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


def encoded(path: str) -> str:
    """A path as it is signed, and therefore has to be sent."""
    return quote(path, safe="/~")


def query_text(query: Mapping[str, str]) -> str:
    """A query as it is signed, and therefore best sent."""
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in query.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def signed_headers(asked: Asked, body: bytes, key: Key, now: datetime) -> dict[str, str]:
    """All the headers to send, lower-case: those given, and those that sign them."""
    sum_of_body = hashlib.sha256(body).hexdigest()
    given = {name.lower(): value for name, value in asked.headers.items()}
    headers = given | {"x-amz-content-sha256": sum_of_body, "x-amz-date": _stamp(now)}
    names = ";".join(sorted(headers))
    signature = _signature(asked.method, asked.path, asked.query, headers, sum_of_body, key, now)
    credential = f"{key.id}/{_scope(key, now)}"
    authorization = f"{ALGORITHM} Credential={credential},SignedHeaders={names},Signature={signature}"
    return headers | {"authorization": authorization}


def signed_query(asked: Asked, key: Key, now: datetime, lasts: timedelta) -> str:
    """The query of a link that needs no key. Only the host is signed of the headers."""
    query = dict(asked.query) | {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{key.id}/{_scope(key, now)}",
        "X-Amz-Date": _stamp(now),
        "X-Amz-Expires": str(int(lasts.total_seconds())),
        "X-Amz-SignedHeaders": "host",
    }
    headers = {"host": asked.headers["host"]}
    signature = _signature(asked.method, asked.path, query, headers, UNSIGNED, key, now)
    return f"{query_text(query)}&X-Amz-Signature={signature}"


def _signature(
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    sum_of_body: str,
    key: Key,
    now: datetime,
) -> str:
    ordered = sorted((name, " ".join(value.split())) for name, value in headers.items())
    told = "".join(f"{name}:{value}\n" for name, value in ordered)
    names = ";".join(name for name, _ in ordered)
    request = "\n".join((method, encoded(path), query_text(query), told, names, sum_of_body))
    sum_of_request = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join((ALGORITHM, _stamp(now), _scope(key, now), sum_of_request))
    return _hmac(_key_of_day(key, now), text).hex()


def _key_of_day(key: Key, now: datetime) -> bytes:
    made = f"AWS4{key.secret}".encode()
    for part in (f"{now:%Y%m%d}", key.region, "s3", "aws4_request"):
        made = _hmac(made, part)
    return made


def _scope(key: Key, now: datetime) -> str:
    return f"{now:%Y%m%d}/{key.region}/s3/aws4_request"


def _stamp(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%SZ}"


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
