"""Who may do what."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import msgspec

from seatwright.auth.business import Business
from seatwright.core.clock import Instant
from seatwright.core.errors import Forbidden
from seatwright.core.languages import DEFAULT_LANGUAGE, Language

Permission: TypeAlias = Literal[
    "orders.read",
    "orders.write",
    "orders.cancel",
    "cancellation_fee.edit",
    "reports.read",
    "api.integration",
    "settings",
    "customers.read",
    "departures.read",
    "manifests.read",
    "transactions.read",
    "checkin.write",
    "payments.write",
    "payments.refund",
    "catalog.write",
    "departures.write",
    "account.write",
    "users.write",
    "owners.write",
    "keys.write",
    "connections.write",
    "webhooks.write",
    "messages.read",
    "messages.write",
    "mailing.write",
    "audit.read",
]
"""Wide ones that imply others (`auth.roles`) stand first."""
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
ALL_PERMISSIONS: frozenset[str] = frozenset(PERMISSIONS)
Role: TypeAlias = Literal["owner", "manager", "front_desk", "guide", "accountant"]
ROLES: tuple[Role, ...] = get_args(Role)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The user behind a request, read from the database in the request's own transaction.

    For a program that signed in with a key of its own, `user_id` and `name` are the key's, so that the audit log and
    the limits tell it from the user whose name it gave; its permissions are those that both have.
    """

    account_id: str
    user_id: str
    name: str
    email: str
    permissions: frozenset[str]

    def require(self, permission: Permission) -> None:
        """Raise `Forbidden`, naming the permission, unless the user has it."""
        if permission not in self.permissions:
            raise Forbidden(
                f"This needs the permission {permission}, which the user or key doesn't have; an administrator can "
                "grant it.",
                code="permission_missing",
            )


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An operator or a reseller, which owns users, a catalog, carts and orders. `code` is its short name.

    `language` is that of mails to it, and to its customers who name none.
    """

    id: str
    code: str
    name: str
    email: str
    currency: str
    time_zone: str
    policy_code: str | None
    key_generation: int
    created_at: Instant
    language: Language = DEFAULT_LANGUAGE
    business: Business = Business()


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person or program that acts for an account. `email` is in lower case.

    It has a `role`, or single `permissions`; `auth.roles` says what they amount to.
    """

    account_id: str
    id: str
    email: str
    alternative_id: str | None
    name: str
    role: Role | None
    permissions: frozenset[str]
    active: bool
    created_at: Instant


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """An integration's own key, without the key itself. `last_used_at` is exact to an hour."""

    account_id: str
    id: str
    name: str
    permissions: frozenset[str]
    created_at: Instant
    expires_at: Instant | None = None
    revoked_at: Instant | None = None
    last_used_at: Instant | None = None
