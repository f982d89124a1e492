"""One run: what happened, in a sentence; its attempts; its jobs on a scale of time; its log at the failing lines."""

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.components import run_aside
from cicd_health.ui.components.alert_dialog import alert_dialog
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.log_viewer import log_viewer
from cicd_health.ui.components.panel import PRIMARY
from cicd_health.ui.components.run_head import attempts, run_head
from cicd_health.ui.components.waterfall import waterfall
from cicd_health.ui.page import Page
from cicd_health.ui.states.run import AsideState, JobsState, RunState
from cicd_health.ui.states.session import SessionState


def body() -> rx.Component:
    return rx.cond(RunState.phase == "missing", _missing(), _run())


def _run() -> rx.Component:
    aside = AsideState.shown
    return rx.fragment(
        run_head(RunState.head, RunState.verdict, RunState.problem),
        attempts(RunState.head.tabs),
        rx.el.div(
            rx.el.div(
                waterfall(JobsState.shown),
                rx.el.div(run_aside.against(aside.against), class_name="min-w-0 max-desk:order-1 empty:hidden"),
                class_name="contents desk:grid gap-4 tab:gap-5 min-w-0",
            ),
            rx.el.div(log_viewer(), class_name="min-w-0 self-stretch"),  # it stays within this, above what comes below
            rx.el.div(
                run_aside.elsewhere(aside.elsewhere),
                run_aside.alerts(aside.alerts),
                class_name="grid gap-4 tab:gap-5 min-w-0 items-start max-desk:order-2 "
                "grid-cols-[repeat(auto-fit,minmax(min(100%,360px),1fr))] "
                "desk:col-span-2 wide:col-span-1 wide:grid-cols-[minmax(0,1fr)]",
            ),
            class_name="grid gap-4 tab:gap-5 min-w-0 items-start grid-cols-[minmax(0,1fr)] "
            "desk:grid-cols-[minmax(440px,560px)_minmax(0,1fr)] wide:grid-cols-[560px_minmax(0,1fr)_420px]",
        ),
        alert_dialog(),
    )


def _missing() -> rx.Component:
    return rx.el.div(
        rx.el.h1("There is no run ", RunState.asked_for, class_name="text-18 tab:text-20 font-semibold"),
        rx.el.p("It may have been deleted, or the address is mistyped.", class_name="text-ink-2"),
        inside("All runs", to=routes.RUNS, class_name=f"{PRIMARY} max-tab:h-11 mt-2"),
        class_name="grid gap-2 justify-items-center content-center min-h-[60vh] p-6 text-center",
    )


PAGE = Page(
    routes.RUN,
    "Run",
    body=body,
    on_load=[RunState.follow, SessionState.load],
    menu=False,
)
