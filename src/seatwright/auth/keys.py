"""Use cases of the keys of integrations, which stand beside the account's own.

Each key has a name, permissions and perhaps an expiry; it is shown once, and can be revoked.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from seatwright.auth import key_store
from seatwright.auth.model import ApiKey
from seatwright.auth.secrets import Keyring, new_own_key
from seatwright.auth.service import check_name, check_permissions, lock_account
from seatwright.auth.tokens import Claims
from seatwright.core.bounded_dict import BoundedDict
from seatwright.core.clock import HOUR_MS, Instant
from seatwright.core.errors import Conflict, Invalid, NotFound
from seatwright.core.ids import is_hex24, new_hex24
from seatwright.storage import audit
from seatwright.storage.engine import ConstraintViolation, Database, ReadTx, Tx

MAX_KEYS = 100
"""Maximum number of keys of an account, not counting revoked ones."""
_MAX_NOTED = 10_000


class NewKey(NamedTuple):
    """The fields of a new key; without `expires_at` it is valid until it is revoked."""

    name: str
    permissions: frozenset[str]
    expires_at: Instant | None = None


async def page(tx: ReadTx, account_id: str, *, limit: int, page: int) -> list[ApiKey]:
    """Return a page of the account's keys, oldest first, including revoked ones; `page` counts from 0."""
    return await key_store.keys(tx, account_id, limit=limit, offset=limit * page)


async def create(
    tx: Tx, keyring: Keyring, now: Instant, actor: str, account_id: str, new: NewKey
) -> tuple[ApiKey, str]:
    """Make a key, and return it with the key itself, which is shown only this once.

    Raises `Invalid` for a wrong field, `Conflict` for a name that another key has, or for too many keys.
    """
    if new.expires_at is not None and new.expires_at <= now:
        raise Invalid("expiresDate: is over; give a day or time to come.", code="invalid_date", field="expiresDate")
    made = ApiKey(
        account_id=account_id,
        id=new_hex24(),
        name=check_name(new.name),
        permissions=check_permissions(new.permissions),
        created_at=now,
        expires_at=new.expires_at,
    )
    await lock_account(tx, account_id)
    if await key_store.not_revoked(tx, account_id) >= MAX_KEYS:
        raise Conflict(f"The account has {MAX_KEYS} keys; revoke one that nobody needs.", code="too_many_keys")
    key = new_own_key(made.id)
    try:
        await key_store.insert(tx, made, keyring.hash_api_key(key))
    except ConstraintViolation:
        raise Conflict(
            "name: the account has another key of this name; revoke it, or choose another.",
            code="key_name_taken",
            field="name",
        ) from None
    detail = {"permissions": sorted(made.permissions), "expiresAt": made.expires_at}
    await audit.record(tx, account_id, now, actor, "key.created", made.id, detail)
    return made, key


async def revoke(tx: Tx, now: Instant, actor: str, account_id: str, key_id: str) -> ApiKey:
    """End a key and all tokens that were given for it, at once, and return it. Raises `NotFound`.

    A key that is revoked already stays as it is.
    """
    await lock_account(tx, account_id)
    found = await key_store.key(tx, account_id, key_id) if is_hex24(key_id) else None
    if found is None:
        raise NotFound("There is no such key.", code="key_not_found")
    if found.revoked_at is not None:
        return found
    await key_store.revoke(tx, account_id, key_id, now)
    await audit.record(tx, account_id, now, actor, "key.revoked", key_id)
    return msgspec.structs.replace(found, revoked_at=now)


class KeyUses:
    """Stores when keys are used. Each process does so once an hour for a key, so that requests aren't slowed."""

    def __init__(self) -> None:
        self._noted: BoundedDict[str, Instant] = BoundedDict(_MAX_NOTED)

    async def note(self, database: Database, claims: Claims, now: Instant) -> None:
        """Note a use of the key that a token was given for; nothing for other tokens. Raises `Unavailable`."""
        key_id = claims.key_id
        if key_id is None or 0 <= now - self._noted.get(key_id, now - HOUR_MS) < HOUR_MS:
            return
        await database.write(lambda tx: key_store.note_use(tx, claims.account_id, key_id, now))
        self._noted[key_id] = now
