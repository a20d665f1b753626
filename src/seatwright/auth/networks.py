"""Where a request comes from: its address, and the networks around it that may all belong to one party."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TypeAlias

Networks: TypeAlias = tuple[str, ...]
"""From the narrowest, which counts as one address, to the widest."""

UNKNOWN: Networks = ("unknown",)
_IPV4_PREFIXES = (32, 24)
_IPV6_PREFIXES = (64, 56, 48)
"""A subnet, and what providers give to homes (a /56) and to offices (a /48): each address of it is one party's."""


@lru_cache(maxsize=4096)
def networks(host: str) -> Networks:
    """Return an IPv4 address and its /24, or an IPv6 address's /64, /56 and /48.

    All texts that are no address (a proxy may say "unknown") count as one.
    """
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return UNKNOWN
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if isinstance(found, ipaddress.IPv4Address):
        wider = [ipaddress.IPv4Network((int(found), prefix), strict=False) for prefix in _IPV4_PREFIXES[1:]]
        return (str(found), *map(str, wider))
    # By number: an address may have a zone ("%eth0"), which no network has.
    return tuple(str(ipaddress.IPv6Network((int(found), prefix), strict=False)) for prefix in _IPV6_PREFIXES)


def network(host: str) -> str:
    """Return the narrowest of an address's `networks`: a party that has one address of a /64 has all of them."""
    return networks(host)[0]
