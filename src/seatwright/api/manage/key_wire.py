"""Wire shapes of the keys of integrations."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from seatwright.api.manage.account_wire import Permissions
from seatwright.auth.model import ApiKey
from seatwright.auth.roles import in_order
from seatwright.core import times
from seatwright.core.clock import Instant
from seatwright.http import wire


class ApiKeyIn(wire.Wire, kw_only=True):
    """A new key. `expiresDate` is a day, at whose end in the account's time zone it ends, or a time; null is never."""

    name: Annotated[wire.Word, msgspec.Meta(examples=["Accounting"])]
    permissions: Permissions
    expires_date: Annotated[str, msgspec.Meta(max_length=40, examples=["2027-12-31"])] | None = None


class ApiKeyOut(wire.Wire):
    """A key, which is never shown again. `lastUsedDate` is exact to an hour."""

    id: str
    name: str
    permissions: list[str]
    created_date: str
    expires_date: str | None
    revoked_date: str | None
    last_used_date: str | None


class NewApiKeyOut(ApiKeyOut):
    """A new key with what to sign in with, which is shown this once."""

    apikey: str


def key_out(key: ApiKey) -> ApiKeyOut:
    """Render a key."""
    return ApiKeyOut(**_fields(key))


def new_key_out(made: tuple[ApiKey, str]) -> NewApiKeyOut:
    """Render a new key with what to sign in with."""
    key, apikey = made
    return NewApiKeyOut(**_fields(key), apikey=apikey)


def _fields(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "permissions": in_order(key.permissions),
        "created_date": times.iso_utc(key.created_at),
        "expires_date": _date(key.expires_at),
        "revoked_date": _date(key.revoked_at),
        "last_used_date": _date(key.last_used_at),
    }


def _date(at: Instant | None) -> str | None:
    return None if at is None else times.iso_utc(at)
