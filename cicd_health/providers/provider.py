"""What a provider is: functions that turn bytes into events, and `remote` to ask it. No database, no state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cicd_health.model.runs import Event
from cicd_health.providers.remote import Remote

Headers = Mapping[str, str]  # names in lower case


class BadSignature(Exception):
    """The delivery is not from whom it says. The message names the header that was wrong."""


class NotJson(Exception):
    """The body is not JSON (nor a form field that holds JSON)."""


class Ignored(Exception):
    """Understood, and of no interest here. The message says what it was."""


class BadPayload(Exception):
    """Signed and JSON, but not what was expected: the delivery is kept with this message."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a delivery before it is understood."""

    external_id: str
    event: str
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """One CI system.

    verify(headers, query, body, secrets): raises BadSignature unless one of the secrets proves the sender;
        no secret at all never means "accept".
    decode(headers, body): the JSON document in the body. Raises NotJson.
    envelope(headers, payload, body): the delivery's own id, event and action.
    parse(headers, payload): the events in it. Raises Ignored or BadPayload, nothing else.
    remote: how it is asked for what it did not send; None for one that only sends.
    """

    slug: str
    label: str
    verify: Callable[[Headers, Mapping[str, str], bytes, tuple[str, ...]], None]
    decode: Callable[[Headers, bytes], object]
    envelope: Callable[[Headers, object, bytes], Envelope]
    parse: Callable[[Headers, object], list[Event]]
    remote: Remote | None = None
