"""Incidents open once, the outbox gives each message to one sender, and a re-run closes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from cicd_health.model.alerts import Facts, NotificationKind, RunFact
from cicd_health.model.runs import Outcome
from cicd_health.settings import Settings, read
from cicd_health.store import alerts, engine
from cicd_health.store.tables import ChannelRow, IncidentRow, NotificationRow, PipelineRow, RuleRow
from tests.factories import NOW, Rows

BOTH = {"SLACK_WEBHOOK_URL": "https://hooks.example/x", "SMTP_HOST": "mail", "ALERT_EMAIL_TO": "a@b.c"}


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    with engine.writing() as session:
        yield session


@pytest.fixture
def rows(session: Session) -> Rows:
    return Rows(session)


@pytest.fixture
def pipeline(rows: Rows) -> PipelineRow:
    return rows.pipeline()


@pytest.fixture
def rule(session: Session) -> RuleRow:
    alerts.ensure_builtin_rules(session, 1, NOW)
    rule = alerts.rule_of(session, "failure")
    assert rule is not None
    return rule


@pytest.fixture
def opened(session: Session, rows: Rows, pipeline: PipelineRow, rule: RuleRow) -> IncidentRow:
    """An open incident with a Slack and a mail channel to tell of it."""
    alerts.sync_env_channels(session, read(BOTH), NOW)
    incident = open_one(session, rows, pipeline, rule)
    assert incident is not None
    return incident


def open_one(session: Session, rows: Rows, pipeline: PipelineRow, rule: RuleRow) -> IncidentRow | None:
    run = failure(rows, pipeline)
    told = {"title": "CI failed", "reason": "the last run failed", "failures": 1}
    return alerts.open_incident(session, rule, facts(session, pipeline), first=run, last=run, **told)


def failure(rows: Rows, pipeline: PipelineRow) -> RunFact:
    row = rows.run(pipeline, outcome="failure")
    return RunFact(row.id, row.number, Outcome.FAILURE, row.created_at, row.completed_at, branch=row.branch)


def facts(session: Session, pipeline: PipelineRow, limit: int = 50) -> Facts:
    assert pipeline.id is not None
    return alerts.facts(session, pipeline.id, limit)


def outcomes(session: Session, pipeline: PipelineRow) -> list[str]:
    return [str(run.outcome) for run in facts(session, pipeline).attempts]


def minutes(number: float) -> Any:
    return NOW + timedelta(minutes=number)


def tell(session: Session, incident: IncidentRow, kind: NotificationKind = NotificationKind.OPENED) -> list[int]:
    return alerts.queue_notifications(session, incident, kind, "title", "<p>body</p>", NOW)


def message(session: Session, id: int) -> NotificationRow:
    return session.get_one(NotificationRow, id, populate_existing=True)


# What a rule is told


def test_runs_come_newest_first_with_what_a_message_needs(session, rows, pipeline):
    rows.run(pipeline, created_at=minutes(0))
    rows.run(pipeline, outcome="failure", created_at=minutes(1), failed_job="test", actor="jane", excerpt="E  boom")
    told = facts(session, pipeline)
    assert (told.name, told.provider) == ("acme/shop » ci", "github")
    assert [run.outcome for run in told.attempts] == [Outcome.FAILURE, Outcome.SUCCESS]
    newest = told.attempts[0]
    assert (newest.failed_job, newest.actor, newest.excerpt, newest.branch) == ("test", "jane", "E  boom", "main")


def test_other_branches_and_other_pipelines_do_not_count(session, rows, pipeline):
    rows.run(pipeline, outcome="failure", branch="feature")
    rows.run(rows.pipeline("other", repo="acme/other"), outcome="failure")
    assert outcomes(session, pipeline) == []


def test_no_more_runs_than_asked_for(session, rows, pipeline):
    for n in range(3):
        rows.run(pipeline, created_at=minutes(n))
    assert len(facts(session, pipeline, limit=2).attempts) == 2


@pytest.mark.parametrize("outcome", ["cancelled", "skipped", "superseded", "neutral", "running", "queued"])
def test_runs_without_a_verdict_are_left_out(session, rows, pipeline, outcome):
    rows.run(pipeline, created_at=minutes(0))
    rows.run(pipeline, outcome=outcome, created_at=minutes(1))
    assert outcomes(session, pipeline) == ["success"]


@pytest.mark.parametrize("now", ["running", "queued", "cancelled"])
def test_a_rerun_that_has_no_verdict_leaves_the_earlier_one(session, rows, pipeline, now):
    rows.run(pipeline, created_at=minutes(0))
    again = rows.run(pipeline, outcome=now, attempt=3, created_at=minutes(1))
    rows.attempt(again, attempt=1, status="completed", outcome="failure", completed_at=minutes(2))
    rows.attempt(again, attempt=2, status="completed", outcome="cancelled", completed_at=minutes(3))
    rows.attempt(again, attempt=3)
    assert outcomes(session, pipeline) == ["failure", "success"]
    assert facts(session, pipeline).attempts[0].completed_at == minutes(2)


def test_an_unknown_pipeline_is_an_error(session):
    with pytest.raises(sa.exc.NoResultFound):
        alerts.facts(session, 12345)


# Rules and channels from the settings


def test_the_failure_rule_is_there_once_and_follows_the_setting(session, rule):
    rule.name, rule.enabled = "Ours", False
    session.flush()
    alerts.ensure_builtin_rules(session, 3, NOW)
    session.flush()
    again = session.exec(select(RuleRow)).one()
    assert (again.slug, again.params, again.name, again.enabled) == ("failure", '{"count": 3}', "Ours", False)


def test_channels_of_the_settings_hold_no_secret(session):
    alerts.sync_env_channels(session, read(BOTH | {"APPRISE_URLS": "ntfy://secret@host/topic"}), NOW)
    channels = session.exec(select(ChannelRow).order_by(ChannelRow.slug)).all()
    assert [channel.slug for channel in channels] == ["env-apprise-1", "env-email", "env-slack"]
    assert "secret" not in repr(channels)
    assert all(channel.url is None for channel in channels)


def test_a_channel_whose_setting_is_gone_is_disabled_and_comes_back_with_it(session):
    def enabled(settings: Settings) -> list[bool]:
        alerts.sync_env_channels(session, settings, NOW)
        session.flush()
        return [channel.enabled for channel in session.exec(select(ChannelRow).order_by(ChannelRow.slug))]

    assert enabled(read(BOTH)) == [True, True]
    assert enabled(read({"SLACK_WEBHOOK_URL": "https://hooks.example/x"})) == [False, True]
    assert enabled(read(BOTH)) == [True, True]


# Incidents


def test_an_incident_is_open_since_the_first_failure_ended(opened):
    assert opened.opened_at == NOW - timedelta(minutes=55) + timedelta(seconds=5)
    assert (opened.state, opened.failures, opened.branch, opened.resolved_at) == ("open", 1, "main", None)


def test_a_second_incident_of_the_same_rule_and_pipeline_does_not_open(session, rows, pipeline, rule, opened):
    assert open_one(session, rows, pipeline, rule) is None
    assert session.exec(select(sa.func.count()).select_from(IncidentRow)).one() == 1


def test_another_pipeline_has_an_incident_of_its_own(session, rows, rule, opened):
    other = open_one(session, rows, rows.pipeline("other", repo="acme/other"), rule)
    assert other is not None
    assert other.id != opened.id


def test_the_next_incident_may_open_after_the_first_was_resolved(session, rows, pipeline, rule, opened):
    alerts.resolve(session, opened, failure(rows, pipeline))
    session.flush()
    assert open_one(session, rows, pipeline, rule) is not None


def test_a_further_failure_changes_the_incident_once(session, rows, pipeline, opened):
    second = failure(rows, pipeline)
    assert alerts.still_failing(session, opened, reason="the last 2 runs failed", failures=2, last=second)
    assert not alerts.still_failing(session, opened, reason="the last 2 runs failed", failures=2, last=second)
    assert (opened.failures, opened.last_run_id) == (2, second.run_id)


def test_a_resolved_incident_is_no_longer_the_open_one(session, rows, pipeline, rule, opened):
    assert alerts.incident_of(session, rule.id, pipeline.id) is opened
    passed = rows.run(pipeline, created_at=minutes(10))
    alerts.resolve(session, opened, RunFact(passed.id, 1, Outcome.SUCCESS, passed.created_at, passed.completed_at))
    session.flush()
    assert alerts.incident_of(session, rule.id, pipeline.id) is None
    assert (opened.state, opened.resolved_at, opened.recovered_run_id) == ("resolved", passed.completed_at, passed.id)


def test_an_incident_never_ends_before_it_began(session, rows, pipeline, opened):
    early = RunFact(failure(rows, pipeline).run_id, 1, Outcome.SUCCESS, minutes(-600), minutes(-600))
    alerts.resolve(session, opened, early)
    assert opened.resolved_at == opened.opened_at


# The outbox


def test_every_enabled_channel_gets_each_kind_once(session, opened):
    assert len(tell(session, opened)) == 2
    assert tell(session, opened) == []
    assert len(tell(session, opened, NotificationKind.RESOLVED)) == 2


def test_a_disabled_channel_gets_nothing(session, opened):
    alerts.sync_env_channels(session, read({}), NOW)
    session.flush()
    assert tell(session, opened) == []


def test_a_message_is_claimed_by_one_sender(session, opened):
    id = tell(session, opened)[0]
    assert alerts.claim(session, id, NOW)
    assert not alerts.claim(session, id, NOW)
    assert alerts.look_again_at(session, id, NOW) == NOW + alerts.LEASE
    assert (message(session, id).state, message(session, id).attempts) == ("sending", 1)


def test_the_claim_of_a_dead_sender_lapses(session, opened):
    id = tell(session, opened)[0]
    assert alerts.claim(session, id, NOW)
    assert alerts.claim(session, id, NOW + alerts.LEASE)


def test_a_sent_message_is_never_sent_again(session, opened):
    id = tell(session, opened)[0]
    alerts.claim(session, id, NOW)
    alerts.finish(session, id, minutes(1))
    assert not alerts.claim(session, id, minutes(1000))
    assert alerts.look_again_at(session, id, minutes(1000)) is None
    assert (message(session, id).state, message(session, id).sent_at) == ("sent", minutes(1))


def test_a_failed_try_waits_for_its_next_time_and_says_why(session, opened):
    id = tell(session, opened)[0]
    alerts.claim(session, id, NOW)
    alerts.fail(session, id, "error=500", minutes(5), NOW)
    assert not alerts.claim(session, id, minutes(4))
    assert alerts.look_again_at(session, id, minutes(4)) == minutes(5)
    assert (message(session, id).state, message(session, id).error) == ("queued", "error=500")
    assert session.get_one(ChannelRow, message(session, id).channel_id).error == "error=500"
    assert alerts.claim(session, id, minutes(5))
    alerts.finish(session, id, minutes(5))
    assert session.get_one(ChannelRow, message(session, id).channel_id).error is None


def test_a_message_that_was_given_up_stays_failed(session, opened):
    id = tell(session, opened)[0]
    alerts.claim(session, id, NOW)
    alerts.fail(session, id, "error=404", None, NOW)
    assert message(session, id).state == "failed"
    assert not alerts.claim(session, id, minutes(1000))


def test_recovered_never_overtakes_failed(session, opened):
    slack, mail = tell(session, opened)
    over_slack, over_mail = tell(session, opened, NotificationKind.RESOLVED)
    assert not alerts.claim(session, over_slack, NOW)
    assert alerts.look_again_at(session, over_slack, NOW) == NOW + alerts.SOON
    alerts.claim(session, slack, NOW)
    alerts.finish(session, slack, NOW)
    assert alerts.claim(session, over_slack, NOW)
    alerts.claim(session, mail, NOW)
    alerts.fail(session, mail, "given up", None, NOW)
    assert alerts.claim(session, over_mail, NOW)


def test_what_is_to_be_sent_and_where_to(session, opened):
    id = tell(session, opened)[0]
    outgoing = alerts.outgoing(session, id)
    assert outgoing is not None
    assert (outgoing.channel_slug, outgoing.channel_kind, outgoing.title) == ("env-slack", "slack", "title")
    assert alerts.outgoing(session, 12345) is None


def test_only_messages_long_overdue_are_stranded(session, opened):
    waiting, sending = tell(session, opened)
    alerts.claim(session, sending, NOW)
    assert alerts.stranded(session, minutes(1)) == []
    assert alerts.stranded(session, minutes(2)) == [waiting, sending]
    alerts.claim(session, waiting, minutes(2))
    alerts.fail(session, waiting, "error", minutes(60), minutes(2))
    alerts.finish(session, sending, minutes(2))
    assert alerts.stranded(session, minutes(61)) == []
    assert alerts.stranded(session, minutes(62)) == [waiting]
