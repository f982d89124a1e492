"""A badge as a picture: a word on the left, a word on the right. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from unicodedata import combining, east_asian_width

from cicd_health.api.xml_text import clean

LONGEST = 60  # characters of one half
SIZE, PAD, HEIGHT = 11, 6, 20  # pixels
EM = 2048
# How wide Verdana sets the characters from the blank to the tilde, in 2048ths of the size of the letters.
WIDTHS = (
    *(720, 806, 940, 1676, 1302, 2204, 1488, 550, 930, 930, 1302, 1676, 745, 930, 745, 930),
    *(1302,) * 10,
    *(930, 930, 1676, 1676, 1676, 1117, 2048),
    *(1400, 1404, 1430, 1578, 1295, 1177, 1588, 1539, 862, 931, 1419, 1140, 1726),
    *(1532, 1612, 1235, 1612, 1424, 1400, 1262, 1499, 1400, 2025, 1403, 1260, 1403),
    *(930, 930, 930, 1676, 1302, 1302),
    *(1230, 1276, 1067, 1276, 1220, 720, 1276, 1296, 562, 705, 1212, 562, 1992),
    *(1296, 1243, 1276, 1276, 874, 1067, 807, 1296, 1212, 1676, 1212, 1212, 1076),
    *(1300, 930, 1300, 1676),
)
USUAL = 1302  # of a character that is not in the list
FONT = "Verdana,Geneva,'DejaVu Sans',sans-serif"
LEFT = "#3b434b"
# White letters stand out from all of them by 4.5 to 1 and more.
GREEN, RED, AMBER, GREY = "#1a7f37", "#cf222e", "#8a5a00", "#57606a"


@dataclass(frozen=True, slots=True)
class Badge:
    label: str
    message: str
    colour: str


def width_of(text: str) -> int:
    """Pixels of a text, so that it fits without being measured by a browser."""
    return -(-sum(map(_advance, text)) * SIZE // EM)


def _advance(character: str) -> int:
    place = ord(character) - 32
    if place < len(WIDTHS):
        return WIDTHS[place]
    if combining(character):
        return 0
    return EM if east_asian_width(character) in "WF" else USUAL


def svg(badge: Badge, *, rounded: bool = True) -> str:
    """The picture; readers of screens say "label: message"."""
    label, message = clean(badge.label, LONGEST), clean(badge.message, LONGEST)
    left, right = width_of(label) + 2 * PAD, width_of(message) + 2 * PAD
    whole, title = left + right, escape(f"{label}: {message}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{HEIGHT}" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<clipPath id="c"><rect width="{whole}" height="{HEIGHT}" rx="{3 if rounded else 0}"/></clipPath>'
        f'<g clip-path="url(#c)"><rect width="{left}" height="{HEIGHT}" fill="{LEFT}"/>'
        f'<rect x="{left}" width="{right}" height="{HEIGHT}" fill="{badge.colour}"/></g>'
        f'<g fill="#fff" font-family="{FONT}" font-size="{SIZE}">'
        f"{_text(label, PAD)}{_text(message, left + PAD)}</g></svg>"
    )


def _text(text: str, x: int) -> str:
    return f'<text x="{x}" y="14" textLength="{width_of(text)}">{escape(text)}</text>' if text else ""
