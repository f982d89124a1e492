"""Every glyph, once per page, in one hidden SVG: `glyph("failure")` refers to it.

Solid: a person should act. Outline: ended, or in order. Dashed: not there yet, or not known. Written as markup,
because a component per path would weigh more than all of them in the first script.
"""

import reflex as rx

SYMBOLS = {
    "success": (
        '<circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5"/>'
        '<path d="M5.2 8.2l2 2 3.7-4.1" fill="none" stroke="currentColor" stroke-width="1.5" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    ),
    "failure": (
        '<rect x="1" y="1" width="14" height="14" rx="3" fill="currentColor"/>'
        '<path d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6" stroke="var(--on-fail)" stroke-width="1.75" '
        'stroke-linecap="round"/>'
    ),
    "timed_out": (
        '<rect x="1" y="1" width="14" height="14" rx="3" fill="currentColor"/>'
        '<path d="M8 4.2V8.3l2.6 1.9" fill="none" stroke="var(--on-fail)" stroke-width="1.75" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    ),
    "startup_failure": (
        '<rect x="1" y="1" width="14" height="14" rx="3" fill="currentColor"/>'
        '<path d="M8 4v4.6" stroke="var(--on-fail)" stroke-width="1.9" stroke-linecap="round"/>'
        '<circle cx="8" cy="11.6" r="1.1" fill="var(--on-fail)"/>'
    ),
    "unstable": (
        '<path d="M8 1.6 15 14H1z" fill="currentColor" stroke="currentColor" stroke-width="1.4" '
        'stroke-linejoin="round"/>'
        '<path d="M8 6v3.4" stroke="var(--on-warn)" stroke-width="1.6" stroke-linecap="round"/>'
        '<circle cx="8" cy="11.8" r=".95" fill="var(--on-warn)"/>'
    ),
    "cancelled": (
        '<circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5"/>'
        '<path d="M4 12l8-8" stroke="currentColor" stroke-width="1.5"/>'
    ),
    "superseded": (
        '<path d="M3 4l4 4-4 4M8.5 4l4 4-4 4" fill="none" stroke="currentColor" stroke-width="1.6" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    ),
    "skipped": (
        '<path d="M3.5 4v8l6.5-4z" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/>'
        '<path d="M12.5 4v8" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"/>'
    ),
    "neutral": (
        '<rect x="2" y="2" width="12" height="12" rx="2.5" fill="none" stroke="currentColor" stroke-width="1.5"/>'
        '<path d="M5.5 8h5" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"/>'
    ),
    "known": (
        '<rect x="1.75" y="1.75" width="12.5" height="12.5" rx="3" fill="none" stroke="currentColor" '
        'stroke-width="1.5"/>'
        '<path d="M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8" stroke="currentColor" stroke-width="1.5" '
        'stroke-linecap="round"/>'
    ),
    "muted": (
        '<path d="M4 11V7a4 4 0 0 1 8 0v4l1.2 1.4H2.8zM6.7 14.4h2.6" fill="none" stroke="currentColor" '
        'stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"/>'
        '<path d="M2 2l12 12" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"/>'
    ),
    "action_required": (
        '<path d="M8 .9 15.1 8 8 15.1.9 8z" fill="currentColor"/>'
        '<path d="M8 4.6v3.8" stroke="var(--surface)" stroke-width="1.7" stroke-linecap="round"/>'
        '<circle cx="8" cy="11" r="1" fill="var(--surface)"/>'
    ),
    "queued": (
        '<circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5" '
        'stroke-dasharray="2.3 1.63"/>'
    ),
    "waiting": (
        '<path d="M8 1.6 14.4 8 8 14.4 1.6 8z" fill="none" stroke="currentColor" stroke-width="1.5" '
        'stroke-linejoin="round"/>'
        '<path d="M6.7 6v4M9.3 6v4" stroke="currentColor" stroke-width="1.4" stroke-linecap="round"/>'
    ),
    "running": (
        '<circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-opacity=".28" '
        'stroke-width="1.75"/>'
        '<path d="M8 1.75A6.25 6.25 0 0 1 14.25 8" fill="none" stroke="currentColor" stroke-width="1.75" '
        'stroke-linecap="round"/>'
        '<circle cx="8" cy="8" r="2" fill="currentColor"/>'
    ),
    "unknown": (
        '<rect x="1.75" y="1.75" width="12.5" height="12.5" rx="3" fill="none" stroke="currentColor" '
        'stroke-width="1.5" stroke-dasharray="2.2 1.8"/>'
        '<path d="M6.1 6.3c0-2.6 3.9-2.4 3.9-.1 0 1.5-2 1.5-2 3" fill="none" stroke="currentColor" '
        'stroke-width="1.4" stroke-linecap="round"/>'
        '<circle cx="8" cy="11.6" r=".9" fill="currentColor"/>'
    ),
    "flaky": (
        '<circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5"/>'
        '<path d="M3.9 9.4l2.3-3.2 2.4 3.8 2.2-3.8 1.3 2" fill="none" stroke="currentColor" '
        'stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/>'
    ),
    "slower": (
        '<path d="M2 12.5h3.2V9.4h3.2V6.2h3.2V3H14" fill="none" stroke="currentColor" stroke-width="1.75" '
        'stroke-linejoin="round" stroke-linecap="round"/>'
    ),
    "few": (
        '<circle cx="3" cy="8" r="1.4" fill="currentColor"/>'
        '<circle cx="8" cy="8" r="1.4" fill="currentColor"/>'
        '<circle cx="13" cy="8" r="1.4" fill="none" stroke="currentColor" stroke-width="1"/>'
    ),
    "stale": (
        '<path d="M4 2h8M4 14h8M5 2c0 3 1.2 4.4 3 6-1.8 1.6-3 3-3 6M11 2c0 3-1.2 4.4-3 6 1.8 1.6 3 3 3 6" '
        'fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" '
        'stroke-linejoin="round"/>'
    ),
    "rescued": (
        '<path d="M13.6 5.2A6.25 6.25 0 1 0 14.25 8" fill="none" stroke="currentColor" stroke-width="1.5" '
        'stroke-linecap="round"/>'
        '<path d="M14 1.8v3.6h-3.6" fill="none" stroke="currentColor" stroke-width="1.5" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
        '<path d="M5.6 8.2l1.8 1.8 3-3.4" fill="none" stroke="currentColor" stroke-width="1.5" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    ),
    "theme": (
        '<path d="M8 2.5a5.5 5.5 0 1 0 0 11z" fill="currentColor"/>'
        '<circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.4"/>'
    ),
    "chevron": (
        '<path d="M4.5 6.5 8 10l3.5-3.5" fill="none" stroke="currentColor" stroke-width="1.4" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    ),
    "close": ('<path d="M4.5 4.5l7 7M11.5 4.5l-7 7" stroke="currentColor" stroke-width="1.4" stroke-linecap="round"/>'),
    "copy": (
        '<rect x="5.5" y="5.5" width="8" height="8" rx="1.5" fill="none" stroke="currentColor" '
        'stroke-width="1.3"/>'
        '<path d="M3.5 10.5h-1v-8h8v1" fill="none" stroke="currentColor" stroke-width="1.3"/>'
    ),
    "external": (
        '<path d="M6 3.5H3.5v9h9V10M9 3h4v4M13 3 7.5 8.5" fill="none" stroke="currentColor" '
        'stroke-width="1.3" stroke-linecap="round" stroke-linejoin="round"/>'
    ),
    "branch": (
        '<circle cx="4.5" cy="3.5" r="1.5" fill="none" stroke="currentColor" stroke-width="1.2"/>'
        '<circle cx="4.5" cy="12.5" r="1.5" fill="none" stroke="currentColor" stroke-width="1.2"/>'
        '<circle cx="11.5" cy="5.5" r="1.5" fill="none" stroke="currentColor" stroke-width="1.2"/>'
        '<path d="M4.5 5v6M11.5 7c0 2.5-7 1.5-7 4" fill="none" stroke="currentColor" stroke-width="1.2"/>'
    ),
    "pulse": (
        '<path d="M2 9h3l2-5 2.5 8L11.5 8H14" fill="none" stroke="currentColor" stroke-width="1.4" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    ),
    "search": (
        '<circle cx="7" cy="7" r="4.5" fill="none" stroke="currentColor" stroke-width="1.4"/>'
        '<path d="M10.5 10.5 14 14" stroke="currentColor" stroke-width="1.4" stroke-linecap="round"/>'
    ),
    "pipelines": (
        '<circle cx="3.5" cy="8" r="1.9" fill="none" stroke="currentColor" stroke-width="1.4"/>'
        '<circle cx="12.5" cy="3.9" r="1.9" fill="none" stroke="currentColor" stroke-width="1.4"/>'
        '<circle cx="12.5" cy="12.1" r="1.9" fill="none" stroke="currentColor" stroke-width="1.4"/>'
        '<path d="M5.4 8h1.7c1.3 0 1.3-4.1 3.5-4.1M7.1 8c1.3 0 1.3 4.1 3.5 4.1" fill="none" '
        'stroke="currentColor" stroke-width="1.4"/>'
    ),
    "runs": (
        '<path d="M2 4h1.5M2 8h1.5M2 12h1.5M6 4h8M6 8h8M6 12h8" stroke="currentColor" stroke-width="1.4" '
        'stroke-linecap="round"/>'
    ),
    "failures": (
        '<path d="M2.2 3.2l3 3M5.2 3.2l-3 3M2.2 9.8l3 3M5.2 9.8l-3 3M8.2 4.7H14M8.2 11.3H14" stroke="currentColor" '
        'stroke-width="1.4" stroke-linecap="round"/>'
    ),
    "sources": (
        '<path d="M5.5 2v3M10.5 2v3M3.5 5h9v2.5a4.5 4.5 0 0 1-9 0zM8 12v2.5" fill="none" stroke="currentColor" '
        'stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"/>'
    ),
    "deliveries": (
        '<path d="M2 9.5 4.2 3h7.6L14 9.5V13H2zM2 9.5h3.5l1 1.8h3l1-1.8H14" fill="none" stroke="currentColor" '
        'stroke-width="1.4" stroke-linejoin="round"/>'
    ),
    "alerts": (
        '<path d="M4 11V7a4 4 0 0 1 8 0v4l1.5 1.5h-11zM6.7 14.3h2.6" fill="none" stroke="currentColor" '
        'stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"/>'
    ),
    "settings": (
        '<path d="M2 4.5h5M11 4.5h3M2 11.5h3M9 11.5h5" stroke="currentColor" stroke-width="1.4" '
        'stroke-linecap="round"/>'
        '<circle cx="9" cy="4.5" r="1.9" fill="none" stroke="currentColor" stroke-width="1.4"/>'
        '<circle cx="7" cy="11.5" r="1.9" fill="none" stroke="currentColor" stroke-width="1.4"/>'
    ),
    "logo": (
        '<rect x="1" y="9" width="3.5" height="8" rx="1" fill="var(--ok)"/>'
        '<rect x="6" y="6" width="3.5" height="11" rx="1" fill="var(--ok)"/>'
        '<rect x="11" y="3" width="3.5" height="16" rx="1" fill="var(--fail)"/>'
        '<rect x="16" y="7" width="3.5" height="10" rx="1" fill="var(--ok)"/>'
    ),
}

HATCHED = ("ok", "fail", "warn")


def _symbol(name: str, shape: str) -> str:
    box = 20 if name == "logo" else 16
    return f'<symbol id="g-{name}" viewBox="0 0 {box} {box}">{shape}</symbol>'


def _markup() -> str:
    symbols = "".join(_symbol(name, shape) for name, shape in SYMBOLS.items())
    hatches = "".join(
        f'<pattern id="hatch-{tone}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="5" height="5" fill="var(--{tone})"/>'
        '<rect width="5" height="5" fill="var(--surface)" opacity=".35"/>'
        '<rect width="2" height="5" fill="var(--line-2)" opacity=".5"/></pattern>'
        for tone in HATCHED
    )
    return f"<defs>{hatches}{symbols}</defs>"


def sprite() -> rx.Component:
    return rx.el.svg(
        width="0",
        height="0",
        class_name="absolute",
        aria_hidden="true",
        custom_attrs={"dangerouslySetInnerHTML": {"__html": _markup()}},
    )


def glyph(name: str | rx.Var[str], size: int = 14, label: str | rx.Var[str] = "") -> rx.Component:
    """One glyph in the colour of its text. Without a label it only repeats the word beside it."""
    spoken = {"aria-label": label} if isinstance(label, rx.Var) or label else {"aria-hidden": "true"}
    return rx.el.svg(
        rx.el.svg.use(href=f"#g-{name}"),
        width=str(size),
        height=str(size),
        class_name="block flex-none",
        custom_attrs={"data-glyph": name, **spoken, **({"role": "img"} if "aria-label" in spoken else {})},
    )
