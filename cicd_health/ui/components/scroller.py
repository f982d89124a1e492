"""A box that scrolls through more rows than the page holds, and the map at its edge.

The box says how far it was scrolled only when the rows that are there are about to end. Where it scrolls to is
written into its attributes and done after the rows are drawn, before they are painted: nothing flickers.
"""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var
from reflex_base.components.memoize_helpers import get_memoized_event_triggers
from reflex_base.event import passthrough_event_spec
from reflex_base.utils.imports import ImportDict
from reflex_components_core.el import Div

MARGIN_PX = 1_000  # before the end of the rows that are there
PATIENCE_MS = 400  # for an answer, before it is asked again

HOOK = """
const scroller_heard = useRef(null);
const scroller_seen = useRef("");
const scroller_end = useRef(false);
scroller_heard.current = NEED;
useLayoutEffect(() => {
  const box = REF.current;
  if (!box) return;
  const jump = box.dataset.jump || "";
  if (jump && jump !== scroller_seen.current) {
    scroller_seen.current = jump;
    const [, pixel, where, line] = jump.split(" ");
    const third = where === "third" ? box.clientHeight / 3 : 0;
    const row = box.dataset.wrap && box.querySelector(`[data-number="${line}"]`);
    const top = row ? box.scrollTop + row.getBoundingClientRect().top - box.getBoundingClientRect().top : Number(pixel);
    box.scrollTop = where === "end" ? box.scrollHeight : Math.max(0, top - third);
    scroller_end.current = where === "end";
  } else if (box.dataset.live && scroller_end.current) {
    box.scrollTop = box.scrollHeight;
  }
});
useEffect(() => {
  const box = REF.current;
  if (!box) return;
  let waiting = 0, asked = 0;
  const look = () => {
    waiting = 0;
    const [from, to, all] = (box.dataset.bounds || "0 0 0").split(" ").map(Number);
    const top = Math.round(box.scrollTop), bottom = top + box.clientHeight;
    scroller_end.current = bottom >= box.scrollHeight - 8;
    const short = (from > 0 && top - MARGIN < from) || (to < all && bottom + MARGIN > to);
    if (!short) return;
    if (asked) { waiting = requestAnimationFrame(look); return; }
    asked = setTimeout(() => { asked = 0; }, PATIENCE);
    scroller_heard.current(top);
  };
  const later = () => { if (!waiting) waiting = requestAnimationFrame(look); };
  const answered = () => { clearTimeout(asked); asked = 0; later(); };
  box.addEventListener("scroll", later, { passive: true });
  const changed = new MutationObserver(answered);
  changed.observe(box, { attributes: true, attributeFilter: ["data-bounds"] });
  later();
  return () => {
    cancelAnimationFrame(waiting); clearTimeout(asked);
    changed.disconnect(); box.removeEventListener("scroll", later);
  };
}, []);
"""


class Scroller(Div):
    """`bounds`, `jump` and `live` as `states.run_log` gives them; `on_need` gets the height that is at the top."""

    on_need: rx.EventHandler[passthrough_event_spec(int)]  # ty: ignore[invalid-type-form]

    @classmethod
    def create(cls, *children: Any, **props: Any) -> Scroller:
        box = super().create(*children, **props)
        assert isinstance(box, cls)
        box.event_triggers = {**box.event_triggers, **get_memoized_event_triggers(box)}
        return box

    def _exclude_props(self) -> list[str]:
        return [*super()._exclude_props(), "on_need"]

    def add_imports(self) -> ImportDict:
        return {"react": ["useEffect", "useLayoutEffect", "useRef"]}

    def add_hooks(self) -> list[str | Var[Any]]:
        need = str(Var.create(self.event_triggers["on_need"]))
        hook = HOOK.replace("REF", str(self.get_ref())).replace("NEED", need)
        return [Var(hook.replace("MARGIN", str(MARGIN_PX)).replace("PATIENCE", str(PATIENCE_MS)))]


def _part(event: Var[Any]) -> tuple[Var[float]]:
    """How far down a click was, 0 to 1."""
    box = f"{event}.currentTarget.getBoundingClientRect()"
    return (Var(f"Math.min(1, Math.max(0, ({event}.clientY - {box}.top) / {box}.height))").to(float),)


class Strip(Div):
    """A box that says how far down it was clicked."""

    on_click: rx.EventHandler[_part]  # ty: ignore[invalid-type-form]


def strip(*children: rx.Component, on_pick: Any, **props: Any) -> rx.Component:
    """`on_pick` gets how far down it was clicked, 0 to 1."""
    return Strip.create(*children, **{"on_click": on_pick}, **props)


def scroller(
    *children: rx.Component, bounds: Var[str], jump: Var[str], flags: dict[str, Var[bool]], on_need: Any, **props: Any
) -> rx.Component:
    """`flags` are attributes that are "1" or empty; `live` keeps the end in sight for who is there."""
    given = {f"data-{name}": rx.cond(flag, "1", "") for name, flag in flags.items()}
    attributes = {"data-bounds": bounds, "data-jump": jump, **given}
    return Scroller.create(*children, on_need=on_need, custom_attrs=attributes, **props)


def scrolled(box_id: str) -> Var[int]:
    """How far down the box of this id stands when an event is sent, in pixels."""
    return Var(f"Math.round(document.getElementById('{box_id}')?.scrollTop || 0)").to(int)
