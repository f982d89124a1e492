from __future__ import annotations
import threading
from datetime import timedelta
import pytest, sqlalchemy as sa
from cicd_health import flow, settings
from cicd_health.flow import sending
from cicd_health.alerts import send
from cicd_health.store import engine, outbox
from cicd_health.store.tables import *
from cicd_health.store.tables import ChannelRow, IncidentRow, NotificationRow, SilenceRow, RuleRow
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alert_drafts import Quiet, RuleDraft
from cicd_health.model.alerts import Severity
from tests import loopback
from tests.delivering import NOW, Clock, channel, channel_row, incident, incidents, messages, seconds, serve, states, tell, tell_all
from tests import alerting
from tests.alerting import fails, passes, at, sent, steps, rows
from tests.bodies import NOON, delivery
pytestmark = pytest.mark.usefixtures("database")

@pytest.fixture
def slack():
    with loopback.slack() as slack:
        yield slack

def test_A_late_settle(slack):
    channel(slack.url)
    [id] = tell(incident())
    taken = sending._take(id, NOW)
    assert flow.deliver(id, seconds(31)) is None
    assert states() == ["sent"]
    sending._settle(taken, send.SendFailed("not sent within 15 s"), sending._Clock(seconds(40)))
    assert states() == ["sent"]

def test_B_poison(slack):
    id = flow.save_channel(flow.ChannelDraft("x","mailto://u:p@example.com?to=a@example.com&smtp=a..b") if hasattr(flow,'ChannelDraft') else __import__('cicd_health.model.alert_drafts',fromlist=['x']).ChannelDraft("x","mailto://u:p@example.com?to=a@example.com&smtp=a..b"), NOW)
    print(flow.try_channel(id, NOW))
    tell(incident())
    serve(NOW)
    assert states() != ["sending"]

def test_E_mute_withdraws(slack):
    channel(slack.url, quiet=Quiet("10:00", "14:00", except_critical=False))
    print(NOW)
    i = incident()
    tell(i)
    print(messages()[0].next_try_at)
    flow.mute_alert(i, "ann", NOW, None)
    Clock().until(seconds(6*3600))
    assert slack.texts == []

def test_I_many(slack):
    channel(slack.url, quiet=Quiet("10:00", "14:00"))
    ids = incidents(1010, severity="warning")
    import time; t=time.time()
    tell_all(ids, "opened" and __import__('cicd_health.model.alerts',fromlist=['x']).NotificationKind.OPENED, NOW)
    print("told", time.time()-t)
    i = incident("critical")
    [m] = tell(i)
    flow.deliver(m, seconds(20))
    assert len(slack.texts) == 1

def test_C_muted_forever(monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://127.0.0.1:9/services/T/B/X"); settings.get.cache_clear(); flow.start(NOON)
    flow.silence(Scope(repos=("kestrel/*",)), "ann", at(0), at(60), "m")
    fails(1, 1)
    with engine.writing() as s:
        s.execute(sa.text("UPDATE repositories SET name='other/shop'"))
    flow.evaluate_clock(at(61)); flow.evaluate_clock(at(62))
    assert alerting.incident().state == "open"

def test_D_stray(monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://127.0.0.1:9/services/T/B/X"); settings.get.cache_clear(); flow.start(NOON)
    flow.save_rule(RuleDraft("Ours", "failure", scope=Scope(repos=("kestrel/*",))), NOON)
    fails(1, 1)
    with engine.writing() as s:
        s.execute(sa.text("UPDATE repositories SET name='other/shop', named_at='2030-01-01 00:00:00'"))
    passes(2, 10)
    flow.evaluate_clock(at(61)); flow.evaluate_clock(at(62))
    print([(r.state) for r in rows(IncidentRow)])
    assert all(r.state == "resolved" for r in rows(IncidentRow))
