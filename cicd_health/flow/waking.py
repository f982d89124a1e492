"""The end of a silence: what it kept quiet and is wrong still is said."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlmodel import Session

from cicd_health import settings
from cicd_health.alerts import message
from cicd_health.alerts.rule import HOLD
from cicd_health.flow import asked, telling
from cicd_health.model.alerts import IncidentState, NotificationKind, Reach, StepKind
from cicd_health.store import engine, incidents, outbox, silences
from cicd_health.store import facts as known
from cicd_health.store.names import row_id
from cicd_health.store.tables import IncidentRow, RuleRow, SilenceRow

log = structlog.get_logger(__name__)


def end_silences(now: datetime) -> int:
    """End those whose time is over; how many there were. One that goes wrong does not keep the others."""
    with engine.reading() as session:
        over = silences.over(session, now)
    for silence_id in over:
        try:
            with engine.writing() as session:
                end(session, silence_id, now, None)
        except Exception:  # the other silences end all the same; this one is tried again in 15 s
            log.exception("silence not ended", silence_id=silence_id)
    return len(over)


def wake_forgotten(now: datetime) -> int:
    """Wake what is muted though it is under no silence; how many that were. Normally none.

    Its pipeline was renamed, or it opened in the moment in which its silence was ended.
    """
    with engine.reading() as session:
        forgotten = _under_no_silence(session, now)
    for incident_id, pipeline_id in forgotten.items():
        with engine.writing() as session:
            for incident in incidents.hold(session, {incident_id: pipeline_id}):
                if incident.state == IncidentState.MUTED:
                    wake(session, incident, now, None)
    return len(forgotten)


def _under_no_silence(session: Session, now: datetime) -> dict[int, int | None]:
    muted = incidents.unresolved(session, state=IncidentState.MUTED)
    forgotten = {row_id(incident): incident.pipeline_id for incident in muted}
    for silence in silences.active(session, now) if muted else ():
        for incident_id in covered(session, silence, muted):
            forgotten.pop(incident_id, None)
    return forgotten


def end(session: Session, silence_id: int, now: datetime, who: str | None) -> bool:
    """A silence is over, by itself or by somebody; False when it was already. LookupError when there is none."""
    muted = incidents.hold(session, muted_by(session, silences.find(session, silence_id)))
    silence = silences.find(session, silence_id, hold=True)
    if silence.ended_at is not None:
        return False
    silence.ended_at, silence.ended_by = now, who
    session.flush()
    for incident in muted:
        if incident.state == IncidentState.MUTED:
            wake(session, incident, now, who)
    engine.announce(session, "alerts")
    return True


def muted_by(session: Session, silence: SilenceRow) -> dict[int, int | None]:
    """The muted incidents that this silence covers, with their pipelines."""
    muted = incidents.unresolved(session, silence.rule_id, IncidentState.MUTED)
    if silence.incident_id is not None:
        muted = [incident for incident in muted if incident.id == silence.incident_id]
    return covered(session, silence, muted)


def covered(session: Session, silence: SilenceRow, among: list[IncidentRow]) -> dict[int, int | None]:
    places = known.places(session, [id for one in among if (id := one.pipeline_id) is not None])
    return {
        incident.id: incident.pipeline_id
        for incident in among
        if incident.id is not None
        and incident.pipeline_id in places
        and silences.covers(silence, incident, (*places[incident.pipeline_id], incident.branch))
    }


def wake(session: Session, incident: IncidentRow, now: datetime, who: str | None, *, whatever: bool = False) -> None:
    """Muted no more, unless another silence is over it; with `whatever` even then.

    It is said when the time was over. Who ended it by hand knows; then it is said only if some were not told before.
    """
    assert incident.pipeline_id is not None
    named = known.places(session, [incident.pipeline_id])[incident.pipeline_id]
    place = *named, incident.branch
    others = [] if whatever else silences.of_incident(session, incident, place, now)
    if others:
        incident.muted_until = silences.until(others)
        return
    acknowledged = incident.acknowledged_at is not None
    incident.state = IncidentState.ACKNOWLEDGED if acknowledged else IncidentState.OPEN
    incident.muted_until = None
    incidents.step(session, incident, StepKind.UNMUTED, now, who=who)
    engine.announce(session, "alerts")
    if who is None or not outbox.told(session, incident) or outbox.withdrawn(session, incident):
        _say_still(session, incident, place, now)


def _say_still(session: Session, incident: IncidentRow, place: silences.Place, now: datetime) -> None:
    rule = session.get_one(RuleRow, incident.rule_id)
    how = asked.understood(rule)
    assert incident.pipeline_id is not None
    reach = how.reach if how else Reach()
    facts = known.facts(session, incident.pipeline_id, reach, now, incidents.branch_of(incident.scope_key))
    verdict = how.verdict(facts) if how else HOLD
    url = settings.get().public_url
    told = message.still(facts, verdict, incidents.began_at(incident), url, incident_id=incident.id)
    telling.notify(session, rule, incident, place, NotificationKind.STILL, told, now)
