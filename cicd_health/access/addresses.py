"""Where somebody is: the address of their own machine, also behind proxies that are trusted."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from cicd_health import settings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_behind(peer: str, forwarded_for: str | None) -> str:
    """The address that asks, given the one that is connected to us and its `X-Forwarded-For`.

    The header is believed as far as TRUSTED_PROXIES wrote it: from its end, each is who the one after it was asked by.
    What anybody else put in front of that is not looked at.
    """
    networks = _networks(settings.get().trusted_proxies)
    address = _parse(peer)
    if not networks or not forwarded_for or address is None:
        return peer if address is None else str(address)
    for hop in reversed(forwarded_for.split(",")):
        if not _within(address, networks):
            break
        before = _parse(hop.strip())
        if before is None:
            break
        address = before
    return str(address)


def network_of(address: str) -> str:
    """The address itself; of IPv6 the network that one customer has, as they may take any address in it."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else address


@lru_cache(maxsize=4)
def _networks(proxies: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(proxy, strict=False) for proxy in proxies)


def _within(address: Ip, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)


def _parse(text: str) -> Ip | None:
    """An address as proxies write it, also with a port; IPv4 in IPv6's clothes is IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
