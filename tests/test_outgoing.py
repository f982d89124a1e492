"""Where nothing of ours connects to, however the address is written and whoever led us there."""

from __future__ import annotations

import socket
import urllib.request

import pytest

from cicd_health import outgoing
from cicd_health.alerts import send
from cicd_health.alerts.send import Target
from cicd_health.flow import connecting
from cicd_health.providers.http import open_client
from cicd_health.providers.remote import RemoteError
from tests import loopback
from tests.alerts.test_send import TOLD

FORBIDDEN = [
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "fd00:ec2::254",
    "100.100.100.200",
]
ALLOWED = ["127.0.0.1", "10.1.2.3", "192.168.1.7", "fd12::1", "::1", "140.82.121.3", "2606:50c0::1", "ci.example.com"]


@pytest.mark.parametrize("host", FORBIDDEN)
def test_link_local_and_metadata_addresses_are_forbidden_in_every_spelling(host):
    assert outgoing.is_forbidden(host)


@pytest.mark.parametrize("host", ALLOWED)
def test_private_networks_are_allowed_as_jenkins_lives_there(host):
    assert not outgoing.is_forbidden(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "::1", "fd12::1", "169.254.169.254", "::ffff:10.0.0.1", "x"])
def test_what_is_inside_is_not_public(host):
    assert not outgoing.is_public(host)


def test_what_is_outside_is_public():
    assert outgoing.is_public("140.82.121.3")


@pytest.fixture
def led_inside(monkeypatch):
    """A name that resolves to the metadata service."""
    true = socket.getaddrinfo

    def lying(host, *rest, **more):
        return true("169.254.169.254" if host == "ci.evil.example" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lying)
    outgoing.guard()


def test_a_name_that_leads_there_is_refused_for_everything_that_calls_out(led_inside):
    with pytest.raises(OSError, match="never connected to"):
        urllib.request.urlopen("http://ci.evil.example/latest/meta-data", timeout=5)
    with pytest.raises(RemoteError, match="never connected to"), open_client("http://ci.evil.example") as client:
        client.get("/x")
    with pytest.raises(send.SendFailed):
        send.send(Target("slack", "http://ci.evil.example/hook"), TOLD)


def test_what_a_server_outside_sends_us_to_inside_is_not_followed(monkeypatch):
    with loopback.slack() as inside:
        with pytest.raises(ConnectionRefusedError, match="do not follow"), outgoing.public_only():
            socket.create_connection(("127.0.0.1", int(inside.url.split(":")[2].split("/")[0])), timeout=5)
        socket.create_connection(("127.0.0.1", int(inside.url.split(":")[2].split("/")[0])), timeout=5).close()


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]"])
def test_such_an_address_is_refused_when_it_is_entered(host):
    with pytest.raises(ValueError, match="link-local"):
        connecting.address(f"http://{host}/api")
    for scheme in ("http", "json", "mailto"):
        with pytest.raises(ValueError, match="link-local"):
            send.describe(f"{scheme}://{host}/hook")


def test_no_channel_follows_a_redirect_even_if_its_address_says_so():
    with loopback.slack() as elsewhere, loopback.slack() as slack:
        slack.status, slack.location = 302, elsewhere.url
        target = Target("apprise", slack.url.replace("http://", "json://") + "?redirect=yes")
        with pytest.raises(send.SendFailed, match="302"):
            send.send(target, TOLD)
        assert elsewhere.paths == []
