"""What each bad day cost: one line a case, and at the end of the run one table of all."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Line:
    """One case on one database. `found` counts deliveries answered 2xx that are in the database; None is no matter.

    `healed_s` is how long after the end of the trouble everything worked again; `said` what pages told meanwhile.
    """

    case: str
    database: str
    sent: int | None = None
    accepted: int | None = None
    found: int | None = None
    expected: int | None = None
    messages: int | None = None
    doubled: int | None = None
    healed_s: float | None = None
    refused: str = ""
    said: str = ""
    notes: list[str] = field(default_factory=list)


HEADS = {
    "case": "case",
    "database": "database",
    "sent": "deliveries sent",
    "accepted": "answered 2xx",
    "found": "found once",
    "expected": "alerts expected",
    "messages": "sent",
    "doubled": "doubled",
    "healed_s": "healed after",
    "refused": "refused",
    "said": "the page said",
    "notes": "measured",
}
_lines: list[Line] = []


def write(line: Line) -> None:
    """Keep the line for the table, and print it."""
    _lines.append(line)
    print(row(line))


def table() -> str:
    """Markdown; empty when nothing was written down."""
    if not _lines:
        return ""
    head = ["| " + " | ".join(HEADS.values()) + " |", "|" + " --- |" * len(HEADS)]
    return "\n".join([*head, *map(row, _lines)])


def row(line: Line) -> str:
    return "| " + " | ".join(_cell(getattr(line, name)) for name in HEADS) + " |"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f} s"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return "; ".join(value) or "–"
    return str(value).replace("|", "/") if value not in (None, "") else "–"
