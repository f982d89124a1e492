"""One kind of failure, opened below its row: the failing lines of its newest run, and everywhere it was seen."""

import reflex as rx

from cicd_health.ui.components.alert_dialog import acts
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.panel import BUTTON
from cicd_health.ui.failures_view.opened import ExcerptLine, IncidentLine, Opened, PipelineLine
from cicd_health.ui.shown import Shown

TITLE = "text-12 font-medium text-ink-2"
LINE = "flex items-center gap-2 min-h-7 max-tab:min-h-11 min-w-0"
LINK = "hover:underline truncate max-tab:py-3"


def opened(one: Shown[Opened], span: rx.Var[str]) -> rx.Component:
    """`span` is what narrows an address of runs to the window."""
    return rx.el.div(
        rx.el.div(
            _heading(one),
            rx.cond(
                one.lines.length() > 0,
                rx.el.pre(
                    rx.foreach(one.lines, _line),
                    class_name="log overflow-x-auto py-1.5 rounded-md border border-line bg-surface",
                    tab_index=0,
                    custom_attrs={"aria-label": "Failing lines"},
                ),
                rx.el.p("The failing lines are not kept any more.", class_name="text-12 text-ink-3"),
            ),
            class_name="grid grid-cols-[minmax(0,1fr)] gap-2 content-start",
        ),
        rx.el.div(
            rx.cond(
                one.incidents.length() > 0,
                _part("Open incidents", rx.el.ul(rx.foreach(one.incidents, _incident))),
            ),
            _part("Pipelines", rx.el.ul(rx.foreach(one.pipelines, lambda line: _pipeline(line, span)))),
            rx.cond(
                one.jobs.length() > 1,
                _part("Jobs", rx.el.p(rx.foreach(one.jobs, _job), class_name="flex flex-wrap gap-x-3 gap-y-1 text-12")),
            ),
            class_name="grid grid-cols-[minmax(0,1fr)] gap-3 content-start",
        ),
        class_name="grid gap-x-6 gap-y-4 px-4 pt-3 pb-4 bg-sunken grid-cols-[minmax(0,1fr)] "
        "desk:grid-cols-[minmax(0,1fr)_minmax(320px,420px)] wide:grid-cols-[minmax(0,1fr)_560px]",
    )


def _heading(one: Shown[Opened]) -> rx.Component:
    return rx.el.div(
        rx.el.h2(
            "Newest run ", inside(one.run, to=one.run_href, class_name="text-link hover:underline"), class_name=TITLE
        ),
        rx.el.span(one.failed, title=one.failed, class_name="text-12 text-ink-3 truncate"),
        inside("Open at the failing lines", to=one.run_href, class_name=f"{BUTTON} ml-auto max-tab:h-11"),
        class_name="flex flex-wrap items-center gap-x-3 gap-y-1 min-w-0",
    )


def _line(line: Shown[ExcerptLine]) -> rx.Component:
    return rx.el.span(
        rx.cond(line.text != "", line.text, " "),
        class_name="log-text block px-3 w-max min-w-full data-[line=gap]:text-ink-3",
        custom_attrs={"data-line": line.tone},
    )


def _part(title: str, shown: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.h2(title, class_name=TITLE), shown, class_name="grid grid-cols-[minmax(0,1fr)] gap-1")


def _incident(incident: Shown[IncidentLine]) -> rx.Component:
    return rx.el.li(
        inside(incident.title, to=incident.href, title=incident.title, class_name=f"block {LINK}"),
        rx.el.span(
            rx.el.span(incident.said, class_name="mr-auto text-12 text-ink-3 truncate"),
            acts(incident.key, incident.state, incident.title, ends=False),
            class_name="flex items-center min-h-7 min-w-0 -mr-2",
        ),
        key=incident.key,
        class_name="min-w-0",
    )


def _pipeline(line: Shown[PipelineLine], span: rx.Var[str]) -> rx.Component:
    return rx.el.li(
        inside(line.name, to=line.href, class_name=f"font-medium {LINK}"),
        rx.el.span(line.where, class_name="text-12 text-ink-3 truncate"),
        inside(
            line.runs,
            to=f"{line.runs_href}{span}",
            class_name="ml-auto shrink-0 text-12 text-link hover:underline max-tab:py-3",
        ),
        key=line.key,
        class_name=LINE,
    )


def _job(job: rx.Var[str]) -> rx.Component:
    return rx.el.code(job, key=job, class_name="font-mono")
