"""Incidents and what happened to them. Whoever changes one holds the lock of its pipeline, then its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from cicd_health.model.alerts import Facts, IncidentState, RunFact, StepKind
from cicd_health.model.runs import FAILED
from cicd_health.store.facts import SCHEDULED, UNFINISHED_ANYWHERE
from cicd_health.store.held_runs import JOB, RUN
from cicd_health.store.runs import lock_pipelines
from cicd_health.store.tables import IncidentRow, PipelineRow, RuleRow, StepOfIncidentRow

INCIDENT, PIPELINE = (SQLModel.metadata.tables[str(row.__tablename__)] for row in (IncidentRow, PipelineRow))


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An open incident as far as it matters for whether a rule has news of it."""

    pipeline_id: int
    branch: str | None  # of its scope: None for the default branch
    failures: int
    last_run_id: int | None


@dataclass(frozen=True, slots=True)
class PlaceOfRun:
    """Where a run belongs."""

    pipeline_id: int
    branch: str | None
    default_branch: bool


# Built once: it is asked whenever a run ends.
ENABLED = (
    sa.select(RuleRow, *(INCIDENT.c[name] for name in ("scope_key", "pipeline_id", "failures", "last_run_id")))
    .select_from(RuleRow)
    .where(col(RuleRow.enabled).is_(True))
    .order_by(col(RuleRow.id), INCIDENT.c.id)
)
OPEN_OF_RULE = sa.and_(INCIDENT.c.rule_id == RuleRow.id, INCIDENT.c.resolved_at.is_(None))
WITH_OPEN = ENABLED.outerjoin(INCIDENT, OPEN_OF_RULE)
WITH_OPEN_OF = ENABLED.outerjoin(
    INCIDENT, sa.and_(OPEN_OF_RULE, INCIDENT.c.pipeline_id.in_(sa.bindparam("ids", expanding=True)))
)


def rules_with_open(
    session: Session, pipeline_ids: Collection[int] | None = None
) -> list[tuple[RuleRow, dict[str, OpenIncident]]]:
    """The rules to ask, oldest first, each with its open incidents by scope: of these pipelines, or of all."""
    if pipeline_ids is None:
        found = session.execute(WITH_OPEN)
    else:
        found = session.execute(WITH_OPEN_OF, {"ids": sorted(pipeline_ids)})
    rules: dict[int, tuple[RuleRow, dict[str, OpenIncident]]] = {}
    for rule, key, pipeline_id, failures, last_run_id in found:
        _, opened = rules.setdefault(rule.id, (rule, {}))
        if key is not None and pipeline_id is not None:
            opened[key] = OpenIncident(pipeline_id, branch_of(key), failures, last_run_id)
    return list(rules.values())


def scope_key(pipeline_id: int, branch: str | None = None) -> str:
    return f"pipeline:{pipeline_id}" if branch is None else f"pipeline:{pipeline_id}@{branch}"


def branch_of(key: str) -> str | None:
    """The branch of a scope; None when it is the default branch."""
    _, at, branch = key.partition("@")
    return branch if at else None


def latest(session: Session, rule_id: int, facts: Facts) -> IncidentRow | None:
    """The newest incident of this rule and place, locked: the open one if there is one."""
    where = (
        IncidentRow.pipeline_id == facts.pipeline_id,
        IncidentRow.rule_id == rule_id,
        IncidentRow.scope_key == scope_key(facts.pipeline_id, facts.branch),
    )
    newest = select(IncidentRow).where(*where).order_by(col(IncidentRow.opened_at).desc(), col(IncidentRow.id).desc())
    return session.exec(newest.limit(1).with_for_update().execution_options(populate_existing=True)).first()


def held(session: Session, incident_id: int) -> IncidentRow:
    """An incident that nobody else changes until the transaction ends. Raises LookupError."""
    pipeline_id = session.execute(sa.select(INCIDENT.c.pipeline_id).where(INCIDENT.c.id == incident_id)).first()
    if pipeline_id is not None and pipeline_id[0] is not None:
        lock_pipelines(session, [pipeline_id[0]])
    incident = session.get(IncidentRow, incident_id, with_for_update=True, populate_existing=True)
    if incident is None:
        raise LookupError(f"There is no alert {incident_id}.")
    return incident


def hold(session: Session, incident_ids: Mapping[int, int | None]) -> list[IncidentRow]:
    """Those of these incidents that are open still, held as by `held`; given with their pipelines."""
    lock_pipelines(session, (id for id in incident_ids.values() if id is not None))
    found = select(IncidentRow).where(col(IncidentRow.id).in_(incident_ids), col(IncidentRow.resolved_at).is_(None))
    found = found.order_by(col(IncidentRow.id)).with_for_update().execution_options(populate_existing=True)
    return list(session.exec(found))


def hold_pipelines(session: Session, rule_id: int) -> None:
    """Hold the pipelines of all incidents of a rule, as whoever changes one of these does first."""
    of_rule = INCIDENT.c.rule_id == rule_id, INCIDENT.c.pipeline_id.is_not(None)
    lock_pipelines(session, session.execute(sa.select(INCIDENT.c.pipeline_id).where(*of_rule).distinct()).scalars())


def unresolved(session: Session, rule_id: int | None = None, state: IncidentState | None = None) -> list[IncidentRow]:
    """The open incidents, of a rule or in a state if given; not held."""
    found = select(IncidentRow).where(col(IncidentRow.resolved_at).is_(None)).order_by(col(IncidentRow.id))
    if rule_id is not None:
        found = found.where(IncidentRow.rule_id == rule_id)
    if state is not None:
        found = found.where(IncidentRow.state == state)
    return list(session.exec(found))


def add(
    session: Session,
    rule: RuleRow,
    facts: Facts,
    *,
    title: str,
    reason: str,
    failures: int,
    opened_at: datetime,
    last_failed_at: datetime,
    first: RunFact | None = None,
    last: RunFact | None = None,
) -> IncidentRow | None:
    """A new open incident; None when one of this rule and place is open already."""
    values = {
        "rule_id": rule.id,
        "scope_key": scope_key(facts.pipeline_id, facts.branch),
        "pipeline_id": facts.pipeline_id,
        "branch": facts.branch or (last.branch if last else None),
        "severity": rule.severity,
        "state": IncidentState.OPEN,
        "title": title,
        "reason": reason,
        "opened_at": opened_at,
        "last_failed_at": last_failed_at,
        "failures": failures,
        "run_id": first.run_id if first else None,
        "last_run_id": last.run_id if last else None,
    }
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    new = dialect.insert(IncidentRow).on_conflict_do_nothing()
    id = session.execute(new.values(**values).returning(col(IncidentRow.id))).scalar_one_or_none()
    return None if id is None else session.get_one(IncidentRow, id)


def step(
    session: Session, incident: IncidentRow, kind: StepKind, at: datetime, *, who: str | None = None, note: str = ""
) -> None:
    """Write down what happened to an incident; `who` is None when it happened by itself."""
    assert incident.id is not None
    run_id = incident.recovered_run_id if kind is StepKind.RESOLVED else incident.last_run_id
    told = {"actor": who, "note": note, "failures": incident.failures, "run_id": run_id}
    session.add(StepOfIncidentRow(incident_id=incident.id, at=at, kind=kind, **told))


def resolved_by(session: Session, incident: IncidentRow) -> str | None:
    """Who resolved it last; None when it ended by itself."""
    ends = select(StepOfIncidentRow.actor).where(
        StepOfIncidentRow.incident_id == incident.id, StepOfIncidentRow.kind == StepKind.RESOLVED
    )
    return session.exec(ends.order_by(col(StepOfIncidentRow.id).desc()).limit(1)).first()


def began_at(incident: IncidentRow) -> datetime:
    """When it began, this time."""
    return incident.reopened_at or incident.opened_at


def last_of_run(session: Session, run_id: int) -> list[int]:
    """The open incidents whose last failure is this run's."""
    of_run = sa.select(INCIDENT.c.id).where(INCIDENT.c.last_run_id == run_id, INCIDENT.c.resolved_at.is_(None))
    return list(session.execute(of_run.order_by(INCIDENT.c.id)).scalars())


# Of the runs that incidents are about


def failed_run(session: Session, run_id: int) -> tuple[PlaceOfRun, datetime] | None:
    """Where a failed run whose failing lines are known belongs, and when it ended; None for any other, and history."""
    found = sa.select(RUN.c.pipeline_id, RUN.c.branch, RUN.c.default_branch, RUN.c.completed_at, RUN.c.created_at)
    of_run = RUN.c.id == run_id, RUN.c.outcome.in_(sorted(FAILED)), RUN.c.excerpt.is_not(None), RUN.c.quiet.is_(False)
    row = session.execute(found.where(*of_run)).first()
    if row is None:
        return None
    return PlaceOfRun(row.pipeline_id, row.branch, row.default_branch), row.completed_at or row.created_at


def is_quiet(session: Session, run_id: int) -> bool:
    """Whether a run is history, of which nobody is told."""
    return session.execute(sa.select(RUN.c.quiet).where(RUN.c.id == run_id)).scalar_one()


def lines_are_coming(session: Session, run_id: int) -> bool:
    """Whether the log of what failed in a run is being fetched."""
    job = sa.exists().where(
        JOB.c.run_id == RUN.c.id,
        JOB.c.attempt == RUN.c.attempt,
        JOB.c.outcome.in_(sorted(FAILED)),
        JOB.c.log_state == "pending",
    )
    waits = sa.select(RUN.c.id).where(
        RUN.c.id == run_id, RUN.c.excerpt.is_(None), sa.or_(RUN.c.log_state == "pending", job)
    )
    return session.execute(waits).first() is not None


def unfinished_places(session: Session, since: datetime) -> set[PlaceOfRun]:
    """Where runs created since then have not ended."""
    columns = RUN.c.pipeline_id, RUN.c.branch, RUN.c.default_branch
    found = sa.select(*columns).where(UNFINISHED_ANYWHERE, RUN.c.created_at >= since).distinct()
    return {PlaceOfRun(*row) for row in session.execute(found)}


def scheduled_places(session: Session) -> set[PlaceOfRun]:
    """Where each pipeline's newest run is that a schedule began."""
    newest = (
        sa.select(RUN.c.id)
        .where(RUN.c.pipeline_id == PIPELINE.c.id, SCHEDULED)
        .order_by(RUN.c.created_at.desc(), RUN.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    of_each = sa.select(newest.label("run_id")).select_from(PIPELINE).subquery()
    columns = RUN.c.pipeline_id, RUN.c.branch, RUN.c.default_branch
    found = session.execute(sa.select(*columns).join(of_each, of_each.c.run_id == RUN.c.id))
    return {PlaceOfRun(*row) for row in found}
