"""Users as a user of the account manages them: who may give what to whom.

Nobody makes or changes a user who may do more than they may themselves; owners may, because they decide who is one.
"""

from __future__ import annotations

from collections.abc import Iterable

from seatwright.auth import invitation_store, service, store
from seatwright.auth.model import Caller, Role, User
from seatwright.auth.roles import ROLE_PERMISSIONS, expanded, in_order, rights_of
from seatwright.auth.service import NewUser, UserChange
from seatwright.core.clock import Instant
from seatwright.core.errors import Forbidden, NotFound
from seatwright.core.ids import is_hex24
from seatwright.storage.engine import ReadTx, Tx


async def create(tx: Tx, now: Instant, caller: Caller, new: NewUser) -> User:
    """Make a user and return it. Raises `Forbidden` for one who could do more than the caller, and what
    `service.create_user` raises.
    """
    caller.require("users.write")
    check_may_give(caller, new.role, new.permissions)
    return await service.create_user(tx, now, caller.user_id, caller.account_id, new)


async def change(tx: Tx, now: Instant, caller: Caller, user_id: str, change: UserChange) -> User:
    """Change a user and return it. Raises `Forbidden` for one who can, or could then, do more than the caller, and what
    `service.change_user` raises.
    """
    caller.require("users.write")
    await service.lock_account(tx, caller.account_id)
    check_may_manage(caller, await read(tx, caller.account_id, user_id))
    check_may_give(caller, change.role, change.permissions or ())
    changed = await service.change_user(tx, now, caller.user_id, caller.account_id, user_id, change)
    if not changed.active:
        await invitation_store.revoke_by(tx, caller.account_id, user_id, now)
    return changed


async def read(tx: ReadTx, account_id: str, user_id: str) -> User:
    """Return a user of the account. Raises `NotFound`."""
    found = await store.user(tx, account_id, user_id) if is_hex24(user_id) else None
    if found is None:
        raise NotFound("There is no such user.", code="user_not_found")
    return found


def check_may_give(caller: Caller, role: Role | None, permissions: Iterable[str]) -> None:
    """Raise `Forbidden` unless the caller may give somebody this role or these permissions."""
    _check(caller, expanded(permissions) if role is None else ROLE_PERMISSIONS[role], "give somebody")


def check_may_manage(caller: Caller, user: User) -> None:
    """Raise `Forbidden` unless the caller may change a user, or end the user's sessions."""
    if user.id != caller.user_id:
        _check(caller, rights_of(user), "change a user who has")


def _check(caller: Caller, rights: frozenset[str], deed: str) -> None:
    beyond = rights - caller.permissions
    if beyond and "owners.write" not in caller.permissions:
        raise Forbidden(
            f"You can't {deed} more permissions than you have ({', '.join(in_order(beyond))}); an owner can.",
            code="owner_needed",
        )
