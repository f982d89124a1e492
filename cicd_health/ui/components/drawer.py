"""What opens over the right side of a page, or from below on a phone. The focus goes into it, and comes back."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var
from reflex_base.utils.imports import ImportDict
from reflex_components_core.el import Div

HOOK = """
const drawer_before = useRef(null);
useEffect(() => {
  drawer_before.current = document.activeElement;
  return () => {
    const inside = document.activeElement === document.body || REF.current?.contains(document.activeElement);
    if (inside && drawer_before.current?.isConnected) drawer_before.current.focus({ preventScroll: true });
  };
}, []);
useEffect(() => { REF.current?.focus({ preventScroll: true }); }, [SUBJECT]);
"""
LOOK = (
    "fixed z-50 flex flex-col overflow-y-auto overscroll-contain bg-overlay border-line-2 shadow-(--shadow) "
    "outline-none inset-x-0 bottom-0 max-h-[85dvh] rounded-t-lg border-t "
    "tab:left-auto tab:top-0 tab:max-h-none tab:w-[420px] tab:rounded-none tab:border-t-0 tab:border-l"
)


class Drawer(Div):
    """`subject` is what it is about: when it changes, the focus goes into it again."""

    subject: Var[str]

    @classmethod
    def create(cls, *children: Any, **props: Any) -> Drawer:
        box = super().create(*children, **props)
        assert isinstance(box, cls)
        return box

    def _exclude_props(self) -> list[str]:
        return [*super()._exclude_props(), "subject"]

    def add_imports(self) -> ImportDict:
        return {"react": ["useEffect", "useRef"]}

    def add_hooks(self) -> list[str | Var[Any]]:
        hook = HOOK.replace("REF", str(self.get_ref())).replace("SUBJECT", str(self.subject))
        return [Var(hook, _var_data=self.subject._get_all_var_data())]


def drawer(*children: rx.Component, subject: Var[str], label: Var[str]) -> rx.Component:
    """It does not keep the rest of the page from being used: other numbers can be asked for beside it."""
    return Drawer.create(
        *children,
        subject=subject,
        id="drawer",
        role="dialog",
        tab_index=-1,
        class_name=LOOK,
        custom_attrs={"aria-label": label},
    )
