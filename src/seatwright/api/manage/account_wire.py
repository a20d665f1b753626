"""Wire shapes of accounts, users and the audit log."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from seatwright.api import wire
from seatwright.auth.model import PERMISSIONS, Account, Permission, User
from seatwright.core import times
from seatwright.storage.engine import Row

_ID = "60be6c0876dc590010d74ea6"


class AccountOut(wire.Wire):
    """An account as its users see it."""

    id: Annotated[str, msgspec.Meta(examples=[_ID])]
    code: str
    name: str
    email: str
    currency: str
    time_zone: str
    policy_code: str | None
    language: str
    created_date: str


class AccountPatch(wire.Wire):
    """What to change; what is absent or null stays. An empty `policyCode` removes the account's policy."""

    name: wire.Word | None = None
    email: wire.Word | None = None
    currency: Annotated[str, msgspec.Meta(max_length=10, examples=["USD"])] | None = None
    time_zone: Annotated[str, msgspec.Meta(max_length=100, examples=["America/Denver"])] | None = None
    policy_code: wire.Word | None = None
    language: Annotated[str, msgspec.Meta(max_length=10, examples=["de"])] | None = None


class KeyOut(wire.Wire):
    """The new API key; it is shown this once."""

    apikey: str


class UserOut(wire.Wire):
    """A user."""

    id: str
    email: str
    alternative_id: str | None
    name: str
    permissions: list[str]
    active: bool
    created_date: str


class UserIn(wire.Wire, kw_only=True):
    """A new user. Without `permissions` it has all of them, without `password` it can't log in with one."""

    email: Annotated[wire.Word, msgspec.Meta(examples=["dana@canyon.example"])]
    name: Annotated[wire.Word, msgspec.Meta(examples=["Dana Reyes"])]
    permissions: list[Permission] = msgspec.field(default_factory=lambda: list(PERMISSIONS))
    alternative_id: wire.Word | None = None
    password: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class UserPatch(wire.Wire):
    """What to change; what is absent or null stays. An empty `alternativeId` removes it."""

    email: wire.Word | None = None
    name: wire.Word | None = None
    permissions: list[Permission] | None = None
    alternative_id: wire.Word | None = None
    active: Annotated[bool | None, msgspec.Meta(examples=[False])] = None
    password: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class EventOut(wire.Wire):
    """An entry of the audit log. `actor` is a user's id, or `system`."""

    id: str
    date: str
    actor: str
    action: str
    subject_id: str
    detail: Any


def account_out(account: Account) -> AccountOut:
    """Render an account."""
    return AccountOut(
        id=account.id,
        code=account.code,
        name=account.name,
        email=account.email,
        currency=account.currency,
        time_zone=account.time_zone,
        policy_code=account.policy_code,
        language=account.language,
        created_date=times.iso_utc(account.created_at),
    )


def user_out(user: User) -> UserOut:
    """Render a user."""
    return UserOut(
        id=user.id,
        email=user.email,
        alternative_id=user.alternative_id,
        name=user.name,
        permissions=[permission for permission in PERMISSIONS if permission in user.permissions],
        active=user.active,
        created_date=times.iso_utc(user.created_at),
    )


def event_out(row: Row) -> EventOut:
    """Render a row of the audit log."""
    return EventOut(
        id=row["id"],
        date=times.iso_utc(row["at"]),
        actor=row["actor"],
        action=row["action"],
        subject_id=row["subject_id"],
        detail=msgspec.json.decode(row["detail"]),
    )
