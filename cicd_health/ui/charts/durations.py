"""Duration of successes over time: p95, which is watched, p50 and the mean. A gap is a gap."""

import reflex as rx

from cicd_health.ui.chart import Chart
from cicd_health.ui.components import plot
from cicd_health.ui.pipeline_view.trends import Marks
from cicd_health.ui.series import Axis, Days, Newest, Percentiles, Point
from cicd_health.ui.shown import Shown


def draw(
    shown: Shown[Percentiles], newest: Shown[Newest] | None = None, marks: Shown[Marks] | None = None
) -> rx.Component:
    """With `marks`, also where it changed, and the end of the bucket that is not over."""
    return rx.el.div(
        rx.recharts.line_chart(
            plot.grid(),
            *([] if marks is None else [plot.changes(marks), plot.now_line(marks.now)]),
            plot.baseline(),
            line("p95", "var(--c3)"),
            line("mean", "var(--c2)", dashes="4 3"),
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
        custom_attrs={"role": "img", "aria-label": f"Duration of successes over time, {shown.per}"},
    )


def line(key: str, ink: str, dashes: str = "0") -> rx.Component:
    return rx.recharts.line(
        data_key=key,
        stroke=ink,
        stroke_width="1.75",
        type_="linear",
        dot=False,
        active_dot={"r": 3, "stroke": "var(--surface)", "fill": ink},
        connect_nulls=False,
        is_animation_active=False,
        stroke_dasharray=dashes,
    )


def _tip(point: Shown[Point]) -> rx.Component:
    return plot.tooltip_card(
        point.title,
        plot.tooltip_row(plot.stroke("c3"), "p95", point.p95_text),
        plot.tooltip_row(plot.stroke("c2"), "mean", point.mean_text),
        plot.tooltip_row(plot.stroke("c1"), "p50", point.p50_text),
        last=point.of,
    )


def legend() -> rx.Component:
    return plot.legend(
        plot.entry(plot.stroke("c3"), "p95"),
        plot.entry(plot.stroke("c2"), "mean"),
        plot.entry(plot.stroke("c1"), "p50"),
    )


def sample() -> Percentiles:
    """Two weeks of two-minute builds that become slower, with a gap over the weekend."""
    points = []
    for i in range(14):
        gap = i in (5, 6)
        p50 = None if gap else 120.0 + 3 * i
        p95 = None if gap else 300.0 + 40 * (i % 4) + 12 * i
        texts = ("–", "–", "–") if gap else (f"2m {3 * i:02d}s", "5m 40s", "2m 50s")
        points.append(Point(str(i), f"Day {i + 1}", p50, p95, None if gap else 170.0 + 3 * i, *texts, "24 successes"))
    words = {str(i): str(i + 1) for i in range(0, 14, 2)}
    axis = Axis([0, 300, 600, 900], {"0": "0", "300": "5m", "600": "10m", "900": "15m"}, 900)
    return Percentiles("per day", points, Days(list(words), words), axis)


CHART = Chart("durations", "Duration", draw, sample=sample())
