"""What runs on this database and how it keeps up: processes, work that waits, room that is taken for nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cicd_health.cli.doctor.finding import Finding, error, ok, warning
from cicd_health.model.processes import WORKING
from cicd_health.settings import Settings
from cicd_health.store import bloat, engine, processes, vitals
from cicd_health.store.bloat import Bloat, Dead

LATE, VERY_LATE = timedelta(minutes=2), timedelta(minutes=10)
LONG = timedelta(hours=1)
MUCH_UNUSED = 1 << 30  # bytes of an SQLite file


def alive(_: Settings) -> Iterator[Finding]:
    """Who serves and works, and whether they are of one version."""
    now = datetime.now(UTC)
    with engine.reading() as session:
        living = processes.alive(session, now)
    yield from judge_processes([(one.role, one.version) for one in living])


def judge_processes(living: list[tuple[str, str]]) -> Iterator[Finding]:
    """Of each process its role and version."""
    subject = "processes"
    if not living:
        yield warning(subject, "None runs on this database.", "`serve` starts one; `worker` works beside it.")
        return
    roles = Counter(role for role, _ in living)
    text = ", ".join(f"{number} {role}" for role, number in sorted(roles.items()))
    versions = sorted({version for _, version in living})
    if not WORKING & roles.keys():
        yield error(subject, f"{text}; none of them does the background jobs.", "Start a `worker`.")
    elif len(versions) > 1:
        advice = "During an upgrade that is as it should be; afterwards restart those that were left behind."
        yield warning(subject, f"{text}; of the versions {' and '.join(versions)}.", advice)
    else:
        yield ok(subject, f"{text}; version {versions[0]}.")


def lag(_: Settings) -> Iterator[Finding]:
    """Since when deliveries and messages wait."""
    now = datetime.now(UTC)
    with engine.reading() as session:
        found = vitals.read(session, now)
    yield from judge_lag(found.deliveries.oldest_at, found.messages.oldest_at, now)


def judge_lag(delivery_at: datetime | None, message_at: datetime | None, now: datetime) -> Iterator[Finding]:
    """The oldest delivery that is not applied, the oldest message that is due."""
    late = []
    if delivery_at is not None and now - delivery_at > LATE:
        late.append(f"The oldest delivery has waited {_minutes(now - delivery_at)} to be applied")
    if message_at is not None and now - message_at > VERY_LATE:
        late.append(f"The oldest message is {_minutes(now - message_at)} late")
    if late:
        yield warning(
            "lag", f"{'; '.join(late)}.", "See whether a worker runs, and docs/operations.md, section deliveries."
        )
    else:
        yield ok("lag", "Nothing waits that could go on.")


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:,.0f} min"


def room(_: Settings) -> Iterator[Finding]:
    """Whether what is deleted is cleared away."""
    with engine.reading() as session:
        found = bloat.look(session)
    yield from judge_bloat(found) or [ok("clearing", "What was deleted is cleared away.")]


def judge_bloat(found: Bloat) -> list[Finding]:
    """What to do about it; nothing when all is well."""
    subject, told = "clearing", []
    if not found.autovacuum:
        text = "Autovacuum is off: what is deleted is never cleared away."
        told.append(error(subject, text, "Set autovacuum = on in postgresql.conf."))
    if found.oldest_transaction > LONG:
        text = f"A transaction is open for {_minutes(found.oldest_transaction)}: nothing is cleared away behind it."
        told.append(warning(subject, text, "See pg_stat_activity, and end it with pg_terminate_backend."))
    dead = [one for one in found.dead if _is_much(one)]
    if dead:
        names = ", ".join(f"{one.table} ({one.dead:,} dead, {one.live:,} live)" for one in dead)
        told.append(
            warning(
                subject,
                f"Much is dead in {names}.",
                f"VACUUM (ANALYZE) {dead[0].table}; see whether it is kept from running.",
            )
        )
    if found.unused > MUCH_UNUSED:
        text = f"{found.unused / 1e9:,.1f} GB of the file hold nothing; new rows will use them."
        told.append(warning(subject, text, "To have the room back: stop, `backup`, `restore` into a new file."))
    return told


def _is_much(table: Dead) -> bool:
    return table.dead > 0.2 * max(table.live, 1)
