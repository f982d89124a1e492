"""The log of a failed job, from a GitHub that may be slow or down, to lines, excerpt and search."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cicd_health import flow, queue, settings
from cicd_health.flow import log_reading
from cicd_health.flow.fetching import recover_logs
from cicd_health.jobs import JOBS
from cicd_health.model.logs import LogState
from cicd_health.store import engine
from cicd_health.store.tables import JobRow, LogRow, RunRow
from tests import watching
from tests.github_stub import GitHubStub
from tests.github_world import Repository, Webhook
from tests.log_keeping import ago, fetch_all, kept, rows, texts, wanted
from tests.test_polling_github import TOKEN, receive

RED = b"""\xef\xbb\xbf2026-07-29T14:40:54.1000000Z ##[group]Run pytest
2026-07-29T14:40:54.2000000Z collected 3 items
2026-07-29T14:40:54.3000000Z ##[endgroup]
2026-07-29T14:40:55.1000000Z \x1b[31mE   AssertionError: refund of 12 EUR was lost\x1b[0m
2026-07-29T14:40:55.2000000Z FAILED tests/test_pay.py::test_refund - AssertionError: refund of 12 EUR was lost
2026-07-29T14:40:55.3000000Z ##[error]Process completed with exit code 1.
"""
LOST = "AssertionError: refund of 12 EUR was lost"


@pytest.fixture(autouse=True)
def ready(database: sa.Engine) -> None:
    flow.start(watching.now())


@pytest.fixture
def github() -> Iterator[GitHubStub]:
    with GitHubStub() as stub:
        yield stub


@pytest.fixture
def repo(github: GitHubStub) -> Repository:
    flow.connect_github(watching.now(), api_url=github.url, token=TOKEN)
    return github.repo("kestrel/checkout-api")


def receive_again(webhooks: list[Webhook]) -> None:
    receive([replace(one, guid=f"{one.guid} again") for one in webhooks])


def test_the_log_of_a_failed_job_is_fetched_and_tells_why(github: GitHubStub, repo: Repository):
    repo.play(ago(10), "failure", jobs=("unit", "lint"), log=RED)
    receive(github.webhooks())
    unit, lint = sorted(rows(JobRow), key=lambda job: job.name, reverse=True)
    assert (unit.log_state, lint.log_state) == ("pending", "none")
    assert fetch_all() == [None]
    unit, [run] = next(job for job in rows(JobRow) if job.name == "unit"), rows(RunRow)
    log = kept(unit)
    assert (log.state, log.complete, log.lines, log.size) == (LogState.KEPT, True, 6, len(RED))
    assert LOST in unit.excerpt
    assert (run.excerpt, run.signature) == (unit.excerpt, unit.signature)
    assert (unit.log_state, len(unit.signature)) == ("kept", 16)
    assert log.cause in log.failing
    assert log.cause in (4, 5)
    assert {mark.line for mark in log.marks} & {4, 5}
    assert [fold.name for fold in log.folds] == ["Run pytest"]
    assert fetch_all() == []


def test_events_that_come_again_ask_for_no_log_again(github: GitHubStub, repo: Repository):
    repo.play(ago(10), "failure", log=RED)
    receive(github.webhooks())
    fetch_all()
    receive_again(github.webhooks())
    assert wanted() == []
    assert len(github.asked("/actions/jobs/")) == 1


def test_without_a_connection_no_log_is_asked_for(github: GitHubStub):
    github.repo("kestrel/checkout-api").play(ago(10), "failure", log=RED)
    receive(github.webhooks())
    assert rows(LogRow) == []
    [job], [run] = rows(JobRow), rows(RunRow)
    assert flow.want_log(run.id, job.id, watching.now()) is LogState.NONE


def test_what_failed_long_ago_is_fetched_when_somebody_opens_it(github: GitHubStub, repo: Repository):
    repo.play(ago(8 * 24 * 60), "failure", log=RED)
    receive(github.webhooks())
    assert rows(LogRow) == []
    [job] = rows(JobRow)
    assert flow.want_log(job.run_id, job.id, watching.now()) is LogState.PENDING
    assert flow.want_log(job.run_id, job.id, watching.now()) is LogState.PENDING
    assert fetch_all() == [None]
    assert flow.want_log(job.run_id, job.id, watching.now()) is LogState.KEPT
    with pytest.raises(LookupError):
        flow.want_log(999, None, watching.now())
    with pytest.raises(LookupError):
        flow.want_log(job.run_id, 999, watching.now())


def test_a_success_is_fetched_on_demand_and_has_no_excerpt(github: GitHubStub, repo: Repository):
    repo.play(ago(10), "success", log=RED)
    receive(github.webhooks())
    [job] = rows(JobRow)
    assert flow.want_log(job.run_id, job.id, watching.now()) is LogState.PENDING
    fetch_all()
    assert kept(job).failing == ()
    assert rows(JobRow)[0].excerpt is rows(RunRow)[0].excerpt is None


def test_all_logs_are_fetched_where_the_setting_says_so(
    github: GitHubStub, repo: Repository, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LOG_FETCH", "all")
    settings.get.cache_clear()
    repo.play(ago(10), "success", jobs=("unit", "lint"), log=RED)
    receive(github.webhooks())
    assert fetch_all() == [None, None]
    assert {job.log_state for job in rows(JobRow)} == {"kept"}


def test_a_run_as_a_whole_can_be_asked_for(github: GitHubStub, repo: Repository):
    repo.play(ago(10), "success", jobs=("unit", "lint"), log=b"said\n")
    receive(github.webhooks())
    [run] = rows(RunRow)
    assert flow.want_log(run.id, None, watching.now()) is LogState.PENDING
    fetch_all()
    assert texts(1).count("said") == 2
    assert rows(RunRow)[0].log_state == "kept"


def test_a_log_that_is_gone_is_remembered_as_gone(github: GitHubStub, repo: Repository):
    run = repo.play(ago(10), "failure", log=RED)
    repo.expired_logs.add(repo.jobs[run["id"]][0]["id"])
    receive(github.webhooks())
    assert fetch_all() == [None]
    [job] = rows(JobRow)
    assert (job.log_state, kept(job).state) == ("gone", LogState.GONE)
    assert flow.want_log(job.run_id, job.id, watching.now()) is LogState.GONE
    assert wanted() == []


@pytest.mark.parametrize("trouble", ["fail_next", "hang_up", "garbled"])
def test_a_provider_in_trouble_is_asked_again_later(github: GitHubStub, repo: Repository, trouble: str):
    repo.play(ago(10), "failure", log=RED)
    receive(github.webhooks())
    if trouble == "garbled":
        github.storage.fail_next(20, status=503)
    else:
        getattr(github, trouble)(20)
    now = watching.now()
    [again_at] = fetch_all(now)
    assert again_at is not None
    assert now < again_at < now + timedelta(seconds=10)
    [job] = rows(JobRow)
    log = kept(job)
    assert (log.state, job.log_state) == (LogState.PENDING, "pending")
    assert log.error
    github.all_well()
    github.storage.all_well()
    assert fetch_all() == [None]
    assert (kept(job).state, kept(job).error) == (LogState.KEPT, None)


def test_a_rate_limit_is_waited_for(github: GitHubStub, repo: Repository):
    repo.play(ago(10), "failure", log=RED)
    receive(github.webhooks())
    github.use_up(reset_in_s=1800)
    [again_at] = fetch_all()
    assert again_at is not None
    assert timedelta(minutes=29) < again_at - watching.now() < timedelta(minutes=32)


def test_after_a_day_it_is_given_up_until_somebody_asks(github: GitHubStub, repo: Repository):
    repo.play(ago(10), "failure", log=RED)
    receive(github.webhooks())
    github.fail_next(20)
    assert fetch_all(watching.now() + timedelta(hours=25)) == [None]
    [job] = rows(JobRow)
    assert (job.log_state, kept(job).state) == ("none", LogState.NONE)
    assert kept(job).error
    receive_again(github.webhooks()[-1:])
    assert wanted() == []
    github.all_well()
    assert flow.want_log(job.run_id, job.id, watching.now()) is LogState.PENDING
    assert fetch_all() == [None]
    assert kept(job).state is LogState.KEPT


def test_a_forgotten_connection_ends_the_asking(github: GitHubStub, repo: Repository):
    repo.play(ago(10), "failure", log=RED)
    receive(github.webhooks())
    flow.forget_connection(1, watching.now())
    assert fetch_all() == [None]
    [job] = rows(JobRow)
    assert (job.log_state, kept(job).error) == (
        "none",
        "The source is not connected: its logs cannot be fetched.",
    )


def test_a_rerun_has_logs_of_its_own_and_takes_the_excerpt_off_the_run(github: GitHubStub, repo: Repository):
    run = repo.play(ago(30), "failure", log=RED)
    receive(github.webhooks())
    fetch_all()
    told = len(github.webhooks())
    repo.play_again(run["id"], ago(10), "success", log=b"ok\n")
    receive(github.webhooks()[told:])
    [row] = rows(RunRow)
    assert (row.attempt, row.outcome, row.excerpt, row.signature) == (2, "success", None, None)
    first = next(job for job in rows(JobRow) if job.attempt == 1)
    assert LOST in first.excerpt
    receive_again(github.webhooks()[:told])
    assert rows(RunRow)[0].excerpt is None


def test_a_job_that_fails_again_shows_the_excerpt_of_the_last_attempt(github: GitHubStub, repo: Repository):
    run = repo.play(ago(30), "failure", log=RED)
    receive(github.webhooks())
    fetch_all()
    told = len(github.webhooks())
    repo.play_again(run["id"], ago(10), "failure", log=b"ModuleNotFoundError: No module named 'pay'\n")
    receive(github.webhooks()[told:])
    fetch_all()
    assert "No module named 'pay'" in rows(RunRow)[0].excerpt


def test_a_huge_log_is_kept_in_head_and_tail(github: GitHubStub, repo: Repository, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOG_MAX_MB", "1")
    settings.get.cache_clear()
    repo.play(ago(10), "failure", log=RED * 10_000 + b"x" * 5_000_000 + b"\n\x00<script>\xff\n" + RED)
    receive(github.webhooks())
    fetch_all()
    log = kept(rows(JobRow)[0])
    assert log.lines == 60_008
    assert log.cut_lines > 40_000
    assert LOST in rows(JobRow)[0].excerpt
    [line] = log_reading.lines(log.id, 60_002, 1)
    assert line.text == "<script>\ufffd"


async def test_the_real_engine_fetches_what_was_queued(github: GitHubStub, repo: Repository):
    repo.play(ago(10), "failure", log=RED)
    receive(github.webhooks())
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    stop_listening = engine.subscribe(lambda topics: loop.call_soon_threadsafe(told.set))
    try:
        async with queue.running(JOBS), asyncio.timeout(60):
            while rows(JobRow)[0].log_state != "kept":
                told.clear()
                await asyncio.wait([asyncio.ensure_future(told.wait())], timeout=1)
    finally:
        stop_listening()
    assert LOST in rows(RunRow)[0].excerpt


def test_a_log_whose_job_was_lost_is_queued_again(github: GitHubStub, repo: Repository):
    repo.play(ago(10), "failure", log=RED)
    receive(github.webhooks())
    before = queue.depth()
    assert recover_logs(watching.now()) == 0
    later = watching.now() + timedelta(hours=2)
    assert recover_logs(later) == 1
    assert recover_logs(later) == 1
    assert queue.depth() == before + 1
