"""Queue time over time: the p95 as an area, the p50 as a line."""

import reflex as rx

from cicd_health.ui.chart import Chart
from cicd_health.ui.charts.durations import line, sample
from cicd_health.ui.components import plot
from cicd_health.ui.pipeline_view.trends import Marks
from cicd_health.ui.series import Newest, Percentiles, Point
from cicd_health.ui.shown import Shown


def draw(
    shown: Shown[Percentiles], newest: Shown[Newest] | None = None, marks: Shown[Marks] | None = None
) -> rx.Component:
    """With `marks`, also the end of the bucket that is not over."""
    return rx.el.div(
        rx.recharts.composed_chart(
            plot.grid(),
            *([] if marks is None else [plot.now_line(marks.now)]),
            plot.baseline(),
            rx.recharts.area(
                data_key="p95",
                stroke="var(--c3)",
                stroke_width="1.75",
                fill="var(--c-fill)",
                type_="linear",
                dot=False,
                active_dot={"r": 3, "stroke": "var(--surface)", "fill": "var(--c3)"},
                connect_nulls=False,
                is_animation_active=False,
                custom_attrs={"fillOpacity": 1},
            ),
            line("p50", "var(--c1)"),
            *([] if newest is None else [plot.dots(newest.dots)]),
            plot.x_axis(shown.days),
            plot.y_axis(shown.axis),
            plot.tooltip(_tip, Point),
            data=plot.points(shown.points, None if newest is None else newest.points),
            height=plot.HEIGHT,
            margin=plot.MARGIN,
        ),
        plot.nothing(shown.nothing),
        class_name="relative h-52",
        custom_attrs={"role": "img", "aria-label": f"Queue time over time, {shown.per}"},
    )


def _tip(point: Shown[Point]) -> rx.Component:
    return plot.tooltip_card(
        point.title,
        plot.tooltip_row(plot.stroke("c3"), "p95", point.p95_text),
        plot.tooltip_row(plot.stroke("c1"), "p50", point.p50_text),
        last=point.of,
    )


def legend() -> rx.Component:
    return plot.legend(plot.entry(plot.stroke("c3"), "p95"), plot.entry(plot.stroke("c1"), "p50"))


CHART = Chart("queue", "Queue", draw, sample=sample())
