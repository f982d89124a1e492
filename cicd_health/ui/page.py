"""What a page is: a file in `pages/` that ends in one `PAGE`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx


@dataclass(frozen=True, slots=True)
class Page:
    """A route and what stands under the top bar.

    `bar` is what stands in the filter bar, if the page has one. A page with `menu=False` has a route only. A `bare` one
    has the whole screen, with neither top bar nor menu, and its type follows the screen. `on_load` runs at each visit,
    each change of the address and each reconnection.
    """

    route: str
    title: str
    body: Callable[[], rx.Component]
    icon: str = ""
    bar: Callable[[], rx.Component] | None = None
    on_load: Any = None
    menu: bool = True
    bare: bool = False
