"""What a verdict means: rules are asked when runs end and by the clock, and incidents open and end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlmodel import Session

from cicd_health import settings
from cicd_health.alerts import message
from cicd_health.alerts.reach import widest
from cicd_health.alerts.rule import Facts, Verdict
from cicd_health.flow import alert_life, asked, telling, waking
from cicd_health.flow.alert_life import Life
from cicd_health.flow.asked import Asked, Subject
from cicd_health.store import engine, incidents, runs
from cicd_health.store import facts as known
from cicd_health.store.incidents import OpenIncident, PlaceOfRun
from cicd_health.store.names import row_id
from cicd_health.store.runs import Change

log = structlog.get_logger(__name__)


def evaluate(session: Session, changes: Sequence[Change], now: datetime) -> None:
    """Ask every rule about the places in which runs ended. The pipelines of `changes` are locked.

    It makes no difference whether runs come one by one or many at once: each that brought a verdict is judged by what
    was known when it ended, in that order.
    """
    ended = [change for change in changes if change.ended]
    if not ended:
        return
    rules = asked.read(session, {change.pipeline_id for change in ended})
    names = asked.named(session, rules, {change.pipeline_id for change in ended})
    wanted: dict[Subject, list[tuple[Asked, list[Change]]]] = {}
    for rule in rules:
        for subject, of_it in _subjects(rule, ended, names).items():
            if _matters(rule, subject, of_it):
                wanted.setdefault(subject, []).append((rule, of_it))
    for subject, asking in sorted(wanted.items(), key=lambda pair: (pair[0][0], pair[0][1] or "")):
        facts = known.facts(session, subject[0], widest(rule.reach for rule, _ in asking), now, subject[1])
        for rule, of_it in asking:
            _judge(session, rule, facts, of_it, now)


def _subjects(rule: Asked, ended: Iterable[Change], names: Mapping[int, asked.Named]) -> dict[Subject, list[Change]]:
    """What ended in the scope of a rule, by place."""
    found: dict[Subject, list[Change]] = {}
    for change in ended:
        named = names.get(change.pipeline_id)
        subject = rule.subject(change.pipeline_id, change.branch, default=change.default_branch, named=named)
        if subject is not None:
            found.setdefault(subject, []).append(change)
    return found


def _matters(rule: Asked, subject: Subject, ended: Iterable[Change]) -> bool:
    if rule.incident(subject) is not None or not rule.rule.opens_on_failure:
        return True
    return any(change.failed for change in ended)


def _judge(session: Session, rule: Asked, facts: Facts, ended: Sequence[Change], now: datetime) -> None:
    news = {change.run_id: change for change in ended if change.spoke}
    spoke = [run for run in facts.attempts if run.run_id in news]
    opened = rule.incident((facts.pipeline_id, facts.branch))
    if not spoke and (opened is None or opened.last_run_id not in {change.run_id for change in ended}):
        return  # nothing that ended here is a verdict, or was one
    since = min((run.ended_at for run in spoke if not news[run.run_id].quiet), default=None)
    life = Life(session, rule.row, facts, now)
    for at in sorted({run.ended_at for run in facts.attempts if since is not None and run.ended_at >= since}):
        then = tuple(run for run in facts.attempts if run.ended_at <= at)
        if len(then) < len(facts.attempts):
            past = replace(facts, attempts=then, now=min(at, now))
            life.take(past, rule.verdict(past), at, last=False)
    life.take(facts, rule.verdict(facts), max((run.ended_at for run in facts.attempts), default=now))
    life.tell()


# By the clock


def evaluate_clock(now: datetime) -> int:
    """Ask the rules that time alone may change, and end silences whose time is over; how much there was to do.

    One that goes wrong does not keep the others.
    """
    done = waking.end_silences(now)
    with engine.reading() as session:
        rules = [rule for rule in asked.read(session) if rule.rule.clock]
        due = _changed_by_time(session, rules, now) if rules else {}
    for subject, rule_ids in due.items():
        try:
            with engine.writing() as session:
                _judge_by_clock(session, subject, rule_ids, now)
            done += 1
        except Exception:  # whatever is odd about one pipeline, the others are judged; it is asked again in 15 s
            log.exception("not judged by the clock", pipeline_id=subject[0], branch=subject[1])
    return done


def _changed_by_time(session: Session, rules: Sequence[Asked], now: datetime) -> dict[Subject, set[int]]:
    """The rules that have something new to say, by place: looked at without holding anything up."""
    asking: dict[Subject, list[Asked]] = {}
    for rule, subjects in _watched(session, rules, now):
        for subject in subjects:
            asking.setdefault(subject, []).append(rule)
    news = {subject: _with_news(session, subject, of_it, now) for subject, of_it in asking.items()}
    return {subject: rule_ids for subject, rule_ids in news.items() if rule_ids}


def _watched(session: Session, rules: Sequence[Asked], now: datetime) -> list[tuple[Asked, set[Subject]]]:
    """What each rule is asked about by the clock: where something runs or is awaited, and its open incidents."""
    clocks = {rule.rule.clock for rule in rules}
    places: dict[str | None, set[PlaceOfRun]] = {
        "unfinished": incidents.unfinished_places(session, now - known.RECENT) if "unfinished" in clocks else set(),
        "scheduled": incidents.scheduled_places(session) if "scheduled" in clocks else set(),
    }
    names = asked.named(session, rules, {place.pipeline_id for of_clock in places.values() for place in of_clock})
    return [(rule, _in_scope(rule, places[rule.rule.clock], names) | _with_incident(rule)) for rule in rules]


def _in_scope(rule: Asked, places: Iterable[PlaceOfRun], names: Mapping[int, asked.Named]) -> set[Subject]:
    found = {
        rule.subject(place.pipeline_id, place.branch, default=place.default_branch, named=names.get(place.pipeline_id))
        for place in places
    }
    return {subject for subject in found if subject is not None}


def _with_incident(rule: Asked) -> set[Subject]:
    return {(incident.pipeline_id, incident.branch) for incident in rule.opened.values()}


def _with_news(session: Session, subject: Subject, rules: Sequence[Asked], now: datetime) -> set[int]:
    try:
        facts = known.facts(session, subject[0], widest(rule.reach for rule in rules), now, subject[1])
    except Exception:  # as above
        session.rollback()  # PostgreSQL answers nothing more in a transaction in which something failed
        log.exception("not looked at by the clock", pipeline_id=subject[0], branch=subject[1])
        return set()
    return {row_id(rule.row) for rule in rules if _has_news(rule.incident(subject), rule.verdict(facts))}


def _has_news(opened: OpenIncident | None, verdict: Verdict) -> bool:
    if opened is None:
        return verdict.firing
    return verdict.cleared or (verdict.firing and alert_life.has_news(opened.failures, opened.last_run_id, verdict))


def _judge_by_clock(session: Session, subject: Subject, rule_ids: Collection[int], now: datetime) -> None:
    runs.lock_pipelines(session, [subject[0]])
    rules = [rule for rule in asked.read(session, [subject[0]]) if rule.row.id in rule_ids]
    facts = known.facts(session, subject[0], widest(rule.reach for rule in rules), now, subject[1])
    for rule in rules:
        life = Life(session, rule.row, facts, now)
        life.take(facts, rule.verdict(facts), now)
        life.tell()


# When the failing lines of a run become known


def lines_found(session: Session, run_id: int, now: datetime) -> None:
    """Tell them with the news that still waits, and ask the rules that look at what a failure says."""
    found = incidents.failed_run(session, run_id)
    if found is None:
        return
    place, ended_at = found
    runs.lock_pipelines(session, [place.pipeline_id])
    rules = asked.read(session, [place.pipeline_id])
    names = asked.named(session, rules, [place.pipeline_id])
    for rule in rules:
        named = names.get(place.pipeline_id)
        subject = rule.subject(place.pipeline_id, place.branch, default=place.default_branch, named=named)
        if subject is None:
            continue
        opened = rule.incident(subject)
        waits = opened is not None and opened.last_run_id == run_id
        if waits or rule.reach.signatures:
            _ask_again(session, rule, subject, run_id, ended_at, now)


def _ask_again(session: Session, rule: Asked, subject: Subject, run_id: int, ended_at: datetime, now: datetime) -> None:
    facts = known.facts(session, subject[0], rule.reach, now, subject[1])
    verdict = rule.verdict(facts)
    life = Life(session, rule.row, facts, now)
    if rule.reach.signatures and any(run.run_id == run_id for run in facts.attempts):
        life.take(facts, verdict, ended_at)
        life.tell()
    incident = incidents.latest(session, row_id(rule.row), facts)
    if life.opening is None and incident is not None and incident.resolved_at is None and verdict.firing:
        url, turn = settings.get().public_url, incident.turn
        told = message.opened(facts, verdict, url, turn=turn, incident_id=incident.id)
        telling.rewrite(session, incident, told)
