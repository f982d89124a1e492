"""Runs by weekday and hour: a table with the number in each cell; a foot says how many did not pass."""

import random

import reflex as rx

from cicd_health.model.pipeline_report import HeatCell
from cicd_health.ui.chart import Chart
from cicd_health.ui.pipeline_view.heat import HeatMap, HeatRow, HeatSquare, heat_map
from cicd_health.ui.shown import Shown

HEAD = "text-11 font-normal text-ink-3"
FOOT = "absolute left-0 bottom-0 block h-[3px] bg-fail"


def draw(shown: Shown[HeatMap]) -> rx.Component:
    """By the hour; on a phone by three hours."""
    return rx.fragment(
        _table(shown.hours, shown.rows, "hidden tab:table"),
        _table(shown.coarse_hours, shown.coarse_rows, "tab:hidden"),
    )


def _table(hours: rx.Var[list[str]], rows: rx.Var[list[HeatRow]], class_name: str) -> rx.Component:
    return rx.el.table(
        rx.el.thead(
            rx.el.tr(
                rx.el.td(class_name="w-8"),
                rx.foreach(hours, lambda hour: rx.el.th(hour, scope="col", class_name=f"{HEAD} h-5", key=hour)),
            )
        ),
        rx.el.tbody(rx.foreach(rows, _row)),
        class_name=f"w-full table-fixed border-separate border-spacing-[2px] {class_name}",
        custom_attrs={"aria-label": "Runs by weekday and hour"},
    )


def _row(row: Shown[HeatRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row.day, scope="row", class_name=f"{HEAD} text-left"), rx.foreach(row.squares, _square), key=row.day
    )


def _square(square: Shown[HeatSquare]) -> rx.Component:
    return rx.el.td(
        square.text,
        rx.el.i(style={"width": square.failed}, class_name=FOOT, aria_hidden="true"),
        title=square.title,
        style={"background": f"color-mix(in srgb, var(--c3) {square.tint}, var(--sunken))"},
        class_name="relative h-9 tab:h-7 rounded-[3px] text-center text-11 text-ink overflow-hidden",
        key=square.key,
    )


def _sample() -> HeatMap:
    dice = random.Random(7)
    cells = []
    for weekday in range(7):
        for hour in range(6, 20):
            runs = dice.randint(0, 3 if weekday > 4 else 24)
            failed = dice.randint(0, runs // 5)
            cells.append(HeatCell(weekday, hour, runs, runs, failed, 240.0 + 10 * hour))
    return heat_map([cell for cell in cells if cell.runs])


CHART = Chart("heat", "When it runs", draw, sample=_sample())
