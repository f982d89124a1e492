"""Channels as people make and change them, and those of the settings. No address is readable anywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import select

from cicd_health import flow, settings, vault
from cicd_health.flow import channels
from cicd_health.model.alert_drafts import ChannelDraft, Quiet
from cicd_health.model.alert_scope import Scope
from cicd_health.model.alerts import Severity
from cicd_health.store import engine
from cicd_health.store.tables import ChannelRow
from tests.delivering import channel_row, incident, messages, tell
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("database")

SECRET = "s3cr3ts3cr3t"
DISCORD = f"discord://123456789012345678/{SECRET}"
DRAFT = ChannelDraft("Builds", DISCORD)


def rows() -> dict[str, ChannelRow]:
    with engine.reading() as session:
        return {row.slug: row for row in session.exec(select(ChannelRow))}


def sync(monkeypatch: pytest.MonkeyPatch, **given: str | None) -> dict[str, ChannelRow]:
    """The channels after a start with these settings."""
    for name, value in given.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    settings.get.cache_clear()
    with engine.writing() as session:
        channels.sync_env_channels(session, NOW)
    return rows()


def test_an_address_is_sealed_and_shown_without_its_secret():
    row = channel_row(flow.save_channel(DRAFT, NOW))
    assert (row.slug, row.kind, row.origin, row.enabled) == ("builds", "apprise", "user", True)
    assert row.address.startswith("discord://")
    assert SECRET not in repr(row)
    assert vault.unseal(row.url or "") == DISCORD


def test_a_slug_is_made_from_the_name_unlike_any_other_and_stays():
    names = ("Builds", "builds!", "Bu ilds", "日本", "…")
    ids = [flow.save_channel(replace(DRAFT, name=name), NOW) for name in names]
    assert [channel_row(id).slug for id in ids] == ["builds", "builds-2", "bu-ilds", "channel", "channel-2"]
    flow.save_channel(replace(DRAFT, name="Renamed", url=None), NOW, ids[0])
    assert (channel_row(ids[0]).slug, channel_row(ids[0]).name) == ("builds", "Renamed")
    assert vault.unseal(channel_row(ids[0]).url or "") == DISCORD


def test_what_people_wish_is_kept():
    quiet = Quiet("22:00", "07:00", (0, 1), except_critical=False)
    wished = replace(
        DRAFT,
        scope=Scope(repos=("acme/*",)),
        min_severity=Severity.WARNING,
        zone="Europe/Vienna",
        quiet=quiet,
        digest_at="09:00",
        per_hour=6,
        enabled=False,
    )
    row = channel_row(flow.save_channel(wished, NOW))
    assert (Scope.from_json(row.scope), Quiet.from_json(row.quiet)) == (wished.scope, quiet)
    assert (row.min_severity, row.zone, row.digest_at, row.per_hour) == ("warning", "Europe/Vienna", "09:00", 6)
    assert not row.enabled


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": " "}, "1 to 80 characters"),
        ({"name": "a\x00b"}, "1 to 80 characters"),
        ({"scope": Scope(repos=(" ",))}, "scope.repos: "),
        ({"url": None}, "needs an address"),
        ({"url": "  "}, "needs an address"),
        ({"url": f"nonsense://{SECRET}"}, "not an address"),
        ({"zone": "Mars/Base"}, "not a time zone"),
        ({"digest_at": "24:00"}, "like 09:00"),
        ({"per_hour": 0}, "1 to 1000"),
        ({"quiet": Quiet("7", "9")}, "22:00 and 07:00"),
        ({"quiet": Quiet("07:00", "07:00")}, "different times"),
        ({"quiet": Quiet("07:00", "08:00", (7,))}, "day of the week"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(changed, said):
    with pytest.raises(ValueError, match=said) as refused:
        flow.save_channel(replace(DRAFT, **changed), NOW)
    assert SECRET not in str(refused.value)
    assert rows() == {}


def test_a_channel_is_deleted_with_its_log_unless_a_rule_names_it():
    id = flow.save_channel(DRAFT, NOW)
    tell(incident(channels='["builds"]'))
    with pytest.raises(ValueError, match="sends to this channel"):
        flow.forget_channel(id, NOW)
    other = flow.save_channel(replace(DRAFT, name="Other"), NOW)
    tell(incident())
    flow.forget_channel(other, NOW)
    assert {row.channel_id for row in messages()} == {id}
    for unknown in (flow.forget_channel, flow.try_channel):
        with pytest.raises(LookupError):
            unknown(other, NOW)


def test_what_waits_for_a_channel_that_is_switched_off_is_given_up():
    id = flow.save_channel(DRAFT, NOW)
    tell(incident())
    flow.switch_channel(id, False, NOW)
    assert [(row.state, row.error) for row in messages()] == [("failed", channels.BY_HAND)]
    with pytest.raises(ValueError, match="switch it on first"):
        flow.send_again(messages()[0].id or 0, NOW)


# Channels of the settings

SLACK = f"https://hooks.slack.com/services/T0000000A/B0000000B/{SECRET}abcdefghijkl"
BOTH = {"SLACK_WEBHOOK_URL": SLACK, "SMTP_HOST": "mail.example.com", "ALERT_EMAIL_TO": "a@example.com"}


def test_channels_of_the_settings_hold_no_secret(monkeypatch):
    found = sync(monkeypatch, **BOTH, APPRISE_URLS=f"ntfy://{SECRET}@ntfy.example.com/builds,nonsense://{SECRET}")
    assert sorted(found) == ["env-apprise-1", "env-apprise-2", "env-email", "env-slack"]
    assert SECRET not in repr(found)
    assert all(row.url is None for row in found.values())
    assert found["env-email"].address == "a@example.com by mail.example.com"


def test_a_channel_whose_setting_is_gone_is_disabled_and_comes_back_with_it(monkeypatch):
    sync(monkeypatch, **BOTH)
    assert not sync(monkeypatch, SLACK_WEBHOOK_URL=None)["env-slack"].enabled
    assert sync(monkeypatch, **BOTH)["env-slack"].enabled


def test_what_people_chose_for_a_channel_of_the_settings_outlives_a_start(monkeypatch):
    id = sync(monkeypatch, **BOTH)["env-slack"].id or 0
    flow.save_channel(ChannelDraft("Other name", per_hour=5, enabled=False), NOW, id)
    row = sync(monkeypatch, **BOTH)["env-slack"]
    assert (row.name, row.per_hour, row.enabled) == ("Slack", 5, False)
    with pytest.raises(ValueError, match="comes from the settings"):
        flow.save_channel(DRAFT, NOW, id)
    with pytest.raises(ValueError, match="comes from the settings"):
        flow.forget_channel(id, NOW)


def test_a_channel_that_refused_is_asked_again_after_a_start_at_what_may_be_a_new_address(monkeypatch):
    sync(monkeypatch, **BOTH)
    with engine.writing() as session:
        session.exec(select(ChannelRow).where(ChannelRow.slug == "env-slack")).one().switched_off_at = NOW
    assert sync(monkeypatch, SLACK_WEBHOOK_URL=f"{SLACK}2")["env-slack"].switched_off_at is None


def test_a_test_of_a_channel_without_its_setting_does_not_keep_it_from_coming_back(monkeypatch):
    sync(monkeypatch, **BOTH)
    gone = sync(monkeypatch, SLACK_WEBHOOK_URL=None)["env-slack"]
    assert not flow.try_channel(gone.id or 0, NOW).ok
    assert sync(monkeypatch, **BOTH)["env-slack"].enabled
