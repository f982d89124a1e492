"""The frame around every page: top bar with the menu from PAGES, theme, user; and the app that has them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx

from cicd_health.ui import copying, doorway, guard, keys, routes, screen, zone
from cicd_health.ui.components.connection import boundary, lost_connection
from cicd_health.ui.components.link import inside
from cicd_health.ui.components.notices import notices
from cicd_health.ui.components.panel import PRIMARY
from cicd_health.ui.components.sprite import glyph, sprite
from cicd_health.ui.page import Page
from cicd_health.ui.pages import PAGES
from cicd_health.ui.routes import AskedSettings
from cicd_health.ui.states.session import SessionState

NAME = "CI/CD Health"
MENU = tuple(page for page in PAGES if page.menu)
IN_BOTTOM_BAR = 6  # as many as a phone has room for; the others are in its user menu
YOU = routes.settings(AskedSettings(tab="you"))
ICON_BUTTON = (
    "relative max-tab:after:absolute max-tab:after:-inset-[6px] "
    "grid place-items-center size-8 rounded-md text-ink-2 hover:bg-hover hover:text-ink transition-colors duration-120"
)
LINK = (
    "relative flex items-center px-2.5 text-ink-2 hover:text-ink aria-[current=page]:text-ink "
    "aria-[current=page]:font-medium "
    "aria-[current=page]:after:absolute aria-[current=page]:after:inset-x-2.5 aria-[current=page]:after:-bottom-px "
    "aria-[current=page]:after:h-0.5 aria-[current=page]:after:bg-ink"
)


def make_app(**options: Any) -> rx.App:
    """The Reflex app with every page, guarded. `options` go to `rx.App`, such as `api_transformer`."""
    app = rx.App(
        stylesheets=["tokens.css", "base.css"],
        head_components=[
            rx.el.link(rel="icon", type="image/svg+xml", href="/favicon.svg"),
            rx.el.script(zone.SCRIPT),
            rx.el.script(screen.SCRIPT),
            rx.el.script(keys.SCRIPT),
            rx.el.script(copying.SCRIPT),
        ],
        html_lang="en",
        toaster=None,
        app_wraps={
            (55, "ErrorBoundary"): lambda stateful: boundary(),
            (5, "Overlay"): lambda stateful: rx.fragment(lost_connection()) if stateful else None,
        },
        backend_exception_handler=guard.report,
        **options,
    )
    app.add_middleware(guard.EventGuard())
    app.register_lifespan_task(doorway.install(app).watched)
    for page in PAGES:
        app.add_page(
            frame(page), route=page.route, title=f"{page.title} · {NAME}", on_load=page.on_load, image="/favicon.svg"
        )
    app.add_page(not_found, route="404", title=f"Not found · {NAME}", image="/favicon.svg")
    return app


def frame(page: Page) -> Callable[[], rx.Component]:
    def framed() -> rx.Component:
        if page.bare:
            return _bare(page)
        return rx.el.div(
            sprite(),
            _skip_link(),
            _top(page),
            notices(),
            page.bar() if page.bar else rx.fragment(),
            rx.el.main(
                page.body(),
                id="main",
                class_name="grid gap-4 tab:gap-5 grid-cols-[minmax(0,1fr)] pt-4 tab:pt-5 pb-8 px-0 tab:px-6 wide:px-8 "
                "max-tab:grow content-start min-w-0",
                custom_attrs=_busy(),
            ),
            _phone_menu(page),
            class_name="max-tab:flex max-tab:flex-col min-h-dvh bg-bg text-ink text-13 font-sans",
        )

    framed.__name__ = f"{page.title.lower()}_page"
    # Reflex puts the script of a page where its function says it is from: here, every page would load those of all.
    framed.__module__ = page.body.__module__
    return framed


def _bare(page: Page) -> rx.Component:
    return rx.el.div(
        sprite(),
        notices(),
        rx.el.main(page.body(), id="main", class_name="grow min-h-0 min-w-0 flex flex-col", custom_attrs=_busy()),
        class_name="wall flex flex-col min-h-dvh tab:h-dvh tab:overflow-hidden bg-bg text-ink text-w20 font-sans",
    )


def _busy() -> dict[str, Any]:
    """Until the page is live."""
    return {"aria-busy": rx.cond(rx.State.is_hydrated, "false", "true")}


def not_found() -> rx.Component:
    return rx.el.main(
        rx.el.h1("There is no such page", class_name="text-20 font-semibold"),
        rx.el.p("The address may be old, or mistyped.", class_name="text-ink-2"),
        inside("Overview", to=routes.OVERVIEW, class_name=PRIMARY),
        class_name="grid gap-3 justify-items-center content-center min-h-screen p-6 text-center",
    )


def _skip_link() -> rx.Component:
    return rx.el.a(
        "Skip to the page",
        href="#main",
        class_name="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:px-3 focus:py-2 "
        "focus:rounded-md "
        "focus:bg-overlay focus:border focus:border-line-2",
    )


def _top(page: Page) -> rx.Component:
    return rx.el.header(
        rx.el.span(
            glyph("logo", 20),
            rx.el.span(NAME, class_name="tab:max-[880px]:sr-only"),  # else the pages would not fit beside it
            class_name="flex items-center gap-2 mr-5 tab:max-[880px]:mr-1 max-tab:mr-auto text-14 font-semibold "
            "tracking-[-0.01em] whitespace-nowrap",
        ),
        rx.el.nav(
            *[_link(entry, page) for entry in MENU],
            class_name="hidden tab:flex h-full desk:gap-1",
            custom_attrs={"aria-label": "Pages"},
        ),
        rx.el.span(class_name="hidden tab:block grow"),
        rx.el.button(
            glyph("theme", 16),
            type="button",
            on_click=rx.toggle_color_mode,
            class_name=ICON_BUTTON,
            title="Light or dark",
            custom_attrs={"aria-label": "Switch between light and dark"},
        ),
        _user(),
        class_name="sticky top-0 z-40 flex items-center gap-1 h-12 pl-4 pr-2.5 tab:px-6 wide:px-8 bg-surface border-b "
        "border-line",
    )


def _link(entry: Page, page: Page) -> rx.Component:
    current = {"aria-current": "page"} if _leads_to(entry, page) else {}
    return inside(entry.title, _number(entry), to=entry.route, class_name=LINK, custom_attrs=current)


def _number(entry: Page) -> rx.Component:
    """How many incidents nobody has taken, beside the page that shows them."""
    if entry.route != routes.ALERTS:
        return rx.fragment()
    return rx.cond(
        SessionState.open_alerts != "",
        rx.el.span(
            SessionState.open_alerts,
            class_name="ml-1.5 px-1.5 rounded-full bg-sunken text-11 font-medium text-ink-2",
            title="open",
        ),
    )


def _sign_in() -> rx.Component:
    """With a full load: the form is not part of the app."""
    return rx.el.a("Sign in", href=routes.LOGIN, reload_document=True, class_name="ml-1 text-12 font-medium text-link")


def _leads_to(entry: Page, page: Page) -> bool:
    """Whether the page is this entry's, or below it: a run is one of the runs."""
    return entry is page or (entry.route != routes.OVERVIEW and page.route.startswith(f"{entry.route}/"))


def _user() -> rx.Component:
    """Who is signed in, and the way out: a form, because it changes something."""
    return rx.cond(
        SessionState.email != "",
        rx.el.details(
            rx.el.summary(
                SessionState.initials,
                class_name="relative max-tab:after:absolute max-tab:after:-inset-[11px] "
                "grid place-items-center size-6 rounded-full border border-line-2 bg-sunken text-[10px] "
                "font-semibold text-ink-2 list-none",
                custom_attrs={"aria-label": "User menu"},
            ),
            rx.el.div(
                rx.el.p(SessionState.email, class_name="px-2 py-1.5 text-12 text-ink-3 truncate"),
                inside("You", to=YOU, class_name="block px-2 py-1.5 max-tab:py-3 rounded font-medium hover:bg-hover"),
                *[
                    inside(
                        entry.title,
                        to=entry.route,
                        class_name="tab:hidden block px-2 py-3 rounded font-medium hover:bg-hover",
                    )
                    for entry in MENU[IN_BOTTOM_BAR:]
                    if entry.route != routes.SETTINGS
                ],
                rx.cond(
                    SessionState.admin,
                    inside(
                        "Settings",
                        to=routes.SETTINGS,
                        class_name="tab:hidden block px-2 py-3 rounded font-medium hover:bg-hover",
                    ),
                ),
                rx.el.form(
                    rx.el.button(
                        "Sign out",
                        type="submit",
                        class_name="w-full px-2 py-1.5 max-tab:py-3 rounded text-left font-medium hover:bg-hover",
                    ),
                    action=routes.LOGOUT,
                    method="post",
                ),
                class_name="absolute right-0 z-50 mt-2 w-56 p-1 rounded-lg border border-line-2 bg-overlay "
                "shadow-(--shadow)",
            ),
            class_name="relative ml-1",
        ),
        rx.cond(SessionState.known, _sign_in()),
    )


def _phone_menu(page: Page) -> rx.Component:
    """The bottom bar of a phone, once there is more than one page to go to."""
    if len(MENU) < 2:
        return rx.fragment()
    return rx.el.nav(
        *[
            inside(
                glyph(entry.icon, 20),
                entry.title,
                to=entry.route,
                class_name="grid place-items-center content-center gap-1 grow text-11 font-medium text-ink-3 "
                "aria-[current=page]:text-ink",
                custom_attrs={"aria-current": "page"} if _leads_to(entry, page) else {},
            )
            for entry in MENU[:IN_BOTTOM_BAR]
        ],
        class_name="tab:hidden sticky bottom-0 z-40 flex h-14 bg-surface border-t border-line",
        custom_attrs={"aria-label": "Pages"},
    )
