"""The pipelines, worst first, each with the strip of its last 30 runs."""

from typing import Any

import reflex as rx
from reflex.vars import ObjectVar

from cicd_health.ui.charts import strip
from cicd_health.ui.components.explain import explain_link
from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import delta, lone_glyph, marked, toned
from cicd_health.ui.components.panel import SUB, bar, notice, panel
from cicd_health.ui.components.sprite import glyph
from cicd_health.ui.geometry import Strip
from cicd_health.ui.rows import Activity, PipelineNow, PipelineRow
from cicd_health.ui.shown import Shown, filled
from cicd_health.ui.view import Choice, Pipelines

HEAD = (
    "px-3 py-2 first:pl-4 last:pr-4 text-12 font-medium text-ink-3 text-left border-b border-line whitespace-nowrap "
    "bg-surface tab:sticky tab:top-24 tab:z-10"
)
CELL = (
    "tab:h-9 tab:px-3 tab:first:pl-4 tab:last:pr-4 tab:border-t tab:border-line whitespace-nowrap "
    "tab:group-first:border-t-0"
)
ROW = (
    "group relative tab:hover:bg-hover transition-colors duration-120 max-tab:grid "
    "max-tab:grid-cols-[16px_minmax(0,1fr)_auto] "
    "max-tab:gap-x-3 max-tab:gap-y-1 max-tab:px-4 max-tab:py-2.5 max-tab:border-t max-tab:border-line "
    "max-tab:first:border-t-0"
)
CHIP = (
    "relative max-tab:after:absolute max-tab:after:-inset-y-[9px] max-tab:after:inset-x-0 "
    "inline-flex items-center gap-1.5 h-7 px-2 rounded-md border text-12 whitespace-nowrap transition-colors "
    "duration-120 "
    "border-line-2 bg-surface text-ink-2 hover:bg-hover "
    "aria-[current=true]:bg-selected aria-[current=true]:border-run-line aria-[current=true]:text-ink"
)
COLUMNS = (
    ("State", "w-[116px]"),
    ("Pipeline", ""),
    ("Last 30 runs", "w-[173px] wide:w-[264px]"),
    ("Success rate", "w-28 min-[961px]:w-[154px] text-right"),
    ("p95 and change", "w-[160px] text-right hidden min-[961px]:table-cell"),
    ("Queue p95", "w-24 text-right hidden desk:table-cell"),
    ("Last verdict", "w-[118px]"),
    ("Now", "w-[188px] text-right hidden desk:table-cell"),
)


@rx.serializer
def sent(row: PipelineRow) -> dict[str, Any]:
    return filled(row)


@rx.serializer
def sent_now(activity: Activity) -> dict[str, Any]:
    return filled(activity)


def pipelines_table(
    shown: Shown[Pipelines],
    now: Shown[dict[str, PipelineNow]],
    strips: Shown[dict[str, Strip]],
    explaining: rx.Var[str],
) -> rx.Component:
    return panel(
        "Pipelines",
        rx.el.table(
            rx.el.thead(
                rx.el.tr(*[rx.el.th(word, scope="col", class_name=f"{HEAD} {width}") for word, width in COLUMNS]),
                class_name="hidden tab:table-header-group",
            ),
            rx.el.tbody(
                rx.cond(
                    (shown.rows.length() > 0) | (shown.nothing != ""),
                    rx.foreach(
                        shown.rows,
                        lambda row: _row(
                            row=row, now=now[row.key], runs=strips[row.key], explaining=explaining, key=row.key
                        ),
                    ),
                    rx.fragment(*[_loading() for _ in range(8)]),
                ),
                class_name="max-tab:block",
            ),
            class_name="w-full border-separate border-spacing-0 max-tab:block",
        ),
        rx.cond(shown.nothing != "", notice(shown.nothing, shown.hint)),
        rx.cond(
            shown.cut != "",
            rx.el.footer(shown.cut, class_name="px-4 py-2 border-t border-line text-12 text-ink-3"),
        ),
        sub=rx.el.span(shown.summary, class_name=f"{SUB} max-tab:hidden"),
        end=rx.el.span(
            rx.foreach(shown.chips, _chip),
            rx.el.span("height = duration, foot = did not pass", class_name=f"{SUB} ml-3 hidden desk:inline"),
            class_name="flex items-center gap-2",
        ),
    )


def _chip(choice: Shown[Choice]) -> rx.Component:
    return inside(
        choice.label,
        rx.el.b(choice.number, class_name="font-medium text-ink"),
        to=choice.href,
        class_name=CHIP,
        key=choice.value,
        custom_attrs={"aria-current": rx.cond(choice.chosen, "true", "false"), "preventScrollReset": True},
    )


@rx.memo
def _row(
    *,
    row: ObjectVar[PipelineRow],
    now: ObjectVar[PipelineNow],
    runs: ObjectVar[Strip],
    explaining: rx.Var[str],
    rest: rx.RestProp,
) -> rx.Component:
    def explained(number: rx.Var[str], metric: str) -> rx.Component:
        return explain_link(number, to=f"{explaining}{metric}@{row.key}")

    return rx.el.tr(
        rx.el.td(marked(row.mark, "max-tab:hidden"), class_name=CELL),
        rx.el.td(
            rx.el.span(
                inside(row.name, to=row.href, class_name=f"font-medium truncate shrink-0 max-w-full {COVERING}"),
                rx.el.span(row.where, class_name="text-12 text-ink-3 truncate"),
                class_name="flex items-baseline gap-2 min-w-0 max-tab:flex-wrap max-tab:gap-y-0",
            ),
            class_name=f"{CELL} tab:max-w-0 min-w-0",
        ),
        rx.el.td(strip.draw(runs), class_name=f"{CELL} max-tab:col-start-2 max-tab:row-start-2"),
        rx.el.td(
            rx.el.span(
                rx.el.span(row.n_of_m, class_name="text-12 text-ink-3 max-[960px]:hidden"),
                rx.el.span(
                    explained(row.rate, "success_rate"),
                    class_name="min-w-13 text-tone-word font-(--tone-weight)",
                    custom_attrs=toned(row.rate_tone),
                ),
                class_name="inline-flex items-baseline justify-end gap-2",
            ),
            class_name=f"{CELL} text-right max-tab:col-start-3 max-tab:row-start-1",
        ),
        rx.el.td(
            rx.el.span(
                explained(row.p95, "duration_s"),
                rx.el.span(delta(row.p95_delta), class_name="min-w-12 text-right"),
                class_name="inline-flex items-baseline justify-end gap-2",
            ),
            class_name=f"{CELL} text-right max-[960px]:hidden",
        ),
        rx.el.td(
            rx.el.span(
                explained(row.queue, "queue_s"),
                class_name="text-tone-word font-(--tone-weight)",
                custom_attrs=toned(row.queue_tone),
            ),
            class_name=f"{CELL} text-right text-ink-2 max-desk:hidden",
        ),
        rx.el.td(
            rx.el.span(
                lone_glyph(row.last, 12),
                rx.el.span(now.age, title=row.last_exact, class_name="relative text-12 text-ink-2"),
                class_name="flex items-center gap-1.5 max-tab:justify-end",
            ),
            class_name=f"{CELL} max-tab:col-start-3 max-tab:row-start-2 max-tab:self-end max-tab:text-right",
        ),
        rx.el.td(_activity(now.activity), class_name=f"{CELL} text-right max-desk:hidden"),
        rest,
        class_name=ROW,
    )


def _activity(now: Shown[Activity]) -> rx.Component:
    word = rx.el.span(now.text, class_name="text-12 text-tone-word font-(--tone-weight)")
    return rx.el.span(
        rx.match(
            now.kind,
            ("running", _progress(now)),
            ("approval", rx.el.span(glyph("action_required", 12), class_name="text-tone")),
            rx.fragment(),
        ),
        rx.cond(now.kind == "running", rx.el.span(word, class_name="min-w-23 text-right"), word),
        class_name="flex items-center justify-end gap-2 text-ink-2",
        custom_attrs=toned(now.tone),
    )


def _progress(now: Shown[Activity]) -> rx.Component:
    return rx.el.svg(
        rx.el.svg.rect(width="48", height="4", rx="2", fill="var(--line)"),
        rx.el.svg.rect(width=now.done.to_string(), height="4", rx="2", fill="var(--run)"),
        width="48",
        height="4",
        class_name="block",
        aria_hidden="true",
    )


def _loading() -> rx.Component:
    return rx.el.tr(
        rx.el.td(bar("w-16"), class_name=CELL),
        rx.el.td(bar("w-48"), class_name=CELL),
        rx.el.td(bar("w-36", "h-4"), class_name=f"{CELL} max-tab:col-start-2"),
        *[rx.el.td(class_name=f"{CELL} max-tab:hidden") for _ in range(3)],
        *[rx.el.td(class_name=f"{CELL} max-desk:hidden") for _ in range(2)],
        class_name=ROW + " appear",
        aria_hidden="true",
    )
