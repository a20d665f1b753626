"""What users change of themselves at the desk."""

from __future__ import annotations

from seatwright.auth import service, session_store
from seatwright.auth.limits import Limits
from seatwright.auth.model import User
from seatwright.auth.networks import Networks
from seatwright.auth.service import UserChange
from seatwright.auth.sessions import NewSession, SessionCaller, SessionContext, open_session
from seatwright.auth.sign_in import check_password
from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid, Unauthorized
from seatwright.storage.engine import Database, Tx


async def check_own_password(
    database: Database, limits: Limits, now: Instant, whose: SessionCaller, password: str, networks: Networks
) -> None:
    """Check that it is the user who sits there. Raises `Invalid` for a wrong password, and `TooMany` as the sign-in
    does. Not inside of a transaction, because hashing takes long.
    """
    caller = whose.caller
    try:
        entries = await check_password(database, limits, now, caller.email, password, networks)
    except Unauthorized:
        entries = []
    if not any((entry.account_id, entry.user_id) == (caller.account_id, caller.user_id) for entry in entries):
        raise Invalid("current: isn't your present password.", code="wrong_password", field="current")


async def change_name(tx: Tx, now: Instant, whose: SessionCaller, name: str) -> User:
    """Give the user another name. Raises `Invalid`."""
    caller = whose.caller
    change = UserChange(name=name)
    return await service.change_user(tx, now, caller.user_id, caller.account_id, caller.user_id, change)


async def change_password(
    tx: Tx, context: SessionContext, now: Instant, whose: SessionCaller, password_hash: str, user_agent: str
) -> str:
    """Give the user another password, and return the cookie of a new session. All others end, and so do all tokens."""
    caller = whose.caller
    change = UserChange(password_hash=password_hash)
    await service.change_user(tx, now, caller.user_id, caller.account_id, caller.user_id, change)
    await session_store.delete_others(tx, caller.account_id, caller.user_id, "")
    new = NewSession(caller.account_id, caller.user_id, whose.session.generation + 1, user_agent)
    return await open_session(tx, context, now, new)
