"""The outbox: what a channel's sender asks for costs the same however much the channel was sent."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cicd_health.store import engine, outbox
from tests.factories import NOW


@pytest.mark.parametrize(
    "ask",
    [
        lambda session: outbox.sending(session, 1),
        lambda session: outbox.waiting(session, 1, NOW),
        lambda session: outbox.abandon(session, 1, NOW),
        lambda session: outbox.give_up(session, 1, ""),
        lambda session: outbox.release(session, 1, NOW, tried_only=False),
        lambda session: outbox.has_job(session, 1, NOW, but=[1]),
        lambda session: outbox.stranded(session, NOW),
    ],
)
def test_the_few_that_wait_are_found_by_their_state(sqlite_url, ask):
    bind = engine.create_engine(sqlite_url)
    asked: list[tuple[str, Any]] = []
    with Session(bind) as session:
        sa.event.listen(bind, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        ask(session)
        sql, parameters = asked[-1]
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).all()
    bind.dispose()
    assert "ix_outbox_state" in str(plan)
    assert "ix_outbox_channel" not in str(plan)
