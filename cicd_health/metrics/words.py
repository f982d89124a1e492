"""How seconds and names stand in a sentence."""

from __future__ import annotations


def seconds_in_words(seconds: float | None) -> str:
    """Two units at most: "45s", "7m 24s", "1h 06m"; "–" for None."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02}m"


def code(name: str) -> str:
    """A name as it stands in the provider's file, between backticks; one in the name itself becomes a quote."""
    return "`" + name.replace("`", "'") + "`"
