"""How long a breakage lasted, on the run that ended it: kept true as verdicts of a default branch come and change.

A verdict that comes, changes or goes can only matter to itself and to the next success after it. Whoever calls has
locked the pipelines, so that two processes never look past each other.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Session

from cicd_health.model.counting import of_run
from cicd_health.model.merge import BEGINNING
from cicd_health.model.run_state import Values
from cicd_health.model.tally import Contribution
from cicd_health.store.held_runs import RUN, read_rows
from cicd_health.store.kept_sums import runs_were_deleted
from cicd_health.store.tables import UtcDateTime
from cicd_health.store.tables.columns import VERDICT_WORDS

Kept = tuple[float | None, float | None]  # what is kept, and what is right
Place = tuple[int, datetime, int]  # pipeline, creation, run: the order of verdicts within a pipeline

_UNNEST = "SELECT * FROM unnest(:pipelines, :moments, :ids) AS batch (pipeline_id, created_at, id)"
_EACH = """
    SELECT json_extract(value, '$[0]') AS pipeline_id, json_extract(value, '$[1]') AS created_at,
        json_extract(value, '$[2]') AS id
    FROM json_each(:places)
"""


def _verdicts(name: str, outcome: str) -> str:
    """In the words of the partial index."""
    return f"{name}.default_branch AND {name}.outcome IN {VERDICT_WORDS} AND {name}.outcome {outcome} 'success'"


def _affected(places: str) -> str:
    """The runs of some places, and the next success after each."""
    return f"""
    WITH place AS MATERIALIZED ({places}),
    affected AS MATERIALIZED (
        SELECT id FROM place
        UNION
        SELECT (
            SELECT later.id FROM runs AS later
            WHERE later.pipeline_id = place.pipeline_id AND {_verdicts("later", "=")}
            AND (later.created_at, later.id) > (place.created_at, place.id)
            ORDER BY later.created_at, later.id LIMIT 1
        ) FROM place
    )"""


_OF_TIME = """
    WITH affected AS MATERIALIZED (
        SELECT id FROM runs
        WHERE created_at >= :start AND created_at < :stop AND default_branch AND outcome = 'success'
    )"""


def _restored(affected: str) -> str:
    """Of each success among some runs what its row says, when it ended, and when what it restored had broken."""
    return f"""{affected},
    success AS MATERIALIZED (
        SELECT id, pipeline_id, created_at, coalesce(completed_at, created_at) AS ended_at, restored_s, (
            SELECT earlier.id FROM runs AS earlier
            WHERE earlier.pipeline_id = runs.pipeline_id AND {_verdicts("earlier", "=")}
            AND (earlier.created_at, earlier.id) < (runs.created_at, runs.id)
            ORDER BY earlier.created_at DESC, earlier.id DESC LIMIT 1
        ) AS earlier_id
        FROM runs WHERE id IN (SELECT id FROM affected WHERE id IS NOT NULL)
        AND default_branch AND outcome = 'success'
    )
    SELECT success.id, success.ended_at, success.restored_s, success.earlier_id, (
        SELECT coalesce(failed.completed_at, failed.created_at) FROM runs AS failed
        WHERE failed.pipeline_id = success.pipeline_id AND {_verdicts("failed", "<>")}
        AND (failed.created_at, failed.id) < (success.created_at, success.id)
        AND (failed.created_at, failed.id) > (coalesce(earlier.created_at, :beginning), coalesce(earlier.id, 0))
        ORDER BY failed.created_at, failed.id LIMIT 1
    ) AS broken_at
    FROM success LEFT JOIN runs AS earlier ON earlier.id = success.earlier_id
    """


def _statement(affected: str, *binds: Any) -> Any:
    found: tuple[Any, ...] = (
        sa.column("id", sa.BigInteger),
        sa.column("ended_at", UtcDateTime),
        sa.column("restored_s", sa.Float),
        sa.column("earlier_id", sa.BigInteger),
        sa.column("broken_at", UtcDateTime),
    )
    beginning = sa.bindparam("beginning", BEGINNING, type_=UtcDateTime())
    return sa.text(_restored(affected)).bindparams(*binds, beginning).columns(*found)


_POSTGRES = _statement(
    _affected(_UNNEST),
    sa.bindparam("pipelines", type_=postgresql.ARRAY(sa.BigInteger)),
    sa.bindparam("moments", type_=postgresql.ARRAY(UtcDateTime())),
    sa.bindparam("ids", type_=postgresql.ARRAY(sa.BigInteger)),
)
_SQLITE = _statement(_affected(_EACH))
_WITHIN = _statement(_OF_TIME, *(sa.bindparam(name, type_=UtcDateTime()) for name in ("start", "stop")))
_LOCK = (
    sa.select(RUN)
    .where(RUN.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(RUN.c.id)
    .with_for_update(key_share=True)
)
_NOT_SUCCESS = RUN.c.restored_s.is_not(None), sa.not_(RUN.c.default_branch & (RUN.c.outcome == "success"))
_UPDATE = sa.update(RUN).where(RUN.c.id == sa.bindparam("key")).values(restored_s=sa.bindparam("restored"))


def mend(
    session: Session, places: Collection[Place], held: Mapping[int, Values]
) -> tuple[list[Contribution], list[Contribution]]:
    """Work out again what was restored at and after these places, and write it down.

    The rows in `held` are brought up to date with it. Of other runs: what they added to the tallies before, and what
    they add now.
    """
    wrong = wrongly_restored(session, places)
    if not wrong:
        return [], []
    others = sorted(wrong.keys() - held.keys())
    rows = read_rows(session, _LOCK, ids=others) if others else []
    right = {run_id: seconds for run_id, (_, seconds) in wrong.items()}
    session.connection().execute(_UPDATE, [{"key": run_id, "restored": right[run_id]} for run_id in sorted(right)])
    for run_id in right.keys() & held.keys():
        held[run_id]["restored_s"] = right[run_id]
    return [of_run(row) for row in rows], [of_run(row | {"restored_s": right[row["id"]]}) for row in rows]


def mend_all(session: Session, start: datetime, stop: datetime) -> None:
    """Work out again what every run created in [start, stop) restored, and write it down."""
    wrong = wrong_within(session, start, stop)
    if wrong:
        session.connection().execute(_UPDATE, [{"key": id, "restored": right} for id, (_, right) in wrong.items()])


def wrong_within(session: Session, start: datetime, stop: datetime) -> dict[int, Kept]:
    """Runs created in [start, stop) that restored something else than their row says: what it says, what is right."""
    connection = session.connection()
    stray = sa.select(RUN.c.id, RUN.c.restored_s).where(RUN.c.created_at >= start, RUN.c.created_at < stop)
    strays = {row.id: (row.restored_s, None) for row in connection.execute(stray.where(*_NOT_SUCCESS))}
    found = connection.execute(_WITHIN, {"start": start, "stop": stop}).all()
    return strays | _wrong(session, found)


def wrongly_restored(session: Session, places: Collection[Place]) -> dict[int, Kept]:
    """As `wrong_within`, of the successes at and next after these places."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        pipelines, moments, ids = zip(*places, strict=True)
        asked = {"pipelines": list(pipelines), "moments": list(moments), "ids": list(ids)}
        return _wrong(session, connection.execute(_POSTGRES, asked).all())
    asked = {"places": json.dumps([(pipeline_id, _text(at), id) for pipeline_id, at, id in places])}
    return _wrong(session, connection.execute(_SQLITE, asked).all())


def _wrong(session: Session, found: Sequence[Any]) -> dict[int, Kept]:
    wrong = {row.id: (row.restored_s, right) for row in found if (right := _right(row)) != row.restored_s}
    # What a pipeline's first success ended may have begun in runs that were deleted since.
    unsure = {row.id for row in found if row.earlier_id is None and row.restored_s is not None} & wrong.keys()
    if unsure and runs_were_deleted(session):
        return {run_id: kept for run_id, kept in wrong.items() if run_id not in unsure}
    return wrong


def _right(success: Any) -> float | None:
    """None when nothing was broken before it, or when its end was known before the beginning."""
    if success.broken_at is None or success.ended_at < success.broken_at:
        return None
    return (success.ended_at - success.broken_at).total_seconds()


def _text(moment: datetime) -> str:
    """As SQLite keeps it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
