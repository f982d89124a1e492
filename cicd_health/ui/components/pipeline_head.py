"""The head of a pipeline's page: where it belongs, how it is, its last 30 runs and its figures."""

import reflex as rx

from cicd_health.ui.charts import strip
from cicd_health.ui.components.explain import explain_link
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.mark import delta, pill, toned
from cicd_health.ui.components.panel import SUB, SURFACE, bar
from cicd_health.ui.components.run_head import BUTTON, breadcrumb, verdict_box
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.pipeline_view.figures import Figure
from cicd_health.ui.pipeline_view.head import Head, LastRuns, StripLink
from cicd_health.ui.run_view.verdict import Verdict
from cicd_health.ui.shown import Shown

FIGURES = 8
CELL = (
    "grid gap-0.5 content-center min-w-0 px-4 py-2.5 border-line min-h-[84px] "
    "border-t max-tab:even:border-l max-tab:nth-[-n+2]:border-t-0 "
    "tab:border-l tab:nth-[4n+1]:border-l-0 tab:nth-[-n+4]:border-t-0 desk:nth-[4n+1]:border-l"
)


def pipeline_head(head: Shown[Head], verdict: Shown[Verdict]) -> rx.Component:
    return rx.el.div(
        rx.cond(
            head.title != "",
            rx.fragment(breadcrumb(head.crumbs), _title(head), verdict_box(verdict)),
            _loading(),
        ),
        class_name="grid gap-3 min-w-0 grid-cols-[minmax(0,1fr)]",
    )


def _title(head: Shown[Head]) -> rx.Component:
    return rx.el.div(
        rx.el.h1(
            head.title,
            class_name="text-18 tab:text-20 font-semibold tracking-[-0.015em] min-w-0 [overflow-wrap:anywhere]",
        ),
        pill(head.mark),
        rx.el.span(head.where, class_name="text-ink-3 truncate"),
        rx.el.span(head.period, class_name=f"{SUB} max-desk:hidden"),
        rx.el.span(class_name="grow"),
        rx.el.div(
            inside("All runs", to=head.runs, class_name=BUTTON),
            rx.cond(
                head.url != "",
                rx.el.a(
                    "Open on ",
                    head.provider,
                    glyph("external", 16),
                    href=head.url,
                    target="_blank",
                    rel="noopener noreferrer",
                    class_name=BUTTON,
                ),
            ),
            class_name="flex flex-wrap gap-2 tab:gap-3",
        ),
        class_name="flex flex-wrap items-center gap-x-3 gap-y-2 max-tab:px-4 min-w-0",
    )


def figures(last_runs: Shown[LastRuns], shown: Shown[list[Figure]]) -> rx.Component:
    """The strip, large, and beside it the numbers, each a way to how it is made."""
    return rx.el.section(
        _strip(last_runs),
        rx.el.dl(
            rx.cond(
                shown.length() > 0,
                rx.foreach(shown, _figure),
                rx.fragment(*[_figure_loading() for _ in range(FIGURES)]),
            ),
            class_name="grid grid-cols-2 tab:grid-cols-4 min-w-0 max-desk:border-t border-line",
        ),
        class_name=f"{SURFACE} grid grid-cols-[minmax(0,1fr)] desk:grid-cols-[minmax(0,420fr)_minmax(0,970fr)]",
        custom_attrs={"aria-label": "Figures"},
    )


def _strip(shown: Shown[LastRuns]) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.h2("Last 30 runs", class_name="text-12 font-medium text-ink-2"),
            rx.el.span("height = duration, foot = did not pass", class_name=SUB),
            class_name="flex items-baseline justify-between gap-3 whitespace-nowrap overflow-hidden",
        ),
        rx.el.div(
            strip.draw(shown.strip, "w-full h-[91px]"),
            rx.el.div(
                rx.foreach(shown.links, _bar),
                class_name="absolute inset-0 grid grid-cols-[repeat(30,minmax(0,1fr))]",
            ),
            class_name="relative",
        ),
        rx.el.div(
            rx.el.span(shown.first),
            rx.el.span(shown.last),
            class_name="flex justify-between text-11 text-ink-3 min-h-4",
        ),
        class_name="grid gap-1.5 content-center px-4 py-3 min-w-0 min-h-[168px]",
    )


def _bar(link: Shown[StripLink]) -> rx.Component:
    return inside(
        to=link.href,
        title=link.title,
        style={"gridColumn": link.column},
        class_name="rounded-sm hover:outline-1 hover:outline-control",
        key=link.key,
        custom_attrs={"aria-label": link.title},
    )


def _figure(figure: Shown[Figure]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(
            rx.el.span(figure.label, class_name="truncate"),
            delta(figure.delta),
            class_name="flex items-center justify-between gap-2 text-12 font-medium text-ink-2 whitespace-nowrap",
        ),
        rx.el.dd(
            explain_link(figure.value, to=figure.href, label=f"{figure.label} {figure.value}"),
            class_name="text-18 normal-nums font-semibold tracking-[-0.015em] whitespace-nowrap text-tone-word",
            custom_attrs=toned(figure.tone),
        ),
        rx.el.dd(figure.beside, class_name="text-12 text-ink-3"),
        class_name=CELL,
        key=figure.slug,
    )


def _figure_loading() -> rx.Component:
    return rx.el.div(
        bar("w-24"), bar("w-28", "h-5"), bar("w-32"), class_name=CELL + " gap-2! appear", aria_hidden="true"
    )


def _loading() -> rx.Component:
    return rx.el.div(
        bar("w-56"),
        bar("w-72 tab:w-[480px]", "h-7"),
        bar("w-full", "h-[70px]"),
        class_name="appear grid gap-3 max-tab:px-4",
        aria_hidden="true",
    )
