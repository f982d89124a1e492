"""The strip of six cards."""

import reflex as rx

from cicd_health.ui.cards import EXPLAINED_BY, SECOND_EXPLAINED_BY, Card
from cicd_health.ui.charts import sparkline
from cicd_health.ui.components.explain import explain_link
from cicd_health.ui.components.link import COVERING
from cicd_health.ui.components.mark import delta
from cicd_health.ui.components.panel import bar
from cicd_health.ui.geometry import Spark
from cicd_health.ui.shown import Shown

CELL = (
    "relative grid gap-1 content-start min-w-0 px-4 py-3 border-line "
    "max-tab:border-t max-tab:nth-[-n+2]:border-t-0 max-tab:even:border-l "
    "tab:border-l tab:max-desk:nth-[3n+1]:border-l-0 tab:max-desk:nth-[n+4]:border-t desk:first:border-l-0"
)
STRIP = "grid grid-cols-2 tab:grid-cols-3 desk:grid-cols-6 bg-surface border-y tab:border-x border-line tab:rounded-lg"
LABEL = "flex items-center justify-between gap-2 text-12 font-medium text-ink-2 whitespace-nowrap"
VALUE = "text-20 tab:text-22 leading-7 normal-nums font-semibold tracking-[-0.02em] whitespace-nowrap"
UNIT = "text-12 tab:text-14 font-medium tracking-normal text-ink-2"
METRIC = rx.Var.create(EXPLAINED_BY)
SECOND_METRIC = rx.Var.create(SECOND_EXPLAINED_BY)
LINE = "text-12 text-ink-3 tab:truncate"


def card(shown: Shown[Card], spark: Shown[Spark], explaining: Shown[str]) -> rx.Component:
    """All of it opens what stands behind its number; a second line of another number opens that."""
    return rx.el.section(
        rx.el.h3(shown.label, rx.cond(shown.compared, delta(shown.delta)), class_name=LABEL),
        explain_link(
            shown.value,
            rx.cond(shown.unit != "", rx.el.small(" ", shown.unit, class_name=UNIT)),
            rx.cond(
                shown.other_value != "",
                rx.fragment(
                    rx.el.span("·", class_name="px-1 font-normal text-ink-3", aria_hidden="true"), shown.other_value
                ),
            ),
            to=f"{explaining}{METRIC[shown.slug]}",
            label=f"{shown.first}\n{shown.alarm}{shown.second}",
            class_name=f"{VALUE} {COVERING}",
        ),
        rx.el.div(sparkline.draw(spark), class_name="h-7 my-0.5"),
        rx.el.p(shown.first, class_name=LINE),
        rx.el.p(
            rx.cond(shown.alarm != "", rx.el.b(shown.alarm, class_name="font-medium text-fail-ink")),
            rx.cond(
                SECOND_METRIC.contains(shown.slug),
                explain_link(shown.second, to=f"{explaining}{SECOND_METRIC[shown.slug]}", label=shown.second),
                shown.second,
            ),
            class_name=LINE,
        ),
        class_name=f"{CELL} hover:bg-hover transition-colors duration-120",
        custom_attrs={"aria-label": shown.label},
    )


def cards(shown: Shown[list[Card]], sparks: Shown[dict[str, Spark]], explaining: Shown[str]) -> rx.Component:
    return rx.el.div(
        rx.cond(
            shown.length() > 0,
            rx.foreach(shown, lambda one: rx.fragment(card(one, sparks[one.slug], explaining), key=one.slug)),
            rx.fragment(*[_loading() for _ in range(6)]),
        ),
        class_name=STRIP,
    )


def _loading() -> rx.Component:
    return rx.el.div(
        rx.el.div(bar("w-20"), class_name="h-4"),
        rx.el.div(bar("w-28", "h-5"), class_name="h-7"),
        rx.el.div(bar("w-full", "h-7"), class_name="my-0.5"),
        rx.el.div(bar("w-32"), class_name="h-4"),
        rx.el.div(bar("w-24"), class_name="h-4"),
        class_name=CELL + " appear",
        aria_hidden="true",
    )
