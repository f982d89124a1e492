"""The deliveries page: what its address asks for, kept up to date; one of them in full; and replaying."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import reflex as rx
import structlog

from cicd_health import flow, settings
from cicd_health.live import hub
from cicd_health.model.deliveries import DeliveryState
from cicd_health.store import deliveries, engine, lists
from cicd_health.ui import cursor, deliveries_view, guard, routes, zone
from cicd_health.ui import format as text
from cicd_health.ui.deliveries_view import DeliveriesHead, DeliveriesView, DeliveryRow, Detail, Payload
from cicd_health.ui.routes import AskedDeliveries
from cicd_health.ui.states.following import assign, changes
from cicd_health.ui.states.held import HeldRows

log = structlog.get_logger(__name__)
REPLAYED_AT_ONCE = 500
TOLD_EVERY = 10
TO_REPLAY = (DeliveryState.KEPT, DeliveryState.FAILED)
LARGEST_ID = 2**63 - 1


class DeliveriesHeadState(rx.State):
    """`may_replay` is whether the buttons are there."""

    shown: rx.Field[DeliveriesHead] = rx.field(default_factory=DeliveriesHead)
    problem: rx.Field[str] = rx.field("")
    may_replay: rx.Field[bool] = rx.field(False)

    def _show(self, head: DeliveriesHead, *, may_replay: bool) -> None:
        assign(self, problem="", shown=head, may_replay=may_replay)


class DeliveryListState(HeldRows, rx.State):
    rows: rx.Field[list[DeliveryRow]] = rx.field(default_factory=list)
    open: rx.Field[str] = rx.field("")  # the key of the row that is shown in full
    _noun: str = "new delivery"
    _plural: str = "new deliveries"


class DetailState(rx.State):
    shown: rx.Field[Detail] = rx.field(default_factory=Detail)
    payload: rx.Field[Payload] = rx.field(default_factory=Payload)


class ReplayState(rx.State):
    """`note` is what became of the open one, `progress` how far replaying all of them is."""

    note: rx.Field[str] = rx.field("")
    progress: rx.Field[str] = rx.field("")
    busy: rx.Field[bool] = rx.field(False)


class DeliveriesState(rx.State):
    """The loop that keeps the page up to date, and what its controls do."""

    @rx.event(background=True)
    async def follow(self):
        asked = routes.asked_deliveries(self.router.url.query_parameters)
        whole_list = replace(asked, id="")  # whichever is open
        viewer = zone.of_viewer(self.router.headers.cookie)
        async with self:
            await self._begin(asked)
        async for person in changes(self):
            if person is None:
                yield guard.to_sign_in()
                return
            may_replay = guard.is_at_least(person.role, "operator")
            try:
                view = await hub.snapshot(("deliveries", whole_list, viewer.key), partial(load, whole_list, viewer))
                one = await hub.snapshot(("delivery", asked, viewer.key), partial(load_one, asked, viewer))
                payload = await self._payload(asked, signed_in=person.user_id is not None)
            except Exception:  # whatever it was, the page keeps its rows and says so
                log.exception("deliveries cannot be read")
                said = "The deliveries cannot be read at the moment. Nothing received is lost. Trying again."
                async with self:
                    assign(await self.get_state(DeliveriesHeadState), problem=said)
            else:
                async with self:
                    (await self.get_state(DeliveriesHeadState))._show(view.head, may_replay=may_replay)
                    (await self.get_state(DeliveryListState))._offer(view.rows, {})
                    assign(await self.get_state(DetailState), shown=one, payload=payload)

    async def _begin(self, asked: AskedDeliveries) -> None:
        listed = await self.get_state(DeliveryListState)
        if listed.open == asked.id:
            listed._begin()
            return
        # Opened or closed: the list is the same.
        assign(listed, open=asked.id)
        assign(await self.get_state(ReplayState), note="")
        close = routes.deliveries(replace(asked, id=""))
        assign(await self.get_state(DetailState), shown=Detail(key=asked.id, close=close), payload=Payload())

    async def _payload(self, asked: AskedDeliveries, *, signed_in: bool) -> Payload:
        """Read once: it does not change. It tells of people and code, so that visitors do not get it."""
        if not number(asked.id):
            return Payload()
        if not signed_in:
            return Payload(cut="Sign in to see the payload.")
        async with self:
            detail = await self.get_state(DetailState)
            if detail.payload.text and detail.shown.key == asked.id:
                return detail.payload
        return await asyncio.to_thread(load_payload, number(asked.id))

    @rx.event
    async def choose_provider(self, provider: str):
        return self._go(provider=provider)

    @rx.event
    async def look_for(self, form: dict[str, str]):
        return self._go(q=str(form.get("q", "")).strip())

    def _go(self, **chosen: str):
        present = dict(self.router.url.query_parameters) | {"before": "", "id": ""}
        return rx.redirect(routes.deliveries(routes.asked_deliveries(present | chosen)))

    @rx.event(background=True)
    @guard.needs("operator")
    async def replay(self):
        """The one that the address names."""
        async with self:
            asked = routes.asked_deliveries(self.router.url.query_parameters)
            replaying = await self.get_state(ReplayState)
            if replaying.busy or not number(asked.id):
                return
            assign(replaying, busy=True, note="Replaying…")
        said = await asyncio.to_thread(replayed, number(asked.id))
        async with self:
            assign(await self.get_state(ReplayState), busy=False, note=deliveries_view.told(*said))

    @rx.event(background=True)
    @guard.needs("operator")
    async def replay_all(self):
        """Those of what the address asks for that were not understood or failed, the latest 500 of them."""
        async with self:
            asked = routes.asked_deliveries(self.router.url.query_parameters)
            replaying = await self.get_state(ReplayState)
            if replaying.busy:
                return
            assign(replaying, busy=True, progress="Looking for them…")
        try:
            await self._replay_all(asked)
        finally:
            async with self:
                assign(await self.get_state(ReplayState), busy=False)

    async def _replay_all(self, asked: AskedDeliveries) -> None:
        ids = await asyncio.to_thread(to_replay, asked)
        applied = 0
        for done, delivery_id in enumerate(ids):
            if done % TOLD_EVERY == 0:
                await self._tell(f"{text.count(done)} of {text.count(len(ids))} replayed…")
            state, _ = await asyncio.to_thread(replayed, delivery_id)
            applied += state in (DeliveryState.APPLIED, DeliveryState.IGNORED)
        left = len(ids) - applied
        still = f", {text.count(left)} still not understood" if left else ""
        await self._tell(
            f"{text.counted(len(ids), 'delivery', 'deliveries')} replayed{still}" if ids else "None to replay"
        )

    async def _tell(self, progress: str) -> None:
        async with self:
            assign(await self.get_state(ReplayState), progress=progress)


def number(id: str) -> int:
    """The delivery an address names; 0, which is nobody's, when it is not a number."""
    return int(id) if id.isascii() and id.isdigit() and len(id) < 19 else 0


def load(asked: AskedDeliveries, viewer: ZoneInfo) -> DeliveriesView:
    """One reading of the database and its text. Runs in a thread, once for everybody who asks the same."""
    now = datetime.now(UTC)
    with engine.reading() as session:
        found = lists.deliveries(
            session,
            asked.provider or None,
            deliveries_view.states(asked),
            deliveries_view.PAGE + 1,
            cursor.decode(asked.before),
            asked.q or None,
        )
        run_ids = {row["run_id"] for row in found if row["run_id"] is not None}
        runs = {row["id"]: row for row in lists.runs_of(session, run_ids)}
        troubled = deliveries.not_applied(session, deliveries_view.COUNTED + 1)
    kept_days = settings.get().delivery_retention_days
    return deliveries_view.view(found, runs, troubled, asked, now, viewer, kept_days=kept_days)


def load_one(asked: AskedDeliveries, viewer: ZoneInfo) -> Detail:
    if not asked.id:
        return Detail()
    with engine.reading() as session:
        row = lists.delivery(session, number(asked.id))
        run = lists.run(session, row["run_id"]) if row is not None and row["run_id"] is not None else None
    return deliveries_view.detail(row, run, asked, viewer)


def load_payload(delivery_id: int) -> Payload:
    with engine.reading() as session:
        try:
            _, body = deliveries.read(session, delivery_id)
        except KeyError:
            return Payload()
    return deliveries_view.payload(body)


def to_replay(asked: AskedDeliveries) -> list[int]:
    wanted = [state for state in TO_REPLAY if not asked.state or asked.state == state]
    if not wanted:
        return []
    with engine.reading() as session:
        found = lists.deliveries(session, asked.provider or None, wanted, REPLAYED_AT_ONCE, None, asked.q or None)
    return [row["id"] for row in found if row["error"] is not None]


def replayed(delivery_id: int) -> tuple[str, str | None]:
    """Replay one: its state and error afterwards."""
    try:
        receipt = flow.replay(delivery_id, datetime.now(UTC))
    except KeyError:
        return DeliveryState.FAILED, "it is not there any more"
    except Exception as error:  # a bug of ours, or no database: said where the button is
        log.exception("replay failed", delivery_id=delivery_id)
        return DeliveryState.FAILED, f"{type(error).__name__}"
    return receipt.state, receipt.error
