"""The overview: what is broken, how it goes, and every pipeline, on one page."""

from typing import Any

import reflex as rx

from cicd_health.ui import routes
from cicd_health.ui.charts import durations, outcomes, queue
from cicd_health.ui.components.alert_dialog import alert_dialog
from cicd_health.ui.components.attention import attention
from cicd_health.ui.components.card import cards
from cicd_health.ui.components.explain import explain_drawer, explain_link
from cicd_health.ui.components.filter_bar import filter_bar
from cicd_health.ui.components.first_start import first_start
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.panel import BUTTON, SUB, bar, notice, panel
from cicd_health.ui.components.pipelines_table import pipelines_table
from cicd_health.ui.components.runs_table import runs_table
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.page import Page
from cicd_health.ui.states.explain import ExplainState
from cicd_health.ui.states.latest import LatestState
from cicd_health.ui.states.overview import (
    AttentionState,
    CardsState,
    ChartsState,
    HeadingState,
    OverviewState,
    PipelinesState,
)
from cicd_health.ui.states.session import SessionState

PLOT = "px-3 pt-2 pb-3"
EXPLAINING: Any = HeadingState.shown.explaining


def body() -> rx.Component:
    return rx.cond(HeadingState.phase == "first", first_start(), _dashboard())


def _bar() -> rx.Component:
    return rx.cond(HeadingState.phase == "first", rx.fragment(), filter_bar())


def _dashboard() -> rx.Component:
    return rx.fragment(
        _heading(),
        rx.cond(HeadingState.problem != "", _problem()),
        rx.el.div(
            rx.el.div(
                attention(AttentionState.shown),
                cards(CardsState.shown, CardsState.sparks, EXPLAINING),
                rx.cond(HeadingState.shown.nothing != "", _nothing(), _charts()),
                pipelines_table(PipelinesState.shown, PipelinesState.now, PipelinesState.strips, EXPLAINING),
                class_name="grid gap-4 tab:gap-5 min-w-0",
            ),
            runs_table(
                LatestState.rows,
                LatestState.now,
                rx.cond(
                    LatestState.total != "",
                    explain_link(LatestState.total, to=EXPLAINING + "throughput_per_day", class_name=SUB),
                ),
                LatestState.loaded,
                _held_back(),
                on_mouse_enter=LatestState.hold,
                on_mouse_leave=LatestState.release,
            ),
            class_name="grid gap-4 tab:gap-5 min-w-0 items-start grid-cols-[minmax(0,1fr)] "
            "wide:grid-cols-[minmax(0,1fr)_800px]",
        ),
        explain_drawer(),
        alert_dialog(),
    )


def _heading() -> rx.Component:
    shown = HeadingState.shown
    return rx.el.div(
        rx.cond(
            shown.sentence != "",
            rx.fragment(
                rx.el.h1(
                    shown.sentence, class_name="normal-nums text-18 tab:text-20 font-semibold tracking-[-0.015em]"
                ),
                rx.el.span(shown.period, class_name=SUB),
                inside(
                    "Wall",
                    to=shown.wall,
                    title="For a large screen",
                    class_name="hidden tab:inline ml-auto text-12 font-medium text-link",
                ),
            ),
            rx.el.div(
                bar("w-72 tab:w-[560px]", "h-5"),
                bar("w-56 tab:hidden", "h-5"),
                bar("w-64 tab:hidden"),
                class_name="grid content-center gap-1.5 h-21 tab:h-7 appear",
            ),
        ),
        class_name="flex flex-wrap items-baseline content-start gap-x-3 gap-y-1 min-h-21 tab:min-h-7 max-tab:px-4",
    )


def _problem() -> rx.Component:
    return rx.el.p(
        rx.el.span(glyph("startup_failure", 16, label="Error"), class_name="text-fail"),
        HeadingState.problem,
        class_name="flex items-center gap-3 px-4 py-3 tab:rounded-lg border-y tab:border-x border-fail-line "
        "bg-fail-soft text-fail-ink font-medium",
        role="alert",
    )


def _nothing() -> rx.Component:
    shown = HeadingState.shown
    return rx.el.section(
        notice(shown.nothing, shown.hint, inside("Look further", to=shown.wider, class_name=f"{BUTTON} mt-2")),
        class_name="bg-surface border-y tab:border-x border-line tab:rounded-lg py-8",
    )


def _charts() -> rx.Component:
    shown = ChartsState
    return rx.el.div(
        panel(
            "Outcomes",
            rx.el.div(outcomes.draw(shown.outcomes, shown.running.bars), class_name=PLOT),
            sub=_per(shown.outcomes.per),
            end=outcomes.legend(shown.running.totals, EXPLAINING),
        ),
        panel(
            "Duration",
            rx.el.div(durations.draw(shown.durations, shown.running.durations), class_name=PLOT),
            sub=_per(rx.cond(shown.durations.per != "", f"successes, {shown.durations.per}", "")),
            end=durations.legend(),
        ),
        panel(
            "Queue",
            rx.el.div(queue.draw(shown.queues, shown.running.queues), class_name=PLOT),
            sub=_per(shown.queues.per),
            end=queue.legend(),
        ),
        class_name="grid gap-4 tab:gap-5 min-w-0 grid-cols-[minmax(0,1fr)] "
        "desk:grid-cols-[minmax(0,522fr)_minmax(0,466fr)_minmax(0,364fr)]",
    )


def _per(words: rx.Var[str]) -> rx.Component:
    return rx.el.span(words, class_name=f"{SUB} hidden tab:inline")


def _held_back() -> rx.Component:
    """New runs do not push the rows away from under the pointer."""
    return rx.el.span(
        rx.cond(
            LatestState.waiting != "",
            rx.el.button(
                LatestState.waiting,
                " · Show",
                type="button",
                on_click=LatestState.join,
                class_name="text-12 font-medium text-link",
            ),
        ),
        role="status",
    )


PAGE = Page(
    routes.OVERVIEW,
    "Overview",
    body=body,
    icon="pulse",
    bar=_bar,
    on_load=[OverviewState.follow, ExplainState.follow, SessionState.load],
)
