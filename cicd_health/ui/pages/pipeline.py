"""One pipeline: how it is, since when and why; what is wrong first, then its trends, jobs, and when it runs."""

from typing import Any

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.charts import durations, heat, outcomes, queue, rate
from cicd_health.ui.components import pipeline_troubles
from cicd_health.ui.components.choices import BAR, segments, select
from cicd_health.ui.components.explain import explain_drawer
from cicd_health.ui.components.heading import problem
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.panel import BUTTON, PRIMARY, SUB, SURFACE, notice, panel
from cicd_health.ui.components.pipeline_head import figures, pipeline_head
from cicd_health.ui.components.pipeline_runs import comparison, pipeline_runs
from cicd_health.ui.components.slowest import slowest_jobs, slowest_steps
from cicd_health.ui.page import Page
from cicd_health.ui.states.explain import ExplainState
from cicd_health.ui.states.pipeline import (
    PipelineChartsState,
    PipelineJobsState,
    PipelineNumbersState,
    PipelineRunsState,
    PipelineState,
    PipelineTroublesState,
)
from cicd_health.ui.states.session import SessionState

# A type checker cannot follow a variable of a state into the page.
CHOICES: Any = PipelineState.bar
PLOT = "px-3 pt-2 pb-3"
STACK = "grid gap-4 tab:gap-5 min-w-0 content-start grid-cols-[minmax(0,1fr)]"


def body() -> rx.Component:
    return rx.cond(PipelineState.phase == "missing", _missing(), _pipeline())


def _bar() -> rx.Component:
    return rx.el.div(
        rx.cond(PipelineState.phase == "missing", rx.fragment(), rx.fragment(*_choices())),
        class_name=f"{BAR} max-tab:[&_label]:h-11",
    )


def _choices() -> list[rx.Component]:
    return [
        segments("Window", CHOICES.windows),
        select(
            "Branch",
            CHOICES.branch,
            rx.foreach(CHOICES.branches, lambda name: rx.el.option(name, value=name, key=name)),
            PipelineState.choose_branch,
        ),
        rx.el.span(CHOICES.zone, class_name="hidden desk:inline ml-auto text-12 text-ink-3 whitespace-nowrap"),
    ]


def _pipeline() -> rx.Component:
    numbers = PipelineNumbersState
    return rx.fragment(
        pipeline_head(PipelineState.head, PipelineState.verdict),
        rx.cond(PipelineState.problem != "", problem(PipelineState.problem)),
        rx.el.div(
            rx.el.div(
                figures(numbers.last_runs, numbers.figures),
                rx.cond(PipelineState.head.nothing != "", _nothing(), _inside_the_window()),
                class_name=STACK,
            ),
            rx.el.div(
                _latest(),
                comparison(numbers.comparison),
                class_name=f"{STACK} desk:max-wide:grid-cols-[minmax(0,1fr)_520px] items-start",
            ),
            class_name="grid gap-4 tab:gap-5 min-w-0 items-start grid-cols-[minmax(0,1fr)] "
            "wide:grid-cols-[minmax(0,1fr)_800px]",
        ),
        explain_drawer(),
    )


def _inside_the_window() -> rx.Component:
    troubles, jobs = PipelineTroublesState.shown, PipelineJobsState
    return rx.fragment(
        rx.el.div(
            pipeline_troubles.failures(troubles),
            rx.el.div(pipeline_troubles.changes(troubles), pipeline_troubles.flaky(troubles), class_name=STACK),
            class_name=f"{STACK} desk:grid-cols-2 items-start",
        ),
        _charts(),
        rx.el.div(
            rx.el.div(slowest_jobs(jobs.shown, jobs.sparks), _heat(), class_name=STACK),
            slowest_steps(jobs.shown),
            class_name=f"{STACK} desk:grid-cols-[minmax(0,7fr)_minmax(0,5fr)] items-start",
        ),
    )


def _charts() -> rx.Component:
    shown = PipelineChartsState
    return rx.el.div(
        panel(
            "Success rate",
            rx.el.div(rate.draw(shown.rates, shown.rate_marks), class_name=PLOT),
            sub=_per(shown.rates.per),
        ),
        panel(
            "Outcomes",
            rx.el.div(outcomes.draw(shown.outcomes, shown.running.bars), class_name=PLOT),
            sub=_per(shown.outcomes.per),
            end=outcomes.legend(shown.running.totals),
        ),
        panel(
            "Duration",
            rx.el.div(durations.draw(shown.durations, shown.running.durations, shown.duration_marks), class_name=PLOT),
            sub=_per(rx.cond(shown.durations.per != "", f"successes, {shown.durations.per}", "")),
            end=durations.legend(),
        ),
        panel(
            "Queue",
            rx.el.div(queue.draw(shown.queues, shown.running.queues, shown.queue_marks), class_name=PLOT),
            sub=_per(shown.queues.per),
            end=queue.legend(),
        ),
        class_name=f"{STACK} desk:grid-cols-2",
    )


def _per(words: rx.Var[str]) -> rx.Component:
    return rx.el.span(words, class_name=f"{SUB} hidden tab:inline")


def _heat() -> rx.Component:
    return panel(
        "When it runs",
        rx.cond(
            PipelineJobsState.heat.rows.length() > 0,
            rx.el.div(heat.draw(PipelineJobsState.heat), class_name="p-3"),
            rx.el.div(class_name="h-[250px]"),
        ),
        sub=rx.el.span("runs, by weekday and hour", class_name=SUB),
        end=rx.el.span("foot = share that did not pass", class_name=f"{SUB} max-tab:hidden"),
    )


def _latest() -> rx.Component:
    runs = PipelineRunsState
    return pipeline_runs(
        runs.rows,
        runs.now,
        runs.loaded,
        _held_back(),
        PipelineState.head.runs,
        on_mouse_enter=runs.hold,
        on_mouse_leave=runs.release,
    )


def _held_back() -> rx.Component:
    """New runs do not push the rows away from under the pointer."""
    return rx.el.span(
        rx.cond(
            PipelineRunsState.waiting != "",
            rx.el.button(
                PipelineRunsState.waiting,
                " · Show",
                type="button",
                on_click=PipelineRunsState.join,
                class_name="text-12 font-medium text-link",
            ),
        ),
        role="status",
    )


def _nothing() -> rx.Component:
    head = PipelineState.head
    further = rx.cond(head.wider != "", inside("Look further", to=head.wider, class_name=f"{BUTTON} mt-2 max-tab:h-11"))
    return rx.el.section(notice(head.nothing, head.hint, further), class_name=f"{SURFACE} py-8")


def _missing() -> rx.Component:
    return rx.el.div(
        rx.el.h1("There is no pipeline ", PipelineState.asked_for, class_name="text-18 tab:text-20 font-semibold"),
        rx.el.p("It may have been deleted, or the address is mistyped.", class_name="text-ink-2"),
        inside("All pipelines", to=routes.PIPELINES, class_name=f"{PRIMARY} max-tab:h-11 mt-2"),
        class_name="grid gap-2 justify-items-center content-center min-h-[60vh] p-6 text-center",
    )


PAGE = Page(
    routes.PIPELINE,
    "Pipeline",
    body=body,
    bar=_bar,
    on_load=[PipelineState.follow, ExplainState.follow, SessionState.load],
    menu=False,
)
