"""The two tables of docs/security.md, as the tests compare them with what the server does."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "security.md"
ROUTES, HANDLERS = "## Who may ask for what", "## Who may press what"


def table(section: str) -> dict[str, dict[str, str]]:
    """The rows of a section's table: by their first column, what stands under each of the other headings."""
    lines = PAGE.read_text(encoding="utf-8").partition(section)[2].split("\n## ")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines if line.startswith("|")]
    heads, body = rows[0], rows[2:]
    found = {row[0].strip("`"): dict(zip(heads[1:], row[1:], strict=True)) for row in body}
    assert len(found) == len(body), "a row stands there twice"
    return found


def markdown(heads: tuple[str, ...], rows: dict[str, dict[str, str]], first: str) -> str:
    """The same table as text, for whoever adds a row."""
    lines = [f"| {' | '.join((first, *heads))} |", "| --- " * (len(heads) + 1) + "|"]
    lines += [f"| `{name}` | {' | '.join(cells[head] for head in heads)} |" for name, cells in rows.items()]
    return "\n".join(lines)
