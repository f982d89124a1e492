"""Success rate over time, with n of m for each bucket. A bucket without a verdict is a gap, never 0."""

import reflex as rx

from cicd_health.ui.chart import Chart
from cicd_health.ui.charts.durations import line
from cicd_health.ui.components import plot
from cicd_health.ui.pipeline_view.trends import Marks, RateDot, RatePoint, Rates
from cicd_health.ui.series import Axis, Days
from cicd_health.ui.shown import Shown


def draw(shown: Shown[Rates], marks: Shown[Marks] | None = None) -> rx.Component:
    """With `marks`, also where the rate changed."""
    return rx.el.div(
        rx.recharts.line_chart(
            plot.grid(),
            *([] if marks is None else [plot.changes(marks)]),
            plot.now_line(shown.now),
            rx.recharts.reference_line(y=shown.floor, stroke="var(--line-2)"),
            line("percent", "var(--c1)"),
            rx.foreach(
                shown.dots,
                lambda dot: rx.recharts.reference_dot(
                    x=dot.key, y=dot.percent.to(int), r=3, fill="var(--c1)", stroke="var(--surface)", key=dot.key
                ),
            ),
            plot.x_axis(shown.days),
            plot.y_axis(shown.axis, floor=shown.floor, width=44),
            plot.tooltip(_tip, RatePoint),
            data=plot.points(shown.points),
            height=plot.HEIGHT,
            margin=plot.MARGIN,
        ),
        plot.nothing(shown.nothing),
        class_name="relative h-52",
        custom_attrs={"role": "img", "aria-label": f"Success rate over time, {shown.per}"},
    )


def _tip(point: Shown[RatePoint]) -> rx.Component:
    return plot.tooltip_card(
        point.title,
        plot.tooltip_row(plot.stroke("c1"), "passed", point.rate),
        plot.tooltip_row(rx.el.i(), "n of m", point.of),
        last=point.left_out,
    )


def _sample() -> Rates:
    """A week that has a gap on Sunday, and drops on Wednesday."""
    percents = [96.0, None, 94.7, 95.1, 82.4, 80.9, 84.0]
    points = [
        RatePoint(
            str(i),
            f"Day {i + 1}",
            percent,
            "–" if percent is None else f"{percent} %",
            "0 of 0" if percent is None else "48 of 50",
            "2 left out",
        )
        for i, percent in enumerate(percents)
    ]
    words = dict(zip("0123456", ["Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"], strict=True))
    axis = Axis([60, 70, 80, 90, 100], {str(n): f"{n} %" for n in (60, 70, 80, 90, 100)}, 100)
    dots = [RateDot("0", 96.0), RateDot("6", 84.0)]
    return Rates("per day", points, dots, Days(list(words), words), axis, 60, "6")


CHART = Chart("rate", "Success rate", draw, sample=_sample())
