"""The audit log of the settings page: one page of it, and its filters, which are in the address."""

from __future__ import annotations

import reflex as rx

from cicd_health.ui import guard, routes
from cicd_health.ui.settings_view.audit import AuditPage, AuditRow
from cicd_health.ui.source_actions import field
from cicd_health.ui.states.held import HeldRows


class AuditState(HeldRows, rx.State):
    rows: rx.Field[list[AuditRow]] = rx.field(default_factory=list)
    shown: rx.Field[AuditPage] = rx.field(default_factory=AuditPage)
    _noun: str = "new entry"
    _plural: str = "new entries"

    @rx.event
    @guard.needs("admin")
    async def choose_action(self, action: str):
        return self._go(action=action)

    @rx.event
    @guard.needs("admin")
    async def look_for(self, form: dict[str, str]):
        return self._go(q=field(dict(form), "q"))

    def _go(self, **chosen: str):
        present = dict(self.router.url.query_parameters) | {"tab": "audit", "before": ""}
        return rx.redirect(routes.settings(routes.asked_settings(present | chosen)))
