"""The alerts page: what its address asks for, read once per change for everybody, and kept up to date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import reflex as rx
import structlog
from sqlmodel import Session

from cicd_health.live import hub
from cicd_health.model.alerts import IncidentState, NotificationState, Severity
from cicd_health.store import alert_lists, engine
from cicd_health.store.alert_lists import IncidentFilter, LogFilter
from cicd_health.store.lists import Row, Rows
from cicd_health.ui import cursor, guard, routes, zone
from cicd_health.ui.alerts_view import channels, head, incident, incidents, messages, rules, silences
from cicd_health.ui.alerts_view.channels import ChannelRow
from cicd_health.ui.alerts_view.head import Head
from cicd_health.ui.alerts_view.incident import Incident
from cicd_health.ui.alerts_view.incidents import IncidentRow, Incidents
from cicd_health.ui.alerts_view.messages import Messages
from cicd_health.ui.alerts_view.rules import RuleRow
from cicd_health.ui.alerts_view.silences import Silences
from cicd_health.ui.routes import AskedAlerts
from cicd_health.ui.source_actions import field as typed
from cicd_health.ui.states.alert_channels import ChannelsState
from cicd_health.ui.states.alert_rules import EditorState, RulesState
from cicd_health.ui.states.following import assign, changes
from cicd_health.ui.states.held import HeldRows

log = structlog.get_logger(__name__)
PROBLEM = "The alerts cannot be read at the moment. Nothing is lost, and messages are sent as ever. Trying again."
OPEN_STATES = incidents.OPEN_STATES


@dataclass(frozen=True, slots=True)
class View:
    """The page; of the tabs only the one that is asked for has something in it."""

    head: Head
    incidents: Incidents = field(default_factory=Incidents)
    messages: Messages = field(default_factory=Messages)
    rules: list[RuleRow] = field(default_factory=list)
    channels: list[ChannelRow] = field(default_factory=list)
    silences: Silences = field(default_factory=Silences)


class AlertsHeadState(rx.State):
    """`tab` is the one that is shown: it changes when what it shows is there."""

    shown: rx.Field[Head] = rx.field(default_factory=Head)
    problem: rx.Field[str] = rx.field("")
    loaded: rx.Field[bool] = rx.field(False)


class OpenState(HeldRows, rx.State):
    """Incidents that are not over; `now` says for how long each lasts."""

    rows: rx.Field[list[IncidentRow]] = rx.field(default_factory=list)
    now: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    _noun: str = "new incident"


class PastState(HeldRows, rx.State):
    """`shown` is what stands around both lists."""

    rows: rx.Field[list[IncidentRow]] = rx.field(default_factory=list)
    shown: rx.Field[Incidents] = rx.field(default_factory=Incidents)
    _noun: str = "more ended"
    _plural: str = "more ended"


class MessagesState(HeldRows, rx.State):
    rows: rx.Field[list[messages.MessageRow]] = rx.field(default_factory=list)
    shown: rx.Field[Messages] = rx.field(default_factory=Messages)
    _noun: str = "new message"


class DetailOfIncidentState(rx.State):
    """The one that is open beside the page."""

    shown: rx.Field[Incident] = rx.field(default_factory=Incident)


class SilencesState(rx.State):
    shown: rx.Field[Silences] = rx.field(default_factory=Silences)


class AlertsState(rx.State):
    """The loop that keeps the page up to date, and what its filters do."""

    @rx.event(background=True)
    async def follow(self):
        asked = routes.asked_alerts(self.router.url.query_parameters)
        viewer = zone.of_viewer(self.router.headers.cookie)
        async with self:
            opened = await self._begin(asked, viewer)
        if opened:
            yield EditorState.try_out
        async for person in changes(self):
            if person is None:
                yield guard.to_sign_in()
                return
            try:
                whole = replace(asked, incident="")  # whichever is open
                view = await hub.snapshot(("alerts", whole, viewer.key), partial(load, whole, viewer))
                one = await hub.snapshot(("incident", asked, viewer.key), partial(load_one, asked, viewer))
            except Exception:  # whatever it was, the page keeps what it shows and says so
                log.exception("alerts cannot be read")
                async with self:
                    assign(await self.get_state(AlertsHeadState), problem=PROBLEM)
            else:
                async with self:
                    await self._show(view, one)

    async def _begin(self, asked: AskedAlerts, viewer: ZoneInfo) -> bool:
        """Whether a rule has been opened, which is to be tried."""
        for lists in (OpenState, PastState, MessagesState):
            (await self.get_state(lists))._begin()
        detail = await self.get_state(DetailOfIncidentState)
        if detail.shown.key != asked.incident:
            assign(detail, shown=Incident(key=asked.incident, close=routes.alerts(replace(asked, incident=""))))
        await (await self.get_state(ChannelsState))._begin(asked.channel if asked.tab == "channels" else "", viewer)
        person = await guard.person(self)
        may_try = person is not None and guard.is_at_least(person.role, "viewer")
        editor = await self.get_state(EditorState)
        return await editor._begin(asked.rule if asked.tab == "rules" else "", may_try=may_try)

    async def _show(self, view: View, one: Incident) -> None:
        if view.head.tab == "":
            (await self.get_state(OpenState))._offer(view.incidents.open, view.incidents.lasting)
            past = await self.get_state(PastState)
            past._offer(view.incidents.past, {})
            assign(past, shown=replace(view.incidents, open=[], past=[], lasting={}))
        if view.head.tab in ("", "deliveries"):
            sent = await self.get_state(MessagesState)
            sent._offer(view.messages.rows, {})
            assign(sent, shown=replace(view.messages, rows=[]))
        assign(await self.get_state(RulesState), rows=view.rules)
        assign(await self.get_state(ChannelsState), rows=view.channels)
        assign(await self.get_state(SilencesState), shown=view.silences)
        assign(await self.get_state(DetailOfIncidentState), shown=one)
        assign(await self.get_state(AlertsHeadState), shown=view.head, problem="", loaded=True)

    @rx.event
    async def choose_severity(self, severity: str):
        return self._go(severity=severity)

    @rx.event
    async def choose_provider(self, provider: str):
        return self._go(provider=provider)

    @rx.event
    async def choose_rule(self, rule: str):
        return self._go(rule=rule)

    @rx.event
    async def choose_channel(self, channel: str):
        return self._go(channel=channel)

    @rx.event
    async def look_for(self, form: dict[str, str]):
        return self._go(q=typed(form, "q"))

    def _go(self, **chosen: str):
        present = dict(self.router.url.query_parameters) | {"before": "", "incident": ""}
        return rx.redirect(routes.alerts(routes.asked_alerts(present | chosen)))


def load(asked: AskedAlerts, viewer: ZoneInfo) -> View:
    """One reading of the database and its text. Runs in a thread, once for everybody who asks the same."""
    now = datetime.now(UTC)
    with engine.reading() as session:
        all_open = _unresolved(session, IncidentFilter(), OPEN_STATES)
        every_rule = alert_lists.rules(session)
        every_channel = alert_lists.channels(session, now)
        late = alert_lists.late(session, now)
        view = View(head.view(asked, all_open, every_rule, every_channel, late, now, viewer))
        if asked.tab == "rules":
            return replace(view, rules=rules.listed(every_rule, every_channel, now, viewer))
        if asked.tab == "channels":
            return replace(view, channels=channels.listed(every_channel, now, viewer))
        if asked.tab == "silences":
            active = alert_lists.silences(session, now, active=True)
            past = alert_lists.silences(session, now, active=False, limit=silences.PAST)
            return replace(view, silences=silences.view(active, past, every_rule, now, viewer))
        if asked.tab == "deliveries":
            found = _messages(session, asked)
            return replace(view, messages=messages.view(found, asked, now, viewer))
        few = alert_lists.notifications(session, LogFilter(), messages.FEW)
        shown = _incidents(session, asked, every_rule, now, viewer)
        return replace(view, incidents=shown, messages=messages.few(few, now, viewer))


def _messages(session: Session, asked: AskedAlerts) -> Rows:
    known = set(NotificationState)
    wanted = LogFilter(
        states=(NotificationState(asked.state),) if asked.state in known else (),
        channel_id=int(asked.channel) if asked.channel.isdigit() else None,
    )
    return alert_lists.notifications(session, wanted, messages.PAGE + 1, cursor.decode(asked.before))


def _incidents(session: Session, asked: AskedAlerts, rules: Rows, now: datetime, viewer: ZoneInfo) -> Incidents:
    """The state that is asked for decides whether there is something in each of the two lists."""
    wanted = _filter(asked, rules)
    states = (IncidentState(asked.state),) if asked.state in set(IncidentState) else tuple(IncidentState)
    opened = _unresolved(session, wanted, [state for state in states if state in OPEN_STATES])
    ended: Rows = ()
    if IncidentState.RESOLVED in states:
        resolved = replace(wanted, states=(IncidentState.RESOLVED,))
        ended = alert_lists.incidents(session, resolved, incidents.PAGE + 1, cursor.decode(asked.before))
    listed = [row["id"] for row in (*incidents.worst_first(opened)[: incidents.OPEN_ROWS], *ended)]
    told: dict[int, list[Row]] = {}
    for message in alert_lists.notifications_of(session, listed) if listed else ():
        told.setdefault(message["incident_id"], []).append(message)
    return incidents.view(opened, ended, told, asked, now, viewer)


def _unresolved(session: Session, wanted: IncidentFilter, states: Iterable[IncidentState]) -> list[Row]:
    """A question for each state: asked for several at once, SQLite reads all that ever were in order of time."""
    return [
        row
        for state in states
        for row in alert_lists.incidents(session, replace(wanted, states=(state,)), head.COUNTED)
    ]


def _filter(asked: AskedAlerts, rules: Rows) -> IncidentFilter:
    severity = (Severity(asked.severity),) if asked.severity in set(Severity) else ()
    rule = next((row["slug"] for row in rules if str(row["id"]) == asked.rule), None)
    return IncidentFilter(severities=severity, rule=rule, provider=asked.provider or None, q=asked.q or None)


def load_one(asked: AskedAlerts, viewer: ZoneInfo) -> Incident:
    if not asked.incident:
        return Incident()
    now = datetime.now(UTC)
    with engine.reading() as session:
        row = alert_lists.incident(session, int(asked.incident))
        steps = alert_lists.steps(session, [row["id"]]) if row is not None else ()
        sent = alert_lists.notifications_of(session, [row["id"]]) if row is not None else ()
    return incident.view(row, steps, sent, asked, now, viewer)
