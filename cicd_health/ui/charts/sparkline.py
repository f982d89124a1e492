"""A small line or a few bars, as wide as its card."""

from typing import Any

import reflex as rx

from cicd_health.ui import geometry
from cicd_health.ui.chart import Chart
from cicd_health.ui.geometry import Spark
from cicd_health.ui.shown import Shown, filled


@rx.serializer
def shapes(spark: Spark) -> dict[str, Any]:
    """What is empty is not sent: a spark is a line or bars, not both."""
    return filled(spark)


def draw(spark: Shown[Spark]) -> rx.Component:
    """The box is stretched to the card; strokes and the dot keep their size and shape."""
    ink = rx.cond(spark.tone == "c3", "var(--c3)", "var(--c1)")
    return rx.el.svg(
        rx.el.svg.path(d=spark.area, fill="var(--c-fill)"),
        rx.el.svg.path(d=spark.bars, fill="var(--c2)"),
        rx.el.svg.path(d=spark.last_bar, fill="var(--c1)"),
        rx.el.svg.path(d=spark.ok, fill="var(--ok)"),
        rx.el.svg.path(d=spark.warn, fill="var(--warn)"),
        rx.el.svg.path(d=spark.fail, fill="var(--fail)"),
        rx.el.svg.path(d=spark.off, fill="var(--off)"),
        _stroke(spark.line, ink, "1.5"),
        _stroke(spark.dot, "var(--surface)", "7"),
        _stroke(spark.dot, ink, "5"),
        view_box=f"0 0 {geometry.SPARK_WIDTH} {geometry.SPARK_HEIGHT}",
        width="100%",
        height=str(geometry.SPARK_HEIGHT),
        class_name="block overflow-visible",
        custom_attrs={"preserveAspectRatio": "none", "role": "img", "aria-label": spark.label},
    )


def _stroke(shape: rx.Var[str], ink: rx.Var[str] | str, width: str) -> rx.Component:
    return rx.el.svg.path(
        d=shape,
        fill="none",
        stroke=ink,
        custom_attrs={
            "strokeWidth": width,
            "strokeLinecap": "round",
            "strokeLinejoin": "round",
            "vectorEffect": "non-scaling-stroke",
        },
    )


CHART = Chart(
    "sparkline",
    "Sparkline",
    draw,
    sample=geometry.line([4, 6, 5, None, None, 7, 6, 9, 8, 11], tone="c3", label="a gap is a gap"),
)
