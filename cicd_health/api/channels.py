"""Channels: where messages go. Addresses only ever go in."""

from __future__ import annotations

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

from cicd_health import flow
from cicd_health.api import alert_bodies
from cicd_health.api.acting import acted
from cicd_health.api.alert_shapes import Channel, TestResult
from cicd_health.api.auth import ADMIN, READER
from cicd_health.api.clock import Now
from cicd_health.api.paging import Page
from cicd_health.api.words import Id
from cicd_health.store import alert_lists, engine

router = APIRouter(prefix="/api/v1/channels", tags=["channels"])


@router.get("", dependencies=[READER])
def channels(now: Now) -> Page[Channel]:
    """Every channel, its address masked, with its messages of the last 24 hours."""
    with engine.reading() as session:
        return Page(items=[Channel.of(row) for row in alert_lists.channels(session, now)])


@router.post("", status_code=201, dependencies=[ADMIN])
def add(wanted: alert_bodies.ChannelDraft, now: Now, response: Response) -> Channel:
    """Make a channel."""
    if wanted.url is None:
        raise HTTPException(422, "url: a new channel needs its address: an Apprise URL or a Slack webhook.")
    channel_id = acted(lambda: flow.save_channel(wanted.draft(), now))
    response.headers["Location"] = f"{router.prefix}/{channel_id}"
    return channel(channel_id, now)


@router.get("/{channel_id}", dependencies=[READER])
def channel(channel_id: Id, now: Now) -> Channel:
    """One channel."""
    with engine.reading() as session:
        row = alert_lists.of_id(alert_lists.channels(session, now), channel_id)
    if row is None:
        raise HTTPException(404, f"There is no channel {channel_id}.")
    return Channel.of(row)


@router.put("/{channel_id}", dependencies=[ADMIN])
def put(channel_id: Id, wanted: alert_bodies.ChannelDraft, now: Now) -> Channel:
    """Make a channel what is said; without `url` its address stays."""
    acted(lambda: flow.save_channel(wanted.draft(), now, channel_id))
    return channel(channel_id, now)


@router.patch("/{channel_id}", dependencies=[ADMIN])
def switch(channel_id: Id, wanted: alert_bodies.Switch, now: Now) -> Channel:
    """Switch a channel on, also one that refused for good, or off: then what waits for it is given up."""
    acted(lambda: flow.switch_channel(channel_id, wanted.enabled, now))
    return channel(channel_id, now)


@router.delete("/{channel_id}", status_code=204, dependencies=[ADMIN])
def forget(channel_id: Id, now: Now) -> None:
    """Delete a channel. One from the settings goes when its setting goes."""
    acted(lambda: flow.forget_channel(channel_id, now))


@router.post("/{channel_id}/test", dependencies=[ADMIN])
def try_out(channel_id: Id, now: Now) -> TestResult:
    """Send a test message, and say whether the channel took it. Takes as long as it takes."""
    known = channel(channel_id, now)
    tried = acted(lambda: flow.try_channel(channel_id, now))
    return TestResult(channel=known.slug, ok=tried.ok, error=tried.error, seconds=tried.seconds)
