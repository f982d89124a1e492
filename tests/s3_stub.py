"""A bucket on this machine that plays S3: it checks every signature by the published rules, and has bad days."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from tests.stub_server import Answer, Request, StubServer

REGION = "eu-central-1"
KEY_ID, SECRET = "AKIDSTUB", "stub/secret+key"
AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Signed:
    credential: str
    names: str
    signature: str
    stamp: str
    sum_of_body: str


class Bucket(StubServer):
    """One bucket named `logs`, addressed by path. `objects` by key."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, bytes] = {}

    @property
    def address(self) -> str:
        return f"s3://logs/ci?endpoint={self.url}&region={REGION}&path_style=1"

    def answer(self, request: Request) -> Answer:
        if code := _refused(request):
            return _error(403, code)
        bucket, _, key = request.path.lstrip("/").partition("/")
        if bucket != "logs":
            return _error(404, "NoSuchBucket")
        if request.method == "PUT":
            self.objects[key] = request.body
            return Answer(200)
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return Answer(204)
        if key not in self.objects:
            return _error(404, "NoSuchKey")
        return self._given(request, self.objects[key])

    def _given(self, request: Request, body: bytes) -> Answer:
        overrides = {"content-disposition", "content-encoding", "content-type"}
        headers = {name: request.query[f"response-{name}"] for name in overrides if f"response-{name}" in request.query}
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        if asked is None:
            return Answer(200, body, headers)
        return Answer(206, body[int(asked[1]) : int(asked[2]) + 1], headers)


def _error(status: int, code: str) -> Answer:
    said = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"
    return Answer(status, said.encode(), {"Content-Type": "application/xml"})


def _refused(request: Request) -> str | None:
    """The code of the error, None when the request is signed as it should be."""
    signed = _signed(request)
    if signed is None:
        return "AccessDenied"
    key_id, day, region, service, end = signed.credential.split("/")
    if key_id != KEY_ID:
        return "InvalidAccessKeyId"
    if region != REGION or (service, end) != ("s3", "aws4_request") or day != signed.stamp[:8]:
        return "AuthorizationHeaderMalformed"
    at = datetime.strptime(signed.stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    lasts = timedelta(seconds=int(request.query.get("X-Amz-Expires", 900)))
    if abs(datetime.now(UTC) - at) > lasts:
        return "RequestTimeTooSkewed"
    if signed.sum_of_body not in ("UNSIGNED-PAYLOAD", hashlib.sha256(request.body).hexdigest()):
        return "XAmzContentSHA256Mismatch"
    return None if hmac.compare_digest(_signature(request, signed), signed.signature) else "SignatureDoesNotMatch"


def _signed(request: Request) -> Signed | None:
    query, headers = request.query, request.headers
    if "X-Amz-Signature" in query:
        names = "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Date"
        credential, signed_names, signature, stamp = (query.get(name, "") for name in names)
        return Signed(credential, signed_names, signature, stamp, "UNSIGNED-PAYLOAD")
    found = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None:
        return None
    return Signed(found[1], found[2], found[3], headers.get("x-amz-date", ""), headers.get("x-amz-content-sha256", ""))


def _signature(request: Request, signed: Signed) -> str:
    pairs = [(quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in request.query.items()]
    query = "&".join(f"{name}={value}" for name, value in sorted(pairs) if name != "X-Amz-Signature")
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed.names.split(";"))
    canonical = f"{request.method}\n{request.path}\n{query}\n{headers}\n{signed.names}\n{signed.sum_of_body}"
    scope = signed.credential.partition("/")[2]
    text = f"AWS4-HMAC-SHA256\n{signed.stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
