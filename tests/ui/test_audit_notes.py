"""Whoever changes something on a page stands in the audit log."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from reflex.istate.data import HeaderData, RouterData, SessionData

from cicd_health import access, flow
from cicd_health.model.alert_drafts import ChannelDraft
from cicd_health.store import audit, engine
from cicd_health.store.audit import AuditFilter
from cicd_health.ui.states.alert_channels import ChannelsState


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_change_on_a_page_is_written_down_with_who_and_from_where(database):
    now = datetime.now(UTC)
    flow.start(now)
    access.ensure_admin("wren@kestrel.example", "a long password", now)
    token = access.sign_in("wren@kestrel.example", "a long password", "192.0.2.7", "", now)
    headers = HeaderData(cookie=f"{access.COOKIE}={token}")
    channel_id = flow.save_channel(ChannelDraft("Team", "json://127.0.0.1:9"), now)
    state = ChannelsState(router=RouterData(headers=headers, session=SessionData(client_ip="192.0.2.7")))
    await ChannelsState.event_handlers["switch"].fn(state, str(channel_id), False)
    with engine.reading() as session:
        entry, *_ = audit.entries(session, AuditFilter(action="channel"), 10)
    told = {name: entry[name] for name in ("who", "via", "address", "action", "subject", "detail")}
    assert told == {
        "who": "wren@kestrel.example",
        "via": "page",
        "address": "192.0.2.7",
        "action": "channel.saved",
        "subject": f"channel {channel_id} (Team)",
        "detail": {"enabled": False},
    }
