"""The panel: one subject on one surface, hairlines inside, never a panel in a panel."""

import reflex as rx

SURFACE = (
    "bg-surface border-y tab:border-x border-line tab:rounded-lg min-w-0 overflow-clip"  # edge to edge on the phone
)
HEAD = (
    "flex flex-wrap items-center justify-between gap-x-4 gap-y-1 min-h-11 px-4 max-tab:py-2 border-b border-line "
    "whitespace-nowrap"
)
TITLE = "text-14 font-semibold tracking-[-0.005em]"
SUB = "text-12 text-ink-3"
BUTTON = (
    "inline-flex items-center justify-center gap-1.5 h-7 px-2.5 rounded-md border border-line-2 bg-surface "
    "text-12 font-medium text-ink whitespace-nowrap hover:bg-hover transition-colors duration-120 ease-out"
)
PRIMARY = (
    "inline-flex items-center justify-center gap-1.5 h-8 px-3 rounded-md bg-ink text-on-ink font-medium "
    "whitespace-nowrap"
)


def panel(title: str, *children: rx.Component, sub: rx.Component | None = None, end: rx.Component | None = None):
    """A titled section. `sub` stands quietly beside the title, `end` at the right."""
    heading = f"{title.lower().replace(' ', '-')}-title"
    return rx.el.section(
        rx.el.header(
            rx.el.div(
                rx.el.h2(title, id=heading, class_name=TITLE),
                sub or rx.fragment(),
                class_name="flex items-center gap-2",
            ),
            rx.el.div(end, class_name="min-w-0") if end else rx.fragment(),
            class_name=HEAD,
        ),
        *children,
        class_name=SURFACE,
        custom_attrs={"aria-labelledby": heading},
    )


def bar(width: str, height: str = "h-3") -> rx.Component:
    """A grey bar where text will be."""
    return rx.el.span(class_name=f"block rounded bg-line opacity-80 {height} {width}")


def notice(title: rx.Var[str] | str, hint: rx.Var[str] | str, *actions: rx.Component) -> rx.Component:
    """What is empty, what was searched, what to do."""
    return rx.el.div(
        rx.el.p(title, class_name="font-medium"),
        rx.el.p(hint, class_name="text-12 text-ink-3"),
        *actions,
        class_name="grid gap-1 justify-items-center text-center p-5",
    )
