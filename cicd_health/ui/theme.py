"""The design tokens as Tailwind utilities: `bg-surface`, `text-ink-2`, `border-line`. No Reflex in here.

The values are in `assets/tokens.css`, light on `:root` and dark on `html.dark`, so a utility follows the theme.
"""

COLOURS = (
    *("bg", "surface", "sunken", "hover", "selected", "overlay", "line", "line-2", "control", "grid"),
    *("ink", "ink-2", "ink-3", "on-ink", "link", "focus", "c1", "c2", "c3", "c-fill"),
    *("fail-solid", "on-solid"),
)
STATUSES = ("fail", "warn", "ok", "run", "hold", "off")
NAMES = [*COLOURS, *(f"{status}{part}" for status in STATUSES for part in ("", "-ink", "-soft", "-line"))]

TONES = ("tone", "tone-ink", "tone-soft", "tone-line", "tone-word")

WALL = (20, 22, 24, 28, 32, 36, 52, 56, 64, 88, 120)  # sizes of its type, on a screen of 1920 × 1080


def _wall(size: int) -> list[str]:
    """A size that follows the screen, and its line: the larger, the closer."""
    line = size + (8 if size < 60 else 0)
    return [f"calc({size} * var(--u))", f"calc({line} * var(--u))"]


TAILWIND = {
    "darkMode": "selector",
    "plugins": [],
    "theme": {
        # A phone below 721 px; two columns' worth from there; the full page from 1201; a second column from 1920.
        "screens": {"tab": "721px", "desk": "1201px", "wide": "1920px"},
        "extend": {
            # The family of the nearest `data-tone`, see assets/base.css.
            "colors": {name: f"var(--{name})" for name in [*NAMES, *TONES]},
            "fontFamily": {"sans": "var(--sans)", "mono": "var(--mono)"},
            "fontSize": {
                "11": ["11px", "16px"],
                "12": ["12px", "16px"],
                "13": ["13px", "20px"],
                "14": ["14px", "20px"],
                "18": ["18px", "24px"],
                "20": ["20px", "28px"],
                "22": ["22px", "28px"],
                **{f"w{size}": _wall(size) for size in WALL},
            },
        },
    },
}
