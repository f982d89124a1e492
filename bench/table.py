"""Rates of webhooks, as a table for people; and how tables are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.measure import Measured


def table(measured: Sequence[Measured], floor: Measured, without_sums: Mapping[str, Measured] | None = None) -> str:
    """Webhooks as Markdown; the floor is the last column. `without_sums`: the same when no sums are kept, by name."""
    columns = [*measured, floor]
    without = without_sums or {}
    rows = [
        ["", *(one.name for one in columns)],
        ["---", *("---:" for _ in columns)],
        ["webhooks applied per second", *(f"{one.per_s:,.0f}" for one in columns)],
        ["of the floor", *(f"{one.per_s / floor.per_s:.0%}" for one in columns)],
        ["without keeping sums", *(_rate(without.get(one.name)) for one in columns)],
        ["cost of the sums", *(_cost(one, without.get(one.name)) for one in columns)],
        ["server's CPU per delivery", *(_ms(one.cpu_ms) for one in columns)],
        ["without keeping sums", *(_ms(without[one.name].cpu_ms if one.name in without else None) for one in columns)],
        ["latency p50", *(f"{one.p50_ms:.1f} ms" for one in columns)],
        ["latency p99", *(f"{one.p99_ms:.1f} ms" for one in columns)],
        ["answered", *(f"{one.answered:,}" for one in columns)],
        ["refused", *(str(one.refused) for one in columns)],
        ["accepted and lost", *(_number(one.lost) for one in columns)],
        ["pushes to an open page meanwhile", *(_number(one.pushes) for one in columns)],
        ["sender's share of a core", *(f"{one.cpu:.0%}" for one in columns)],
    ]
    return "\n".join(lines(rows))


def lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows as Markdown, the cells of a column equally wide."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield f"| {' | '.join(cells)} |"


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _rate(one: Measured | None) -> str:
    return "–" if one is None else f"{one.per_s:,.0f}"


def _cost(one: Measured, without: Measured | None) -> str:
    """The share of the rate that is lost by keeping sums; none is shown where noise says that it is gained."""
    return "–" if without is None else f"{max(0.0, 1 - one.per_s / without.per_s):.0%}"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} ms"
