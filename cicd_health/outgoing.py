"""Where this process may not connect to, whoever asked for it and whatever a name or a redirect led to.

Never: link-local addresses and those where clouds tell a machine its credentials. Within `public_only` also no address
of a private network or of this machine. Networks of one's own are allowed otherwise: Jenkins often lives there.

It is looked at where Python opens connections, after names were resolved, so that a name cannot mean something
else between the look and the use. Source: PEP 578
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any

METADATA = frozenset({"100.100.100.200", "192.0.0.192", "fd00:ec2::254"})  # beside those that are link-local
NAT64 = ipaddress.ip_network("64:ff9b::/96")

_public_only: ContextVar[bool] = ContextVar("public_only", default=False)


class Refused(ConnectionRefusedError):
    """We do not connect there."""


@cache
def guard() -> None:
    """Look at every connection from now on. It cannot be undone, and needs to be said once only."""
    sys.addaudithook(_look)


@contextmanager
def public_only() -> Iterator[None]:
    """Within the block, connect to public addresses only: for what somebody outside sends us to."""
    guard()
    token = _public_only.set(True)
    try:
        yield
    finally:
        _public_only.reset(token)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    if not isinstance(address, tuple) or not address or not isinstance(address[0], str):
        return  # a file, such as PostgreSQL's
    if is_forbidden(address[0]):
        raise Refused("this address is never connected to: it is link-local, or tells a machine its credentials")
    if _public_only.get() and not is_public(address[0]):
        raise Refused("a server outside sent us to an address inside, where we do not follow")


@lru_cache(maxsize=10_000)
def is_forbidden(host: str) -> bool:
    """Whether nothing of ours ever connects there. False for a name: it is looked at when it is resolved."""
    address = _address(host)
    return address is not None and (address.is_link_local or str(address) in METADATA)


@lru_cache(maxsize=10_000)
def is_public(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_global and not address.is_multicast


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address itself, without zone, also where it is written inside one of IPv6; None for a name."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
