"""GitHub's webhooks. Source: https://docs.github.com/webhooks/webhook-events-and-payloads

State is read from the object, never from `action`: GitHub sends "completed" with a queued run and the like.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qs

from cicd_health.model.runs import Event
from cicd_health.providers.github.reading import HOST, read_attempt, read_job
from cicd_health.providers.json_reader import decode_json, mapping, moment, text
from cicd_health.providers.provider import BadPayload, BadSignature, Envelope, Headers, Ignored, NotJson

SIGNATURE = "x-hub-signature-256"
READERS = {"workflow_run": read_attempt, "workflow_job": read_job}


def verify(headers: Headers, query: Headers, body: bytes, secrets: tuple[str, ...]) -> None:
    """Raise BadSignature unless `X-Hub-Signature-256` is the HMAC of the raw body under one of the secrets."""
    sent = headers.get(SIGNATURE, "").encode("utf-8", "replace")
    if not sent:
        raise BadSignature("X-Hub-Signature-256 is missing: set a secret on the webhook")
    for secret in secrets:
        wanted = "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()
        if secret and hmac.compare_digest(wanted.encode(), sent):
            return
    raise BadSignature("X-Hub-Signature-256 is not the signature of this body under our secret")


def decode(headers: Headers, body: bytes) -> object:
    """The JSON in the body, or in its `payload` field when the webhook's content type is a form. Raises NotJson."""
    if not headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        return decode_json(body)
    try:
        fields = parse_qs(body.decode(), max_num_fields=100)
    except ValueError as error:
        raise NotJson("the body is not a form") from error
    if "payload" not in fields:
        raise NotJson("the form has no field named payload")
    return decode_json(fields["payload"][0].encode("utf-8", "surrogatepass"))


def envelope(headers: Headers, payload: object, body: bytes) -> Envelope:
    """The delivery's id is GitHub's, which a redelivery repeats; without one, a fingerprint of event and body."""
    event = _event(headers, payload)
    delivery = text(headers.get("x-github-delivery"))
    if delivery is None:
        delivery = hashlib.sha256(event.encode("utf-8", "replace") + b"\n" + body).hexdigest()
    return Envelope(delivery, event, text(mapping(payload).get("action")))


def parse(headers: Headers, payload: object) -> list[Event]:
    """The attempt or job in one delivery."""
    event = _event(headers, payload)
    read = READERS.get(event)
    if read is None:
        raise Ignored(f"{event}: nothing about a run" if event != "ping" else "ping: the webhook is connected")
    if not isinstance(payload, dict):
        raise BadPayload("the body is not a JSON object")
    subject = payload.get(event)
    if not isinstance(subject, dict):
        raise BadPayload(f"{event}: missing, or not an object")
    host = (text(headers.get("x-github-enterprise-host")) or HOST).lower()
    return [read(host, payload, subject, moment(headers.get("x-received-at")))]


def _event(headers: Headers, payload: object) -> str:
    """The event's name, from the header; a body sent by hand without it says what it is by what it holds."""
    named = text(headers.get("x-github-event"))
    if named:
        return named
    body = mapping(payload)
    return next((event for event in READERS if event in body), "ping" if "zen" in body else "unknown")
