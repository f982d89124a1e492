"""The demo's logs: kept through the flow, with the failure in them found."""

from datetime import timedelta

from cicd_health import flow
from cicd_health.demo import company, logs
from cicd_health.demo.fill import tell
from cicd_health.demo.runs import Run
from cicd_health.demo.story import FAIL, NETTING, PASS, REFUNDS, Conditions, Sketch, play
from cicd_health.flow import log_reading
from cicd_health.model.logs import Log
from cicd_health.store import engine, lists
from cicd_health.store import logs as store
from tests.factories import NOW

BEGAN = NOW - timedelta(hours=2)


def told(plan: company.PipelinePlan, outcomes: tuple[str, ...], special: Conditions, number: int = 5) -> Run:
    """A run that was told to the database."""
    run = play(Sketch(plan, BEGAN, outcomes, special=special), number)
    flow.receive([telling.write() for telling in tell([run], NOW)], NOW)
    return run


def kept_logs() -> list[Log]:
    with engine.reading() as session:
        [run] = lists.runs(session, lists.RunFilter(), 10)
        return store.of_run(session, run["id"], run["attempt"])


def cause(log: Log) -> str:
    assert log.cause is not None
    return log_reading.lines(log.id, log.cause, 1)[0].text


def test_the_log_of_a_failed_job_has_its_cause(database):
    run = told(company.CHECKOUT_CI, FAIL, REFUNDS)
    assert logs.keep([run], NOW) == 2  # the jobs that ran: lint and test
    failed = next(log for log in kept_logs() if log.failing)
    assert "AssertionError: refund issued twice" in cause(failed)
    assert [fold.name for fold in failed.folds][-1] == "Run pytest"


def test_one_log_is_very_long(database):
    run = told(company.LEDGER_INTEGRATION, FAIL, NETTING)
    logs.keep([run], NOW)
    assert max(log.lines for log in kept_logs()) > logs.LONG_LINES


def test_a_jenkins_build_has_a_console(database):
    run = told(company.DEPLOY, FAIL, Conditions(break_at=("all", "Deploy")))
    assert logs.keep([run], NOW) == 1
    [console] = kept_logs()
    assert console.job_id is None
    assert "connection reset" in cause(console).lower()


def test_logs_of_long_ago_are_not_kept(database):
    run = told(company.CHECKOUT_CI, PASS, Conditions())
    assert logs.keep([run], NOW + timedelta(days=3)) == 0


def test_what_passed_says_the_same_in_every_run():
    first, second = (
        [line.partition("Z ")[2] for line in logs.job_log(run, run.attempts[0], run.attempts[0].jobs[0])]
        for run in (play(Sketch(company.CHECKOUT_CI, BEGAN), number) for number in (5, 6))
    )
    assert first == second
