"""Wire shapes of accounts, users and the audit log."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec

from seatwright.auth.business import Business, BusinessChange, Phone
from seatwright.auth.model import Account, Permission, Role, User
from seatwright.auth.roles import ROLE_PERMISSIONS, in_order, rights_of
from seatwright.core import times
from seatwright.core.field_errors import bad_field
from seatwright.core.names import text_of
from seatwright.http import wire
from seatwright.storage.engine import Row

_ID = "60be6c0876dc590010d74ea6"
Permissions: TypeAlias = Annotated[
    list[Permission], msgspec.Meta(max_length=50, examples=[["orders.read", "orders.write"]])
]

RoleIn: TypeAlias = Annotated[Role | None, msgspec.Meta(examples=["front_desk"])]


class PhoneOut(wire.Wire):
    """A phone number, and what kind it is, such as "office"."""

    number: str
    type: str


class BusinessOut(wire.Wire):
    """How a business can be reached; an empty text is not known."""

    address: str
    city: str
    state: str
    postal_code: str
    country: str
    website: str
    email: str
    phones: list[PhoneOut]


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
    business: BusinessOut
    created_date: str


class PhoneIn(wire.Wire, kw_only=True):
    """A phone number, and what kind it is, such as "office"."""

    number: Annotated[wire.Word, msgspec.Meta(examples=["+1 435 555 0100"])]
    type: wire.Word = ""


class BusinessPatch(wire.Wire):
    """What to change; what is absent or null stays, an empty text or list removes what was there."""

    address: wire.Word | None = None
    city: wire.Word | None = None
    state: wire.Word | None = None
    postal_code: wire.Word | None = None
    country: wire.Word | None = None
    website: Annotated[str, msgspec.Meta(max_length=2_000, examples=["https://canyon.example"])] | None = None
    email: wire.Word | None = None
    phones: Annotated[list[PhoneIn], msgspec.Meta(max_length=10)] | None = None


class AccountPatch(wire.Wire):
    """What to change; what is absent or null stays. An empty `policyCode` removes the account's policy."""

    name: wire.Word | None = None
    email: wire.Word | None = None
    currency: Annotated[str, msgspec.Meta(max_length=10, examples=["USD"])] | None = None
    time_zone: Annotated[str, msgspec.Meta(max_length=100, examples=["America/Denver"])] | None = None
    policy_code: wire.Word | None = None
    language: Annotated[str, msgspec.Meta(max_length=10, examples=["de"])] | None = None
    business: BusinessPatch | None = None


class KeyOut(wire.Wire):
    """The new API key; it is shown this once."""

    apikey: str


class UserOut(wire.Wire):
    """A user. `permissions` are those of the role, or the single ones that were given."""

    id: str
    email: str
    alternative_id: str | None
    name: str
    role: Role | None
    permissions: list[str]
    active: bool
    created_date: str


class UserIn(wire.Wire, kw_only=True):
    """A new user. Its `role` or its `permissions` have to be given; without `password` it can't log in with one."""

    email: Annotated[wire.Word, msgspec.Meta(examples=["dana@canyon.example"])]
    name: Annotated[wire.Word, msgspec.Meta(examples=["Dana Reyes"])]
    role: RoleIn = None
    permissions: Permissions | None = None
    alternative_id: wire.Word | None = None
    password: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class UserPatch(wire.Wire):
    """What to change; what is absent or null stays. An empty `alternativeId` removes it. A role takes the place of
    single permissions, and they take the place of a role."""

    email: wire.Word | None = None
    name: wire.Word | None = None
    role: RoleIn = None
    permissions: Permissions | None = None
    alternative_id: wire.Word | None = None
    active: Annotated[bool | None, msgspec.Meta(examples=[False])] = None
    password: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class EventOut(wire.Wire):
    """An entry of the audit log. `actor` is a user's id, the id of a key that a program signed in with, or `system`."""

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
        business=business_out(account.business),
        created_date=times.iso_utc(account.created_at),
    )


def business_out(business: Business) -> BusinessOut:
    """Render how a business can be reached."""
    said = msgspec.structs.asdict(business)
    return BusinessOut(**said | {"phones": [PhoneOut(number=p.number, type=p.type) for p in business.phones]})


def business_change(patch: BusinessPatch | None) -> BusinessChange | None:
    """Return the changes of a patch, None if there are none."""
    if patch is None:
        return None
    said = {name: getattr(patch, name) for name in patch.__struct_fields__ if name != "phones"}
    texts = {name: None if value is None else text_of(value) for name, value in said.items()}
    phones = [Phone(number=text_of(p.number), type=text_of(p.type)) for p in patch.phones or ()]
    return BusinessChange(**texts, phones=None if patch.phones is None else tuple(phones))


def grant_of(
    role: Role | None, permissions: list[Permission] | None, *, required: bool
) -> tuple[Role | None, frozenset[str] | None]:
    """Return the role or the permissions that were sent. Raises `Invalid` if both were and say different things, or if
    neither was where one is `required`.
    """
    given = None if permissions is None else frozenset(permissions)
    if role is None and given is None and required:
        raise bad_field("permissions", "is missing; give it, or a role.", code="missing_field")
    if role is None or given is None:
        return role, given
    if given != ROLE_PERMISSIONS[role]:
        raise bad_field("permissions", "give a role or permissions, not both.")
    return role, None


def user_out(user: User) -> UserOut:
    """Render a user."""
    return UserOut(
        id=user.id,
        email=user.email,
        alternative_id=user.alternative_id,
        name=user.name,
        role=user.role,
        permissions=in_order(rights_of(user) if user.role else user.permissions),
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
