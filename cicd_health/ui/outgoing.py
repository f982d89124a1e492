"""What is sent to browsers. Text from outside may hold characters that turn the direction of what stands beside them,
or that nobody sees: each is shown as a symbol of its own, wherever it stands.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

# What begins and ends another direction, and the marks that turn one character's neighbours.
TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# What JSON writes as an escape, read from the left so that a backslash that is text is passed over.
ESCAPED = re.compile(r"\\(?:u(00[01][0-9a-f])|.)")
KEPT = {"0009", "000a", "000d"}  # if JSON writes them so
SHORT = {"\\b": "\u2408", "\\f": "\u240c"}
INVISIBLE = re.compile("[\u007f-\u009f\u200b\u2028\u2029\ufeff]")


def visible(text: str) -> str:
    """One text, with a symbol for each character that would not be seen."""
    return "".join(_symbol(letter) for letter in text)


def _symbol(letter: str) -> str:
    code = ord(letter)
    if code < 0x20:
        return letter if letter in "\t\n\r" else chr(0x2400 + code)
    if TURNING.match(letter) or INVISIBLE.match(letter):
        return "\u2421" if code == 0x7F else f"[U+{code:04X}]"
    return letter


def visible_json(text: str) -> str:
    """The same for all texts of a JSON document. What is plain ASCII without escapes is only looked at."""
    if not text.isascii():
        text = TURNING.sub(_named, INVISIBLE.sub(_named, text))
    elif "\x7f" in text:
        text = text.replace("\x7f", "\u2421")
    return ESCAPED.sub(_shown, text) if "\\u00" in text or "\\b" in text or "\\f" in text else text


def _named(found: re.Match[str]) -> str:
    return _symbol(found[0])


def _shown(found: re.Match[str]) -> str:
    code = found[1]
    if code is None:
        return SHORT.get(found[0], found[0])
    return found[0] if code in KEPT else chr(0x2400 + int(code, 16))


def codec(json: Any) -> SimpleNamespace:
    """The codec of a socket, such that all it sends is visible."""
    return SimpleNamespace(dumps=lambda *given, **how: visible_json(json.dumps(*given, **how)), loads=json.loads)
