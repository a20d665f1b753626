"""Which permissions belong together: what a wide permission implies, and the roles of a business.

A user has a role or single permissions. `expanded` says what either amounts to.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from types import MappingProxyType

from seatwright.auth.model import ALL_PERMISSIONS, PERMISSIONS, User

IMPLIED: MappingProxyType[str, frozenset[str]] = MappingProxyType(
    {
        "orders.read": frozenset({"customers.read", "departures.read", "manifests.read", "transactions.read"}),
        "orders.write": frozenset({"checkin.write", "payments.write"}),
        "settings": frozenset(
            {
                "account.write",
                "audit.read",
                "catalog.write",
                "connections.write",
                "departures.write",
                "keys.write",
                "mailing.write",
                "messages.read",
                "messages.write",
                "owners.write",
                "users.write",
                "webhooks.write",
            }
        ),
    }
)
"""What a user or key with the permission may do besides: permissions that were one before they were split."""

OWNERS_ONLY: frozenset[str] = frozenset({"settings", "owners.write", "keys.write", "api.integration"})
"""What a manager may not do: hand out keys, be one's name, and decide who owns the account."""

ROLE_PERMISSIONS: MappingProxyType[str, frozenset[str]] = MappingProxyType(
    {
        "owner": ALL_PERMISSIONS,
        "manager": ALL_PERMISSIONS - OWNERS_ONLY,
        "front_desk": frozenset(
            {
                "orders.read",
                "orders.write",
                "orders.cancel",
                "customers.read",
                "departures.read",
                "manifests.read",
                "checkin.write",
                "payments.write",
                "transactions.read",
            }
        ),
        "guide": frozenset({"departures.read", "manifests.read", "checkin.write"}),
        "accountant": frozenset({"reports.read", "transactions.read"}),
    }
)
"""All that a role may do."""


@lru_cache(maxsize=256)
def parse_permissions(text: str) -> frozenset[str]:
    """Return what a user or key may do, of the stored words: a role, or permissions with spaces between them."""
    return expanded(text.split())


def expanded(words: Iterable[str]) -> frozenset[str]:
    """Return the permissions that roles and permissions amount to."""
    found: set[str] = set()
    for word in words:
        found |= ROLE_PERMISSIONS.get(word) or {word, *IMPLIED.get(word, ())}
    return frozenset(found)


def implying(permission: str) -> frozenset[str]:
    """Return the permissions with any of which one has `permission`: itself, and those that imply it."""
    return frozenset({permission, *(wide for wide, narrow in IMPLIED.items() if permission in narrow)})


def in_order(permissions: Iterable[str]) -> list[str]:
    """Return permissions in the order of `PERMISSIONS`."""
    given = frozenset(permissions)
    return [permission for permission in PERMISSIONS if permission in given]


def read_words(text: str) -> frozenset[str]:
    """Return the single permissions as they were given to a user or key, of the stored text."""
    return frozenset(text.split())


def write_words(permissions: frozenset[str]) -> str:
    """Return single permissions as they are stored."""
    return " ".join(in_order(permissions))


def rights_of(user: User) -> frozenset[str]:
    """Return all that a user may do."""
    return expanded(user.permissions if user.role is None else (user.role,))
