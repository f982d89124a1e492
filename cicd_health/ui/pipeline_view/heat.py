"""When a pipeline runs: weekday by hour, each cell with its number of runs. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cicd_health.model.pipeline_report import HeatCell
from cicd_health.ui import format as text

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS = 24
COARSE = 3  # hours of a cell on a phone
DARKEST = 46  # per cent of the tint: text on it must stay readable


@dataclass(frozen=True, slots=True)
class HeatSquare:
    """`tint` and `failed` are CSS: how strong the ground is, how wide the foot that says "did not pass"."""

    key: str
    text: str = ""
    title: str = ""
    tint: str = "0%"
    failed: str = "0%"


@dataclass(frozen=True, slots=True)
class HeatRow:
    day: str
    squares: list[HeatSquare] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class HeatMap:
    """By the hour, and by three hours for a phone. Empty without runs."""

    hours: list[str] = field(default_factory=list)
    rows: list[HeatRow] = field(default_factory=list)
    coarse_hours: list[str] = field(default_factory=list)
    coarse_rows: list[HeatRow] = field(default_factory=list)


def heat_map(cells: Sequence[HeatCell]) -> HeatMap:
    if not cells:
        return HeatMap()
    return HeatMap(_hours(1), _rows(cells, 1), _hours(COARSE), _rows(cells, COARSE))


def _hours(step: int) -> list[str]:
    return [f"{hour:02d}" for hour in range(0, HOURS, step)]


def _rows(cells: Sequence[HeatCell], step: int) -> list[HeatRow]:
    by_place: dict[tuple[int, int], list[HeatCell]] = {}
    for cell in cells:
        by_place.setdefault((cell.weekday, cell.hour // step), []).append(cell)
    most = max(sum(cell.runs for cell in some) for some in by_place.values())
    return [
        HeatRow(
            day, [_square(by_place.get((weekday, at), ()), day, at * step, step, most) for at in range(HOURS // step)]
        )
        for weekday, day in enumerate(DAYS)
    ]


def _square(cells: Sequence[HeatCell], day: str, hour: int, step: int, most: int) -> HeatSquare:
    runs, verdicts, failed = (sum(getattr(cell, name) for cell in cells) for name in ("runs", "verdicts", "failed"))
    if not runs:
        return HeatSquare(f"{day}{hour}")
    said = [f"{day} {hour:02d}:00 to {(hour + step) % HOURS:02d}:00: {text.counted(runs, 'run')}"]
    if verdicts:
        said.append(f"{text.count(failed)} of {text.count(verdicts)} did not pass")
    if len(cells) == 1 and cells[0].p50_s is not None:
        said.append(f"p50 {text.duration(cells[0].p50_s)}")
    share = round(100 * failed / verdicts) if verdicts else 0
    return HeatSquare(
        key=f"{day}{hour}",
        text=text.count(runs),
        title=", ".join(said),
        tint=f"{max(6, round(DARKEST * runs / most))}%",
        failed=f"{max(12, share)}%" if failed else "0%",
    )
