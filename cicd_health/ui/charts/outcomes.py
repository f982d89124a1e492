"""Runs by outcome, per bucket. What failed stands on the baseline, so that failures can be compared."""

from typing import Any

import reflex as rx

from cicd_health.ui.chart import Chart
from cicd_health.ui.components import plot
from cicd_health.ui.components.explain import explain_link
from cicd_health.ui.series import Axis, Days, OutcomeBar, Outcomes, Totals
from cicd_health.ui.shown import Shown

STACK = "outcome"
HEIGHT = plot.HEIGHT


def draw(shown: Shown[Outcomes], running: Shown[list[OutcomeBar]] | None = None) -> rx.Component:
    """Hatched: the bucket that is not over, `running`, if it is not among the bars.

    A foot under the baseline says "did not pass" without colour.
    """
    return rx.el.div(
        rx.recharts.bar_chart(
            plot.grid(),
            _part("gap", "transparent"),
            _part("foot", "var(--fail)"),
            _part("warn_foot", "var(--warn)"),
            _part("failed", "var(--fail)"),
            _part("now_failed", "url(#hatch-fail)"),
            _part("unstable", "var(--warn)"),
            _part("now_unstable", "url(#hatch-warn)"),
            _part("passed", "var(--ok)"),
            _part("now_passed", "url(#hatch-ok)"),
            rx.recharts.bar(
                data_key="left_out",
                stack_id=STACK,
                fill="transparent",
                stroke="var(--off)",
                stroke_width=1,
                is_animation_active=False,
            ),
            plot.baseline(),
            plot.now_line(shown.now),
            plot.x_axis(shown.days, height=20),
            plot.y_axis(shown.axis, floor=shown.floor),
            plot.tooltip(_tip, OutcomeBar),
            data=plot.points(shown.bars, running),
            height=HEIGHT,
            margin=plot.MARGIN,
            bar_category_gap="9%",
            custom_attrs={"stackOffset": "sign"},  # what is negative, the feet, goes below the baseline
        ),
        class_name="h-52",
        custom_attrs={"role": "img", "aria-label": f"Runs by outcome over time, {shown.per}"},
    )


def _part(key: str, fill: str) -> rx.Component:
    """The edge in the colour of the ground is the pixel between two parts."""
    return rx.recharts.bar(
        data_key=key,
        stack_id=STACK,
        fill=fill,
        stroke="var(--surface)" if fill != "transparent" else "none",
        stroke_width=1,
        is_animation_active=False,
    )


def _tip(bar: Shown[OutcomeBar]) -> rx.Component:
    return plot.tooltip_card(
        bar.title,
        plot.tooltip_row(plot.swatch("ok"), "passed", _both(bar.passed, bar.now_passed)),
        plot.tooltip_row(plot.swatch("fail"), "failed", _both(bar.failed, bar.now_failed)),
        plot.tooltip_row(plot.swatch("warn"), "unstable", _both(bar.unstable, bar.now_unstable)),
        plot.tooltip_row(plot.swatch("off"), "left out", bar.left_out),
        last=bar.share,
    )


def _both(over: Any, now: Any) -> Any:
    """A bucket is over or it is not: one of the two is 0."""
    return over.to(int) + now.to(int)


def legend(shown: Shown[Totals], explaining: Shown[str] | None = None) -> rx.Component:
    """The totals; they equal the cards, and open what stands behind them where a page can explain."""

    def total(tone: str, number: rx.Var[str], word: str, metric: str) -> rx.Component:
        words = number, f" {word}"
        said = words if explaining is None else (explain_link(*words, to=f"{explaining}{metric}"),)
        return plot.entry(plot.swatch(tone), *said)

    return plot.legend(
        total("fail", shown.failed, "failed", "failure_rate"),
        total("warn", shown.unstable, "unstable", "failure_rate"),
        total("ok", shown.passed, "passed", "success_rate"),
        total("off", shown.left_out, "left out", "success_rate"),
    )


def _sample() -> Outcomes:
    counts = [(20, 2, 0, 0), (35, 0, 1, 1), (52, 4, 0, 3), (18, 1, 0, 2), (44, 0, 0, 0), (61, 5, 2, 4), (30, 3, 0, 0)]
    pixel = 80 / 176
    bars = [
        OutcomeBar(
            key=str(i),
            title=f"Bucket {i + 1}",
            failed=failed if i < 6 else 0,
            unstable=unstable,
            passed=passed if i < 6 else 0,
            left_out=out,
            share=f"{passed} of {passed + failed + unstable}",
            now_failed=failed if i == 6 else 0,
            now_passed=passed if i == 6 else 0,
            gap=-pixel if failed or unstable else 0,
            foot=-3 * pixel if failed else 0,
            warn_foot=-3 * pixel if unstable and not failed else 0,
        )
        for i, (passed, failed, unstable, out) in enumerate(counts)
    ]
    words = dict(zip("0123456", ["Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"], strict=True))
    axis = Axis([0, 20, 40, 60, 80], {str(n): str(n) for n in (0, 20, 40, 60, 80)}, 80)
    return Outcomes("per day", bars, Days(list(words), words), axis, -4 * pixel, "6")


CHART = Chart("outcomes", "Outcomes", draw, sample=_sample())
