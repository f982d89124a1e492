"""An input that takes what the address says when it changes, and never what somebody is typing away from him."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var
from reflex_base.utils.imports import ImportDict
from reflex_components_core.el import Input

# React would only fill an input anew by making it anew: whoever is in it would be thrown out of it.
HOOK = """
const refilled_from = useRef("");
useEffect(() => {
  const box = REF.current, said = VALUE || "";
  if (!box || said === refilled_from.current) return;
  if (document.activeElement !== box || box.value === refilled_from.current) box.value = said;
  refilled_from.current = said;
}, [VALUE]);
"""


class Refilled(Input):
    """`said` is what the address says."""

    said: Var[str]

    @classmethod
    def create(cls, *children: Any, **props: Any) -> Refilled:
        box = super().create(*children, **props)
        assert isinstance(box, cls)
        return box

    def _exclude_props(self) -> list[str]:
        return [*super()._exclude_props(), "said"]

    def add_imports(self) -> ImportDict:
        return {"react": ["useEffect", "useRef"]}

    def add_hooks(self) -> list[str | Var[Any]]:
        hook = HOOK.replace("REF", str(self.get_ref())).replace("VALUE", str(self.said))
        return [Var(hook, _var_data=self.said._get_all_var_data())]


def refilled(said: Var[str], id: str, **props: Any) -> rx.Component:
    return Refilled.create(said=said, id=id, **props)
