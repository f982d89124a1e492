"""Deliveries by month, on PostgreSQL: made ahead, dropped when they are too old, and first brought about."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy.exc import OperationalError

from cicd_health.store import audit, engine, months

log = structlog.get_logger(__name__)


def part_deliveries(now: datetime) -> bool:
    """Have them lie by month; False where that is so already, and on SQLite, which has no months."""
    done = months.part(engine.engine(), now)
    if done:
        with engine.writing() as session:
            audit.note(session, "deliveries.parted", "deliveries lie by month", now)
    return done


def make_months_ahead(now: datetime) -> None:
    """This month and the next, where there are months."""
    for moment in (now, months.after(now)):
        if not months.make(engine.engine(), moment):
            log.warning("no month made for deliveries", month=f"{moment:%Y-%m}")


def drop_old_months(before: datetime) -> int:
    """Those that were over by then; how many deliveries went with them."""
    try:
        gone = months.drop(engine.engine(), before)
    except OperationalError as error:  # what else is too old goes all the same
        log.warning("no month of deliveries dropped yet", error=str(error.orig))
        return 0
    if gone:
        log.info("months of deliveries dropped", deliveries=gone)
    return gone
