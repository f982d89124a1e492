"""The jobs of an attempt on one scale of time: waiting hatched, working solid, a chosen job opened to its steps."""

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.components.link import inside
from cicd_health.ui.components.mark import lone_glyph, toned
from cicd_health.ui.components.panel import SUB, bar, panel
from cicd_health.ui.run_view.waterfall import Bar, JobLine, StepLine, Waterfall
from cicd_health.ui.shown import Shown
from cicd_health.ui.states.run import JobsState

COLUMNS = "grid grid-cols-[minmax(0,1fr)_38%_60px] tab:grid-cols-[minmax(0,1fr)_264px_60px] items-center gap-3 px-4"
STEP = f"{COLUMNS} h-[26px] max-tab:min-h-[26px]"


def waterfall(shown: Shown[Waterfall]) -> rx.Component:
    return panel(
        "Jobs",
        rx.cond(
            shown.jobs.length() > 0,
            rx.fragment(
                _scale(shown),
                rx.el.ul(
                    rx.foreach(shown.jobs, lambda job: _job(job=job, open=JobsState.opened[job.key], key=job.key)),
                    class_name="tab:max-h-[calc(100vh-220px)] max-tab:max-h-[60vh] "
                    "overflow-y-auto [scrollbar-width:thin]",
                ),
            ),
            rx.cond(shown.nothing != "", rx.el.p(shown.nothing, class_name="p-5 text-center text-ink-3"), _loading()),
        ),
        sub=rx.el.span(
            shown.summary, rx.cond(shown.order != "", rx.el.span(", ", shown.order)), class_name=f"{SUB} truncate"
        ),
        end=rx.cond(
            shown.jobs.length() > 0,
            rx.el.span(
                rx.el.span(class_name="hatched block w-3 h-1.5"),
                "waiting",
                class_name="flex items-center gap-2 text-12 text-ink-2",
            ),
        ),
    )


def _scale(shown: Shown[Waterfall]) -> rx.Component:
    return rx.el.div(
        rx.el.span("Job and step", class_name="truncate"),
        rx.el.span(
            rx.foreach(
                shown.ticks,
                lambda tick: rx.el.span(
                    tick.text,
                    style={"left": tick.left},
                    class_name="absolute top-0 whitespace-nowrap first:translate-x-0 -translate-x-1/2 "
                    "last:-translate-x-full",
                ),
            ),
            class_name="relative h-4",
        ),
        rx.el.span(),
        class_name=f"{COLUMNS} h-7 text-11 text-ink-3 border-b border-line",
        aria_hidden="true",
    )


@rx.memo
def _job(*, job: ObjectVar[JobLine], open: rx.Var[bool], rest: rx.RestProp) -> rx.Component:
    return rx.el.li(
        inside(
            rx.el.span(
                lone_glyph(job.mark),
                rx.el.span(job.name, class_name="truncate"),
                class_name=rx.cond(
                    job.words != "",
                    "flex items-center gap-2 min-w-0 text-ink-3",
                    "flex items-center gap-2 min-w-0 font-medium",
                ),
                title=job.name,
            ),
            rx.el.span(
                rx.cond(job.wait.width != "", _bar(job.wait, "top-[5px] h-1.5 hatched")),
                rx.cond(job.work.width != "", _bar(job.work, "top-0.5 h-3 rounded-[2px] bg-tone")),
                class_name="relative block h-4",
                custom_attrs=toned(job.tone),
            ),
            rx.el.span(
                job.duration, rx.el.span(job.words, class_name="text-ink-3"), class_name="text-right whitespace-nowrap"
            ),
            to=job.href,
            prevent_scroll_reset=True,
            on_click=JobsState.toggle(job.key),
            class_name=f"{COLUMNS} h-9 max-tab:h-11 hover:bg-hover focus-visible:-outline-offset-2",
            custom_attrs={"aria-expanded": rx.cond(open, "true", "false")},
        ),
        rx.cond(
            open & (job.steps.length() > 0),
            rx.el.ul(rx.foreach(job.steps, _step), class_name="pb-2"),
        ),
        rest,
        class_name=rx.cond(
            job.chosen,
            "border-b border-line last:border-b-0 bg-hover shadow-[inset_2px_0_0_var(--focus)]",
            "border-b border-line last:border-b-0",
        ),
        custom_attrs={"aria-current": rx.cond(job.chosen, "true", "false")},
    )


def _step(step: Shown[StepLine]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            lone_glyph(step.mark, 12),
            rx.el.span(step.name, class_name="truncate"),
            class_name="flex items-center gap-2 min-w-0 pl-[22px] text-12 text-tone-word font-(--tone-weight)",
            title=step.name,
            custom_attrs=toned(step.tone),
        ),
        rx.el.span(
            rx.cond(step.bar.width != "", _bar(step.bar, "top-[3px] h-1.5 rounded-[1px] bg-tone")),
            class_name="relative block h-3",
            custom_attrs=toned(step.tone),
        ),
        rx.el.span(step.duration, class_name="text-right text-12 text-ink-2 whitespace-nowrap"),
        key=step.key,
        class_name=STEP,
    )


def _bar(bar: Shown[Bar], look: str) -> rx.Component:
    return rx.el.span(style={"left": bar.left, "width": bar.width}, class_name=f"absolute block {look}")


def _loading() -> rx.Component:
    return rx.el.div(
        *[
            rx.el.div(
                bar("w-32"), bar("w-40"), class_name="flex items-center justify-between h-9 px-4 border-b border-line"
            )
            for _ in range(5)
        ],
        class_name="appear",
        aria_hidden="true",
    )
