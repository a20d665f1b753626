"""Which network addresses a webhook may call: only those of the public internet.

Otherwise a user who may enter a URL could make the server call addresses that only the server can reach: itself, its
database, the machines beside it, a cloud's metadata service (server-side request forgery, SSRF).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host name and a port, as texts. Raises OSError if there are none."""

LOOKUPS = 100
"""Maximum number of host names that a process resolves at the same time: more than its calls, because lookups of
abandoned calls still run.
"""

_NOT_PUBLIC_4 = (
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments; a cloud's metadata too
    IPv4Network("192.88.99.0/24"),  # relays from IPv6, deprecated
    IPv4Network("168.63.129.16/32"),  # Azure's own services, from within its machines
)
_UNICAST = IPv6Network("2000::/3")
"""All IPv6 addresses that are assigned for use on the internet."""
_NOT_PUBLIC_6 = (
    IPv6Network("2001::/23"),  # IETF protocol assignments, Teredo tunnels among them
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("3fff::/20"),  # documentation
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as IPv6-only hosts see them; the last four bytes are the IPv4 address."""


def is_public(address: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address of the public internet.

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
    """Return the address if a URL's host is one, in any notation (127.1, 0x7f000001), or None for a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return str(IPv4Address(socket.inet_aton(host)))
    except (OSError, ValueError):
        return None


class Lookups:
    """Asks the machine's resolver, in separate threads. There is one object for each process.

    The resolver can't be interrupted: the owner of a name can let it block for half a minute, long after the call was
    abandoned. So nothing else uses these threads, and no exit waits for them. There are at most `at_once`, and a host
    is looked up once at a time for all callers that wait for it.
    """

    def __init__(self, at_once: int = LOOKUPS) -> None:
        self._at_once = at_once
        self._lock = threading.Lock()
        self._running: dict[str, Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return a host's addresses (`Resolver`); OSError at once if too many lookups are running."""
        return await asyncio.wrap_future(self._asked(host))

    def _asked(self, host: str) -> Future[list[str]]:
        with self._lock:
            running = self._running.get(host)
            if running is not None:
                return running
            if len(self._running) >= self._at_once:
                raise OSError("too many names are being resolved")
            started: Future[list[str]] = Future()
            started.set_running_or_notify_cancel()  # so a caller that stops waiting doesn't cancel it for others
            self._running[host] = started
        try:
            threading.Thread(target=self._ask, args=(host, started), name="webhook host", daemon=True).start()
        except RuntimeError as error:  # the machine has no room for a thread
            self._end(host)
            raise OSError(str(error)) from error
        return started

    def _ask(self, host: str, started: Future[list[str]]) -> None:
        found: list[str] = []
        failed: Exception | None = None
        try:
            entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in entries))
        except Exception as error:
            failed = error
        self._end(host)
        if failed is None:
            started.set_result(found)
        else:
            started.set_exception(failed)

    def _end(self, host: str) -> None:
        with self._lock:
            del self._running[host]


resolve: Resolver = Lookups()
"""The machine's resolver (`Resolver`)."""
