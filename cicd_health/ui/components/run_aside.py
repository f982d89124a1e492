"""What stands below the log of a run: against the last green, this failure elsewhere, its alerts."""

import reflex as rx

from cicd_health.ui.components.alert_dialog import acts
from cicd_health.ui.components.link import COVERING, inside
from cicd_health.ui.components.mark import delta, lone_glyph, mark_shown
from cicd_health.ui.components.panel import SUB, panel
from cicd_health.ui.run_view.aside import Against, AlertLine, Alerts, Compared, Elsewhere, Message, Sighting
from cicd_health.ui.shown import Shown

ROW = "relative flex items-center gap-3 min-h-8 max-tab:min-h-11 px-4"
NOTE = "px-4 py-2 text-12 text-ink-3"


def against(shown: Shown[Against]) -> rx.Component:
    return rx.cond(
        shown.green != "",
        panel(
            "Against the last green",
            rx.el.dl(rx.foreach(shown.lines, _compared), class_name="py-1"),
            sub=inside(shown.green, to=shown.href, class_name=f"{SUB} hover:text-ink hover:underline"),
        ),
    )


def _compared(line: Shown[Compared]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(line.label, class_name="grow text-ink-2 truncate", title=line.label),
        rx.el.dd(line.value, class_name="whitespace-nowrap"),
        rx.el.dd(rx.cond(line.delta.text != "", delta(line.delta)), class_name="w-14"),
        class_name=ROW,
    )


def elsewhere(shown: Shown[Elsewhere]) -> rx.Component:
    return rx.cond(
        shown.signature != "",
        panel(
            "This failure elsewhere",
            rx.el.ul(rx.foreach(shown.rows, _sighting), class_name="py-1"),
            rx.cond(shown.more != "", rx.el.p(shown.more, class_name=NOTE)),
            sub=inside(
                "signature ",
                shown.signature,
                to=shown.href,
                class_name=f"{SUB} hover:text-ink hover:underline max-tab:py-3",
            ),
        ),
    )


def _sighting(seen: Shown[Sighting]) -> rx.Component:
    return rx.el.li(
        lone_glyph(seen.mark, 12),
        rx.cond(
            seen.href != "",
            inside(seen.name, to=seen.href, class_name=f"truncate {COVERING}"),
            rx.el.span(seen.name, class_name="truncate font-medium"),
        ),
        rx.el.span(seen.number, class_name="text-ink-3"),
        rx.el.span(class_name="grow"),
        rx.el.span(
            seen.when,
            rx.cond(seen.words != "", rx.el.span(", ", seen.words)),
            title=seen.exact,
            class_name="text-12 text-ink-3 whitespace-nowrap",
        ),
        key=seen.key,
        class_name=f"{ROW} tab:hover:bg-hover",
    )


def alerts(shown: Shown[Alerts]) -> rx.Component:
    return panel(
        "Alerts",
        rx.el.ul(rx.foreach(shown.incidents, _alert), class_name="empty:hidden"),
        rx.el.ul(rx.foreach(shown.rows, _message), class_name="pt-1"),
        rx.cond(shown.note != "", rx.el.p(shown.note, class_name=NOTE)),
        sub=rx.el.span(shown.summary, class_name=SUB),
    )


def _alert(alert: Shown[AlertLine]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            mark_shown(alert.mark),
            inside(alert.said, to=alert.href, class_name="ml-auto text-12 text-link hover:underline max-tab:py-3"),
            class_name="flex items-center gap-3",
        ),
        rx.el.p(alert.title, class_name="break-words"),
        rx.el.div(acts(alert.key, alert.state, alert.title), class_name="flex flex-wrap -ml-2 empty:hidden"),
        key=alert.key,
        class_name="grid gap-1 px-4 py-2 border-b border-line",
    )


def _message(message: Shown[Message]) -> rx.Component:
    return rx.el.li(
        lone_glyph(message.mark, 12),
        rx.el.span(message.text, class_name="truncate", title=message.error),
        rx.el.span(class_name="grow"),
        rx.el.span(message.when, title=message.exact, class_name="text-12 text-ink-3 whitespace-nowrap"),
        key=message.key,
        class_name=ROW,
    )
