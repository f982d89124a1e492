"""Saving events on a real database: names, early jobs, superseded runs, tallies that follow."""

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, select

from cicd_health.model.runs import Job, Outcome, Pipeline, Repo, Status
from cicd_health.store import engine, recount, runs, tallies
from cicd_health.store.tables import JobRow, PipelineRow, RepositoryRow, RunRow, StepRow
from tests.model.test_run_state import LIFE, START, at, attempt, life


def save(*events) -> runs.Saved:
    with engine.writing() as session:
        saved = runs.save(session, events, START, quiet=[False] * len(events))
        tallies.change(session, saved.removed, saved.added)
        return saved


def rows(table, *where):
    with engine.reading() as session:
        return list(session.exec(select(table).where(*where).order_by(table.id if hasattr(table, "id") else None)))


def test_a_batch_and_single_events_give_the_same_rows(database: sa.Engine):
    save(*LIFE)
    together = [row.model_dump(exclude={"updated_at"}) for row in rows(RunRow)]
    for event in LIFE:
        save(event)
    assert [row.model_dump(exclude={"updated_at"}) for row in rows(RunRow)] == together
    assert len(rows(JobRow)) == 2
    with Session(database) as session:
        assert recount.check(session) == []


def test_saving_again_changes_no_sum(database: sa.Engine):
    for event in [*LIFE, *reversed(LIFE)]:
        save(event)
    with Session(database) as session:
        assert recount.check(session) == []


def test_a_job_that_arrives_before_its_run_appears_with_it(database: sa.Engine):
    early = [event for event in life(1, 0, Outcome.FAILURE) if isinstance(event, Job)]
    saved = save(*early)
    assert set(saved.run_ids) == {None}
    assert rows(JobRow)[0].run_id is None
    saved = save(attempt(1, Status.COMPLETED, Outcome.FAILURE, 2, started_at=at(0), completed_at=at(70)))
    run, job = rows(RunRow)[0], rows(JobRow)[0]
    assert (job.run_id, job.pipeline_id) == (run.id, run.pipeline_id)
    assert run.failed_job == "job 101"
    assert run.duration_s == 60
    assert len(rows(StepRow)) == 1


def test_a_renamed_repository_keeps_its_history(database: sa.Engine):
    first = attempt(1, Status.COMPLETED, Outcome.SUCCESS, 2, updated_at=at(10), completed_at=at(10))
    save(first)
    renamed = replace(first, external_id="901", repo=Repo("kestrel/checkout", "7", "main"), updated_at=at(99))
    save(renamed)
    save(replace(first, external_id="899", updated_at=at(5)))  # late, and of the old name
    assert [row.name for row in rows(RepositoryRow)] == ["kestrel/checkout"]
    assert len(rows(RunRow)) == 3


def test_a_repository_renamed_there_and_back_has_its_first_name(database: sa.Engine):
    first = attempt(1, Status.COMPLETED, Outcome.SUCCESS, 2, updated_at=at(10), completed_at=at(10))
    for number, name in enumerate(("kestrel/a", "kestrel/b", "kestrel/a")):
        moment = at(100 * number)
        save(replace(first, external_id=str(number), repo=Repo(name, "7", "main"), updated_at=moment))
    assert [row.name for row in rows(RepositoryRow)] == ["kestrel/a"]


def test_a_pipeline_known_by_name_takes_the_id_that_comes_later(database: sa.Engine):
    by_name = attempt(1, Status.COMPLETED, Outcome.SUCCESS, 2, updated_at=at(10), completed_at=at(10))
    save(replace(by_name, repo=Repo("kestrel/checkout-api"), pipeline=Pipeline("ci"), external_id="1"))
    save(replace(by_name, external_id="2"))
    assert [row.key for row in rows(PipelineRow)] == ["id:11"]
    assert [row.key for row in rows(RepositoryRow)] == ["id:7"]
    assert len({row.pipeline_id for row in rows(RunRow)}) == 1


def cancelled(external_id: str, created: float, ended: float):
    done = attempt(1, Status.COMPLETED, Outcome.CANCELLED, 2, updated_at=at(ended), started_at=at(created),
                   completed_at=at(ended), raw_conclusion="cancelled")  # fmt: skip
    return replace(done, external_id=external_id, created_at=at(created))


def test_a_run_cancelled_while_a_newer_one_existed_is_superseded_in_either_order(database: sa.Engine):
    old = cancelled("1", 0, 100)
    newer = replace(old, external_id="2", created_at=at(50), status=Status.QUEUED, outcome=Outcome.QUEUED, rank=0,
                    completed_at=None, raw_conclusion=None)  # fmt: skip
    save(newer)
    save(old)
    assert [row.outcome for row in rows(RunRow, RunRow.external_id == "1")] == ["superseded"]
    other_branch = [replace(event, external_id=f"b{event.external_id}", branch="topic") for event in (old, newer)]
    save(other_branch[0])
    assert [row.outcome for row in rows(RunRow, RunRow.external_id == "b1")] == ["cancelled"]
    save(other_branch[1])
    save(other_branch[0])
    row = rows(RunRow, RunRow.external_id == "b1")[0]
    assert (row.outcome, row.first_outcome, row.raw_conclusion) == ("superseded", "superseded", "cancelled")
    with Session(database) as session:
        assert recount.check(session) == []


def test_a_run_cancelled_before_the_next_was_created_stays_cancelled(database: sa.Engine):
    save(cancelled("1", 0, 100))
    save(replace(cancelled("2", 101, 150), outcome=Outcome.SUCCESS))
    assert [row.outcome for row in rows(RunRow)] == ["cancelled", "success"]


def test_only_the_end_of_an_attempt_counts_as_ended(database: sa.Engine):
    ended = [any(change.ended for change in save(event).changes) for event in life(1, 0, Outcome.FAILURE)]
    assert ended == [False, False, False, False, False, True, False, False]


def test_a_source_is_heard_when_it_speaks(database: sa.Engine):
    save(LIFE[0])
    with engine.writing() as session:
        runs.save(session, LIFE[1:2], START + timedelta(hours=1), quiet=[False])
    from cicd_health.store.tables import SourceRow

    assert [(row.host, row.last_event_at) for row in rows(SourceRow)] == [("github.com", START + timedelta(hours=1))]
