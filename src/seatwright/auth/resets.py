"""Use cases of forgotten passwords.

Nobody learns from an answer, or from how long it takes, whether an address is a user's: each request is stored in the
same way, and answered later by mail, if there is anybody to mail to.
"""

from __future__ import annotations

from typing import NamedTuple

from seatwright.auth import reset_store, service, session_store, store
from seatwright.auth.handles import new_handle, read_handle
from seatwright.auth.model import Account, User
from seatwright.auth.reset_store import Reset, ResetRequest
from seatwright.auth.secrets import Keyring
from seatwright.auth.service import UserChange, check_email
from seatwright.core.clock import HOUR_MS, Instant
from seatwright.core.errors import NotFound
from seatwright.core.ids import new_hex24_at
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx

LIFETIME_MS = HOUR_MS
"""How long a link can be used (our decision)."""
MAX_OPEN = 3
"""Maximum number of a user's links that can be used; further requests aren't answered, so no mailbox is filled."""
AT_ONCE = 20
"""Maximum number of requests that are answered in one transaction."""


class ResetLink(NamedTuple):
    """A user, and what the link in the mail to them has to contain."""

    user: User
    account: Account
    handle: str


async def ask(tx: Tx, now: Instant, email: str) -> None:
    """Store that somebody wants a new password for an address. Raises `Invalid` for a text that is no address."""
    await reset_store.insert_request(tx, ResetRequest(new_hex24_at(now), check_email(email).lower()), now)


async def take(tx: Tx, keyring: Keyring, now: Instant) -> tuple[int, list[ResetLink]]:
    """Take the oldest requests, and return how many, with the links that have to be mailed: one for each active user
    with the address, in any account.
    """
    found = []
    taken = await reset_store.take_requests(tx, limit=AT_ONCE)
    for request in taken:
        for row in await store.candidates(tx, request.email):
            user = await store.user(tx, row["account_id"], row["id"])
            if user is not None and user.email == request.email:
                link = await _link(tx, keyring, now, user, row["generation"])
                found += [link] if link else []
    return len(taken), found


async def _link(tx: Tx, keyring: Keyring, now: Instant, user: User, generation: int) -> ResetLink | None:
    if await reset_store.open_links(tx, user.account_id, user.id, now) >= MAX_OPEN:
        return None
    made = Reset(
        account_id=user.account_id,
        id=new_hex24_at(now),
        user_id=user.id,
        generation=generation,
        created_at=now,
        expires_at=now + LIFETIME_MS,
    )
    handle = new_handle(made.account_id, made.id)
    await reset_store.insert(tx, made, handle.hashed(keyring, "reset"))
    await audit.record(tx, user.account_id, now, service.SYSTEM, "user.reset_mailed", user.id)
    return ResetLink(user, await service.account(tx, user.account_id), handle.text)


async def read(tx: ReadTx, keyring: Keyring, now: Instant, handle: str) -> Reset:
    """Return what a link is for. Raises `NotFound` for a link that is none, was used, or is over."""
    given = read_handle(handle)
    found = None if given is None else await reset_store.find(tx, given.account_id, given.id, now)
    if given is None or found is None or not given.matches(keyring, "reset", found[1]):
        raise _over()
    return found[0]


async def reset(tx: Tx, keyring: Keyring, now: Instant, handle: str, password_hash: str) -> User:
    """Give the user of a link another password, and return the user. A link works once.

    All tokens and sessions of the user end, and so do the user's other links. Raises `NotFound` as `read` does.
    """
    link = await read(tx, keyring, now, handle)
    await service.lock_account(tx, link.account_id)
    link = await read(tx, keyring, now, handle)
    if not await reset_store.use(tx, link.account_id, link.id, now):
        raise _over()
    change = UserChange(password_hash=password_hash)
    user = await service.change_user(tx, now, link.user_id, link.account_id, link.user_id, change)
    await session_store.delete_others(tx, link.account_id, link.user_id, "")
    return user


def _over() -> NotFound:
    return NotFound(
        "This link was used, or is over, or the password has been changed since; ask for another mail.",
        code="reset_over",
    )
