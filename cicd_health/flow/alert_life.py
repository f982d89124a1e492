"""The life of an incident: what a rule says opens, continues, ends and reopens it, and who is told of that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from cicd_health import settings
from cicd_health.alerts import message
from cicd_health.alerts.message import Message
from cicd_health.alerts.rule import Facts, Verdict
from cicd_health.flow import telling
from cicd_health.model.alerts import REOPENS, IncidentState, NotificationKind, StepKind
from cicd_health.store import engine, incidents, outbox, silences
from cicd_health.store.incidents import began_at
from cicd_health.store.names import row_id
from cicd_health.store.tables import IncidentRow, RuleRow


@dataclass
class Life:
    """One rule in one place while verdicts are taken, in the order in which they became known.

    People are told at the end, by `tell`, of what is so then: what opened and ended in between is written down only.
    Whoever has one holds the lock of the pipeline.
    """

    session: Session
    rule: RuleRow
    place: Facts
    now: datetime
    opening: tuple[Facts, Verdict] | None = None  # opened by these, and nobody is told yet
    incident: IncidentRow | None = None
    looked: bool = False

    def take(self, facts: Facts, verdict: Verdict, at: datetime, *, last: bool = True) -> None:
        """One verdict, known since `at`; `last` when it is of all that is known now."""
        if verdict.firing:
            self._fires(facts, verdict, at, last)
        elif verdict.cleared:
            self._clears(facts, verdict, at, last)

    def tell(self) -> None:
        """Say what opened, unless that is history or under a silence."""
        if self.opening is None or self.incident is None:
            return
        facts, verdict = self.opening
        incident, run = self.incident, verdict.last
        self.session.flush()
        if self._is_muted() or (run is not None and incidents.is_quiet(self.session, run.run_id)):
            return
        url, turn = settings.get().public_url, incident.turn
        told = message.opened(facts, verdict, url, turn=turn, incident_id=incident.id)
        waits = run is not None and incidents.lines_are_coming(self.session, run.run_id)
        self._notify(NotificationKind.OPENED, told, waits_for_lines=waits)

    def _latest(self) -> IncidentRow | None:
        if not self.looked:
            self.incident, self.looked = incidents.latest(self.session, row_id(self.rule), self.place), True
        return self.incident

    def _fires(self, facts: Facts, verdict: Verdict, at: datetime, last: bool) -> None:
        incident = self._latest()
        if incident is None:
            self._open(facts, verdict, at)
        elif incident.resolved_at is None:
            self._goes_on(incident, facts, verdict, at, last)
        elif self._is_news(incident, verdict, at, last):
            if at - incident.resolved_at > REOPENS:
                self._open(facts, verdict, at)
            else:
                self._reopen(incident, facts, verdict, at)
        elif verdict.failures > incident.failures:  # of before its end, and only known now
            _begin_earlier(incident, verdict)
            _bring_up_to_date(incident, verdict, at)

    def _open(self, facts: Facts, verdict: Verdict, at: datetime) -> None:
        told = message.opened(facts, verdict, settings.get().public_url)
        incident = incidents.add(
            self.session,
            self.rule,
            facts,
            title=told.title,
            reason=verdict.reason,
            failures=verdict.failures,
            opened_at=_beginning(verdict, at),
            last_failed_at=verdict.last.ended_at if verdict.last else at,
            first=verdict.first,
            last=verdict.last,
        )
        if incident is not None:
            self.incident, self.opening = incident, (facts, verdict)
            self._step(StepKind.OPENED, at)

    def _reopen(self, incident: IncidentRow, facts: Facts, verdict: Verdict, at: datetime) -> None:
        assert incident.resolved_at is not None
        incident.turn += 1
        incident.state, incident.severity = IncidentState.OPEN, self.rule.severity
        incident.reopened_at = max(_beginning(verdict, at), incident.resolved_at)
        incident.title = message.opened(facts, verdict, settings.get().public_url, turn=incident.turn).title
        incident.resolved_at = incident.recovered_run_id = None
        incident.acknowledged_at = incident.acknowledged_by = incident.muted_until = None
        _bring_up_to_date(incident, verdict, at)
        self.opening = facts, verdict
        self._step(StepKind.REOPENED, at)

    def _goes_on(self, incident: IncidentRow, facts: Facts, verdict: Verdict, at: datetime, last: bool) -> None:
        if not last and incident.last_failed_at is not None and at < incident.last_failed_at:
            return
        _begin_earlier(incident, verdict)
        if self.opening is not None or self._is_unheard_of(incident, verdict):
            self.opening = facts, verdict
        if has_news(incident.failures, incident.last_run_id, verdict):
            _bring_up_to_date(incident, verdict, at)
            self._step(StepKind.STILL, at)
        elif verdict.last is not None and verdict.last.completed_at is not None:
            incident.last_failed_at = verdict.last.ended_at

    def _is_unheard_of(self, incident: IncidentRow, verdict: Verdict) -> bool:
        """Whether history opened it, so that nobody was told, and now another run fails."""
        before, run = incident.last_run_id, verdict.last
        another = before is not None and run is not None and run.run_id != before
        return another and incident.state == IncidentState.OPEN and incidents.is_quiet(self.session, before)

    def _is_news(self, incident: IncidentRow, verdict: Verdict, at: datetime, last: bool) -> bool:
        """Whether trouble came after the end of this incident; what somebody ended does not return by itself."""
        assert incident.resolved_at is not None
        if incidents.resolved_by(self.session, incident) is None:
            return last or at > incident.resolved_at
        known_at = incident.last_failed_at or incident.opened_at
        if verdict.last is None:
            return verdict.since is not None and verdict.since > known_at
        return verdict.last.run_id != incident.last_run_id or verdict.last.ended_at > known_at

    def _clears(self, facts: Facts, verdict: Verdict, at: datetime, last: bool) -> None:
        incident = self._latest()
        if incident is None or incident.resolved_at is not None or (not last and at < began_at(incident)):
            return
        muted = incident.state == IncidentState.MUTED
        over_at = verdict.last.ended_at if verdict.last else at
        end(self.session, incident, max(over_at, incident.opened_at), self.now, run_id=_run_id(verdict))
        known, self.opening = self.opening is None, None
        if known and not muted and outbox.told(self.session, incident):
            url = settings.get().public_url
            told = message.resolved(facts, verdict, began_at(incident), url, incident_id=incident.id)
            self._notify(NotificationKind.RESOLVED, told)

    def _is_muted(self) -> bool:
        """Put a new incident under the silences there are."""
        assert self.incident is not None
        place = self.place.provider, self.place.repo, self.place.pipeline, self.incident.branch
        over_it = silences.of_incident(self.session, self.incident, place, self.now)
        if over_it:
            newest = over_it[-1]
            mute(self.session, self.incident, self.now, silences.until(over_it), newest.created_by, newest.reason)
        return bool(over_it)

    def _step(self, kind: StepKind, at: datetime) -> None:
        assert self.incident is not None
        incidents.step(self.session, self.incident, kind, at)
        engine.announce(self.session, "alerts")

    def _notify(self, kind: NotificationKind, told: Message, *, waits_for_lines: bool = False) -> None:
        assert self.incident is not None
        place = self.place.provider, self.place.repo, self.place.pipeline, self.incident.branch
        waits = {"waits_for_lines": waits_for_lines}
        telling.notify(self.session, self.rule, self.incident, place, kind, told, self.now, **waits)


def has_news(failures: int, last_run_id: int | None, verdict: Verdict) -> bool:
    """Whether a verdict says more of an open incident than is known of it. How long it lasts is no news.

    Nor is it that less is wrong, where that goes up and down with time and no run says so.
    """
    if verdict.last is None:
        return verdict.failures > failures
    return (failures, last_run_id) != (verdict.failures, verdict.last.run_id)


def end(
    session: Session,
    incident: IncidentRow,
    at: datetime,
    now: datetime,
    *,
    run_id: int | None = None,
    who: str | None = None,
    note: str = "",
) -> None:
    """It is over since `at`: by a run, by somebody, or by itself. A mute until it is fixed ends with it."""
    incident.state, incident.resolved_at, incident.recovered_run_id = IncidentState.RESOLVED, at, run_id
    incident.muted_until = None
    silences.end_own(session, incident, now, who, timed=False)
    incidents.step(session, incident, StepKind.RESOLVED, at, who=who, note=note)
    engine.announce(session, "alerts")


def mute(session: Session, incident: IncidentRow, now: datetime, until: datetime | None, who: str, note: str) -> None:
    """Nothing is sent of it until then; None: until it is fixed."""
    incident.state, incident.muted_until = IncidentState.MUTED, until
    outbox.withdraw(session, incident, now)
    incidents.step(session, incident, StepKind.MUTED, now, who=who, note=note)
    engine.announce(session, "alerts")


def _begin_earlier(incident: IncidentRow, verdict: Verdict) -> None:
    """Its first failure may become known after others."""
    first = verdict.first
    if incident.turn == 1 and first is not None and first.ended_at < incident.opened_at:
        incident.opened_at, incident.run_id = first.ended_at, first.run_id


def _bring_up_to_date(incident: IncidentRow, verdict: Verdict, at: datetime) -> None:
    incident.reason, incident.failures = verdict.reason, verdict.failures
    incident.last_run_id = _run_id(verdict) or incident.last_run_id
    incident.last_failed_at = verdict.last.ended_at if verdict.last else at


def _beginning(verdict: Verdict, at: datetime) -> datetime:
    return verdict.first.ended_at if verdict.first else verdict.since or at


def _run_id(verdict: Verdict) -> int | None:
    return verdict.last.run_id if verdict.last else None
