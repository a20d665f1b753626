"""Which network addresses may be called for somebody else: those of the public internet, and no others.

Whoever may enter a URL could otherwise make the server talk to what only it can reach: itself, its database, the
machines beside it, a cloud's metadata service (server-side request forgery, SSRF).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host name and a port, as texts. Raises OSError if there are none."""

_NOT_PUBLIC_4 = (
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments; a cloud's metadata too
    IPv4Network("192.88.99.0/24"),  # relays from IPv6, deprecated
    IPv4Network("168.63.129.16/32"),  # Azure's own services, from within its machines
)
_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is handed out for use on the internet."""
_NOT_PUBLIC_6 = (
    IPv6Network("2001::/23"),  # IETF protocol assignments, Teredo tunnels among them
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("3fff::/20"),  # documentation
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 as hosts that have IPv6 alone see it; the last four bytes are the IPv4 address."""


def is_public(address: str) -> bool:
    """Tell whether an IPv4 or IPv6 address is one of the public internet's; what is no address isn't.

    An IPv6 address that stands for an IPv4 one (mapped, NAT64, 6to4) is public if both are.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return _public_4(found) if isinstance(found, IPv4Address) else _public_6(found)


def _public_4(address: IPv4Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NOT_PUBLIC_4)
    )


def _public_6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    if address.ipv4_mapped is not None:
        return _public_4(address.ipv4_mapped)
    if address in _NAT64:
        return _public_4(IPv4Address(int(address) & 0xFFFFFFFF))
    if address.sixtofour is not None and not _public_4(address.sixtofour):
        return False
    return address in _UNICAST and address.is_global and not any(address in network for network in _NOT_PUBLIC_6)


def literal(host: str) -> str | None:
    """Return the address that a URL's host is, in any way of writing one (127.1, 0x7f000001), or None for a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return str(IPv4Address(socket.inet_aton(host)))
    except (OSError, ValueError):
        return None


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the machine's resolver (`Resolver`)."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
