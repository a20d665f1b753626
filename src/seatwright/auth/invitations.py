"""Use cases of invitations: somebody is invited by mail to become a user, and sets a name and password by its link."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from seatwright.auth import invitation_store, service, store
from seatwright.auth.handles import new_handle, read_handle
from seatwright.auth.invitation_store import Invitation
from seatwright.auth.model import Account, Caller, Role, User
from seatwright.auth.secrets import Keyring
from seatwright.auth.service import NewUser, check_email, check_permissions, check_role
from seatwright.auth.users import check_may_give
from seatwright.core.clock import DAY_MS, Instant
from seatwright.core.errors import Conflict, NotFound
from seatwright.core.ids import is_hex24, new_hex24
from seatwright.core.languages import Language
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx

LIFETIME_MS = 7 * DAY_MS
"""How long an invitation can be accepted (our decision)."""
MAX_WAITING = 100
"""Maximum number of an account's invitations that can be accepted."""


class NewInvitation(NamedTuple):
    """Whom to invite, with a role or single permissions; None is the account's language."""

    email: str
    role: Role | None = None
    permissions: frozenset[str] = frozenset()
    language: Language | None = None


class Invited(NamedTuple):
    """A new invitation, its account, and what the link in its mail has to contain."""

    invitation: Invitation
    account: Account
    handle: str


async def invite(tx: Tx, keyring: Keyring, now: Instant, caller: Caller, new: NewInvitation) -> Invited:
    """Make an invitation, in place of one to the same address that waits. The caller sends the mail.

    Raises `Forbidden` for more permissions than the caller has, `Invalid`, and `Conflict` if the address is a user's,
    or if too many invitations wait.
    """
    caller.require("users.write")
    check_may_give(caller, new.role, new.permissions)
    account = await service.lock_account(tx, caller.account_id)
    made = Invitation(
        account_id=account.id,
        id=new_hex24(),
        email=check_email(new.email).lower(),
        role=check_role(new.role),
        permissions=frozenset() if new.role else check_permissions(new.permissions),
        language=new.language or account.language,
        invited_by=caller.user_id,
        created_at=now,
        expires_at=now + LIFETIME_MS,
    )
    if await store.email_taken(tx, account.id, made.email):
        raise service.name_taken()
    waiting = await invitation_store.waiting(tx, account.id, now)
    before = [each.id for each in waiting if each.email == made.email]
    if len(waiting) - len(before) >= MAX_WAITING:
        raise Conflict(
            f"There are {MAX_WAITING} invitations that nobody has accepted; revoke one first.",
            code="too_many_invitations",
        )
    await invitation_store.revoke(tx, account.id, before, now)
    handle = new_handle(account.id, made.id)
    await invitation_store.insert(tx, made, handle.hashed(keyring, "invitation"))
    detail = {"role": made.role, "permissions": sorted(made.permissions)}
    await audit.record(tx, account.id, now, caller.user_id, "invitation.created", made.id, detail)
    return Invited(made, account, handle.text)


async def page(tx: ReadTx, account_id: str, *, limit: int, page: int) -> list[Invitation]:
    """Return a page of the account's invitations, the newest first, those that are over too; `page` counts from 0."""
    return await invitation_store.page(tx, account_id, limit=limit, offset=limit * page)


async def revoke(tx: Tx, now: Instant, caller: Caller, invitation_id: str) -> Invitation:
    """Revoke an invitation and return it. Raises `NotFound`, and `Conflict` for one that was accepted.

    One that is revoked or over stays as it is.
    """
    caller.require("users.write")
    await service.lock_account(tx, caller.account_id)
    found = await invitation_store.find(tx, caller.account_id, invitation_id) if is_hex24(invitation_id) else None
    if found is None:
        raise NotFound("There is no such invitation.", code="invitation_not_found")
    invitation, _ = found
    if invitation.accepted_at is not None:
        raise Conflict("The invitation was accepted; deactivate the user instead.", code="invitation_accepted")
    if not invitation.waits(now):
        return invitation
    await invitation_store.revoke(tx, caller.account_id, [invitation_id], now)
    await audit.record(tx, caller.account_id, now, caller.user_id, "invitation.revoked", invitation_id)
    return msgspec.structs.replace(invitation, revoked_at=now)


async def read(tx: ReadTx, keyring: Keyring, now: Instant, handle: str) -> Invitation:
    """Return the invitation of a link. Raises `NotFound` for a link that is none, was used, or is over."""
    given = read_handle(handle)
    found = None if given is None else await invitation_store.find(tx, given.account_id, given.id)
    if given is None or found is None:
        raise _over()
    invitation, stored = found
    if not given.matches(keyring, "invitation", stored) or not invitation.waits(now):
        raise _over()
    return invitation


async def accept(tx: Tx, keyring: Keyring, now: Instant, handle: str, *, name: str, password_hash: str) -> User:
    """Make the user who was invited, with the name and password they chose, and return it. A link works once.

    Raises `NotFound` as `read` does, `Invalid` for a wrong name, and `Conflict` if the address is a user's by now.
    """
    invitation = await read(tx, keyring, now, handle)
    await service.lock_account(tx, invitation.account_id)
    if not await invitation_store.accept(tx, invitation.account_id, invitation.id, now):
        raise _over()
    new = NewUser(
        email=invitation.email,
        name=name,
        role=invitation.role,
        permissions=invitation.permissions,
        password_hash=password_hash,
    )
    made = await service.create_user(tx, now, invitation.invited_by, invitation.account_id, new)
    detail = {"userId": made.id}
    await audit.record(tx, made.account_id, now, made.id, "invitation.accepted", invitation.id, detail)
    return made


def _over() -> NotFound:
    return NotFound(
        "This invitation was used, revoked, or is over; ask whoever invited you for another.",
        code="invitation_over",
    )
