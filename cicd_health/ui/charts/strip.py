"""The last 30 runs of a pipeline: height is duration, a foot did not pass."""

from datetime import UTC, datetime
from typing import Any

import reflex as rx

from cicd_health.model.health import StripRun
from cicd_health.model.runs import Outcome
from cicd_health.ui import geometry
from cicd_health.ui.chart import Chart
from cicd_health.ui.geometry import Strip
from cicd_health.ui.shown import Shown, filled


@rx.serializer
def shapes(strip: Strip) -> dict[str, Any]:
    """What is empty is not sent: most strips have three colours of seven."""
    return filled(strip)


def draw(strip: Shown[Strip], size: str = "w-[149px] wide:w-60 h-[26px]") -> rx.Component:
    return rx.el.svg(
        _bars(strip.absent, "var(--line-2)", {"strokeWidth": "1", "strokeDasharray": "4 1"}),
        _bars(strip.ok, "var(--ok)"),
        _bars(strip.warn, "var(--warn)"),
        _bars(strip.fail, "var(--fail)"),
        _bars(strip.off, "var(--off)", {"strokeWidth": "1", "vectorEffect": "non-scaling-stroke"}),
        _bars(strip.run, "var(--run)", {"opacity": ".35"}),
        _bars(strip.run_cap, "var(--run)"),
        view_box="0 0 149 26",
        fill="none",
        class_name=f"block {size}",
        custom_attrs={
            "strokeWidth": str(geometry.WIDTH),
            "preserveAspectRatio": "none",
            "role": "img",
            "aria-label": strip.label,
        },
    )


def _bars(shape: rx.Var[str], ink: str, look: dict[str, Any] | None = None) -> rx.Component:
    return rx.el.svg.path(d=shape, stroke=ink, custom_attrs=look or {})


def _sample() -> Strip:
    kinds = [Outcome.SUCCESS] * 12 + [Outcome.FAILURE, Outcome.SUCCESS, Outcome.CANCELLED, Outcome.UNSTABLE]
    kinds += [Outcome.SUCCESS] * 5 + [Outcome.FAILURE, Outcome.FAILURE, Outcome.RUNNING]
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return geometry.strip(
        [
            StripRun(i, i, outcome, rescued=i in (6, 18), duration_s=200.0 + 37 * i % 90, created_at=at)
            for i, outcome in enumerate(kinds)
        ]
    )


CHART = Chart("strip", "Run strip", draw, sample=_sample())
