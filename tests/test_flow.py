"""From a delivery to the numbers, the incidents and the outbox, on a real database."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from cicd_health import flow, queue, settings
from cicd_health.store import engine, recount
from cicd_health.store.tables import DeliveryRow, IncidentRow, JobRow, NotificationRow, RefusalRow, RunRow, StepRow
from tests.bodies import NOON, delivery, github_job, github_run, jenkins_build


def rows(table, *where):
    with engine.reading() as session:
        return list(session.exec(select(table).where(*where).order_by(sa.inspect(table).primary_key[0])))


def receive(*bodies, now=NOON, **more) -> list[flow.Receipt]:
    return flow.receive([delivery(body, at=now, **more) for body in bodies], now)


@pytest.fixture
def slack(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Slack channel in the settings; nothing is sent while no job engine runs."""
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://127.0.0.1:9/services/T/B/X")
    settings.get.cache_clear()
    flow.start(NOON)


@pytest.fixture
def ready(database: sa.Engine) -> None:
    flow.start(NOON)


def test_a_delivery_is_kept_applied_and_linked_to_its_run(ready):
    receipt = receive(github_run(conclusion="failure"))[0]
    kept = rows(DeliveryRow)[0]
    run = rows(RunRow)[0]
    assert (receipt.state, receipt.run_ids) == ("applied", (run.id,))
    assert (kept.state, kept.run_id, kept.event, kept.action) == ("applied", run.id, "workflow_run", "completed")
    assert (run.outcome, run.branch, run.actor, run.duration_s) == ("failure", "main", "wren", 60)


def test_the_same_delivery_again_is_a_duplicate(ready):
    first = receive(github_run(), id="one")[0]
    again = receive(github_run(conclusion="failure"), id="one")[0]
    assert (again.state, again.delivery_id) == ("duplicate", first.delivery_id)
    assert [run.outcome for run in rows(RunRow)] == ["success"]


def test_a_repeat_within_one_batch_is_a_duplicate(ready):
    one = delivery(github_run(), id="one")
    assert [receipt.state for receipt in flow.receive([one, one], NOON)] == ["applied", "duplicate"]


def test_what_is_not_understood_is_kept_with_the_error_and_can_be_replayed(ready):
    receipt = receive({"workflow_run": {"id": None}, "action": "completed"})[0]
    assert receipt.state == "kept"
    kept = rows(DeliveryRow)[0]
    assert kept.error
    assert flow.replay(kept.id, NOON).state == "kept"
    with pytest.raises(KeyError):
        flow.replay(10_000, NOON)


def test_a_bad_delivery_does_not_take_its_batch_with_it(ready):
    states = [r.state for r in receive(github_run(1), {"workflow_run": "?"}, github_run(2))]
    assert states == ["applied", "kept", "applied"]
    assert len(rows(RunRow)) == 2


def test_a_delivery_that_can_never_be_saved_fails_alone_and_says_why(ready):
    receive(github_job(1, run_id=900))
    states = [r.state for r in receive(github_run(1), github_job(1, run_id=901), github_run(2))]
    assert states == ["applied", "failed", "applied"]
    assert "Collided" in rows(DeliveryRow, DeliveryRow.state == "failed")[0].error
    assert flow.recover(NOON + timedelta(hours=1)) == 1  # it is tried again
    flow.recover(NOON + timedelta(days=2))
    assert flow.recover(NOON + timedelta(days=3)) == 0  # and not for ever


def test_what_a_process_remembers_of_another_database_does_no_harm(ready):
    receive(github_run(1))
    with engine.writing() as session:
        for table in ("deliveries", "incidents", "attempts", "runs", "tallies", "pipelines", "repositories", "sources"):
            session.execute(sa.text(f"DELETE FROM {table}"))
    assert receive(github_run(2))[0].state == "applied"


def test_history_that_goes_on_is_news(slack):
    receive(github_run(1, status="queued", created=NOON - timedelta(days=3)), now=NOON)
    receive(github_run(1, conclusion="failure", created=NOON - timedelta(days=3), seconds=3 * 86400), now=NOON)
    assert [message.kind for message in rows(NotificationRow)] == ["opened"]


def test_a_delivery_whose_process_died_is_applied_later(ready):
    from cicd_health.store import deliveries

    with engine.writing() as session:
        deliveries.keep(session, [delivery(github_run())])
    assert flow.recover(NOON + timedelta(seconds=5)) == 0  # its process may still be at it
    assert flow.recover(NOON + timedelta(minutes=2)) == 1
    assert [run.outcome for run in rows(RunRow)] == ["success"]
    assert flow.recover(NOON + timedelta(minutes=3)) == 0


def test_secrets_in_headers_are_not_kept(ready):
    incoming = delivery(github_run())
    incoming.headers["x-hub-signature-256"] = "sha256=abc"
    flow.receive([incoming], NOON)
    assert "abc" not in rows(DeliveryRow)[0].headers


def test_refused_deliveries_are_counted_by_reason(ready):
    for _ in range(2):
        flow.refuse("jenkins", "wrong token", NOON)
    assert [(row.provider, row.reason, row.times) for row in rows(RefusalRow)] == [("jenkins", "wrong token", 2)]


def test_a_failure_opens_one_incident_and_queues_one_message(slack):
    receive(github_run(1, conclusion="failure"))
    receive(github_run(1, conclusion="failure"))
    receive(github_run(2, conclusion="failure", created=NOON + timedelta(minutes=5)), now=NOON + timedelta(minutes=7))
    incident = rows(IncidentRow)[0]
    assert len(rows(IncidentRow)) == 1
    assert (incident.state, incident.failures) == ("open", 2)
    message = rows(NotificationRow)[0]
    assert (message.kind, message.state) == ("opened", "queued")
    assert len(rows(NotificationRow)) == 1
    assert queue.depth() == 1


def test_the_next_success_resolves_it_and_says_after_how_long(slack):
    receive(github_run(1, conclusion="failure"))
    later = NOON + timedelta(minutes=42)
    receive(github_run(2, created=later), now=later + timedelta(minutes=1))
    incident = rows(IncidentRow)[0]
    assert incident.state == "resolved"
    assert [(m.kind, "recovered after 42 min" in m.title) for m in rows(NotificationRow)] == [
        ("opened", False),
        ("resolved", True),
    ]


@pytest.mark.parametrize("conclusion", ["cancelled", "skipped", "neutral", "action_required", "stale", "a new word"])
def test_what_is_no_verdict_neither_opens_nor_closes(slack, conclusion):
    receive(github_run(1, conclusion=conclusion))
    assert rows(IncidentRow) == []
    receive(github_run(2, conclusion="failure", created=NOON + timedelta(minutes=1)))
    receive(github_run(3, conclusion=conclusion, created=NOON + timedelta(minutes=2)))
    assert [incident.state for incident in rows(IncidentRow)] == ["open"]


def test_starting_a_rerun_closes_nothing_and_its_success_does(slack):
    receive(github_run(1, conclusion="success", created=NOON - timedelta(hours=1)))
    receive(github_run(2, conclusion="failure"))
    receive(github_run(2, attempt=2, status="in_progress", seconds=300))
    assert [incident.state for incident in rows(IncidentRow)] == ["open"]
    receive(github_run(2, attempt=2, seconds=600))
    assert [incident.state for incident in rows(IncidentRow)] == ["resolved"]


def test_a_failing_branch_of_somebody_is_no_incident(slack):
    receive(github_run(1, conclusion="failure", branch="topic"))
    assert rows(IncidentRow) == []


def test_the_threshold_counts_failures_in_a_row(slack, monkeypatch):
    monkeypatch.setenv("ALERT_THRESHOLD", "3")
    settings.get.cache_clear()
    flow.start(NOON)
    for number in (1, 2):
        receive(github_run(number, conclusion="failure", created=NOON + timedelta(minutes=number)))
    assert rows(IncidentRow) == []
    receive(github_run(3, conclusion="failure", created=NOON + timedelta(minutes=3)))
    assert [incident.failures for incident in rows(IncidentRow)] == [3]


def test_history_counts_and_sends_nothing(slack):
    week_ago = NOON - timedelta(days=7)
    receive(github_run(1, conclusion="failure", created=week_ago))
    receive(github_run(2, conclusion="failure", created=week_ago + timedelta(hours=1)), quiet=True)
    assert [incident.state for incident in rows(IncidentRow)] == ["open"]
    assert rows(NotificationRow) == []


def test_completed_and_finalized_of_one_build_are_one_alert(slack):
    for phase in ("QUEUED", "STARTED", "COMPLETED", "FINALIZED"):
        status = "FAILURE" if phase in ("COMPLETED", "FINALIZED") else None
        receive(jenkins_build(phase=phase, status=status), provider="jenkins")
    assert len(rows(RunRow)) == 1
    assert len(rows(NotificationRow)) == 1


LIFE = [
    github_run(status="queued", seconds=0),
    github_job(1, status="queued"),
    github_run(status="in_progress", seconds=10),
    github_job(1, status="in_progress", started=NOON + timedelta(seconds=10)),
    github_job(1, conclusion="failure", started=NOON + timedelta(seconds=10), completed=NOON + timedelta(seconds=70),
               steps=[{"name": "pytest", "number": 1, "status": "completed", "conclusion": "failure"}]),
    github_run(conclusion="failure", seconds=75),
    github_run(status="in_progress", attempt=2, seconds=1000, run_started_at="2026-03-02T12:15:00Z"),
    github_job(2, attempt=2, created=NOON + timedelta(seconds=900), started=NOON + timedelta(seconds=905),
               completed=NOON + timedelta(seconds=1005)),
    github_run(attempt=2, seconds=1010, run_started_at="2026-03-02T12:15:00Z"),
]  # fmt: skip


def picture() -> list:
    keep = {"updated_at", "id", "run_id", "job_id", "pipeline_id", "repo_id"}
    tables = [
        [sorted((k, str(v)) for k, v in row.model_dump(exclude=keep).items()) for row in rows(table)]
        for table in (RunRow, JobRow, StepRow)
    ]
    return [sorted(table) for table in tables]


def clear() -> None:
    with engine.writing() as session:
        for table in ("deliveries", "incidents", "steps", "jobs", "attempts", "runs", "tallies"):
            session.execute(sa.text(f"DELETE FROM {table}"))


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(LIFE))), sizes=st.lists(st.integers(1, 4), min_size=9, max_size=9))
def test_a_lifecycle_in_any_order_and_twice_ends_the_same(ready, order, sizes):
    clear()
    receive(*LIFE)
    wanted = picture()
    clear()
    bodies = [LIFE[index] for index in [*order, *order]]
    for size in sizes:
        batch, bodies = bodies[:size], bodies[size:]
        if batch:
            receive(*batch)
    if bodies:
        receive(*bodies)
    assert picture() == wanted
    with Session(engine.engine()) as session:
        assert recount.check(session) == []
    assert [incident.state for incident in rows(IncidentRow) if incident.state == "open"] == []
