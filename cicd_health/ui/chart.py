"""What a chart is: a file in `charts/` that ends in one `CHART`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx


@dataclass(frozen=True, slots=True)
class Chart:
    """`draw` makes the component from a Var of the type of `sample`; the gallery shows it on `sample`."""

    slug: str
    label: str
    draw: Callable[[Any], rx.Component]
    sample: Any
