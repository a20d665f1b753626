"""Use cases of the sessions of browsers that are signed in to the desk.

A cookie's value is a handle (`auth.handles`) of the session's row. Each sign-in makes a new session, so a value that
somebody else has put into a browser never opens anything.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from seatwright.auth import session_store
from seatwright.auth.agents import short_agent
from seatwright.auth.handles import new_handle, plain_base64, read_handle
from seatwright.auth.model import Caller
from seatwright.auth.roles import parse_permissions
from seatwright.auth.secrets import Keyring, same_hash
from seatwright.auth.session_store import Session
from seatwright.core.clock import MINUTE_MS, Instant
from seatwright.core.errors import Forbidden, NotFound, Unauthorized
from seatwright.core.ids import is_hex24, new_hex24
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx

MAX_SESSIONS = 20
"""Maximum number of sessions of one user; the oldest gives way to a new one."""
SEEN_MS = MINUTE_MS
"""How exact `seen_at` is: looking at pages writes once in this time at most."""
_FORM = b"form\0"


@dataclass(frozen=True, slots=True)
class SessionContext:
    """What the use cases need of the server: its keys, and how long a session lasts unused and in all."""

    keyring: Keyring
    idle_ms: int
    lifetime_ms: int


class NewSession(NamedTuple):
    """For whom to open a session. `generation` is the user's when the password was checked."""

    account_id: str
    user_id: str
    generation: int
    user_agent: str = ""


class SessionCaller(msgspec.Struct, frozen=True, kw_only=True):
    """The user behind a cookie, and the session."""

    caller: Caller
    session: Session

    def is_stale(self, now: Instant) -> bool:
        """Tell whether `note_seen` has anything to store."""
        return now - self.session.seen_at >= SEEN_MS


async def open_session(tx: Tx, context: SessionContext, now: Instant, new: NewSession) -> str:
    """Open a session for a user who has proved to be that user, and return the value of its cookie.

    If the user's generation has changed since then, the session is over before its first click.
    """
    opened = Session(
        account_id=new.account_id,
        id=new_hex24(),
        user_id=new.user_id,
        generation=new.generation,
        created_at=now,
        seen_at=now,
        agent=short_agent(new.user_agent),
    )
    handle = new_handle(opened.account_id, opened.id)
    await session_store.insert(tx, opened, handle.hashed(context.keyring, "cookie"))
    await session_store.delete_oldest(tx, new.account_id, new.user_id, keep=MAX_SESSIONS)
    await audit.record(tx, new.account_id, now, new.user_id, "session.opened", new.user_id, {"sessionId": opened.id})
    return handle.text


async def session_caller(tx: ReadTx, context: SessionContext, now: Instant, cookie: str) -> SessionCaller:
    """Return the user behind a cookie's value, and the session, with one query.

    Raises `Unauthorized` if there is no such session, it has ended, or the user is inactive or has had the password
    changed since.
    """
    handle = read_handle(cookie)
    row = None if handle is None else await session_store.with_user(tx, handle.account_id, handle.id)
    if handle is None or row is None or not handle.matches(context.keyring, "cookie", row["secret_hash"]):
        raise _over()
    session = session_store.session(row)
    if not row["active"] or session.generation != row["user_generation"] or not _lasts(context, session, now):
        raise _over()
    caller = Caller(
        account_id=session.account_id,
        user_id=session.user_id,
        name=row["name"],
        email=row["email"],
        permissions=parse_permissions(row["permissions"]),
    )
    return SessionCaller(caller=caller, session=session)


async def note_seen(tx: Tx, now: Instant, whose: SessionCaller) -> None:
    """Store that a session was used, if that isn't stored for this minute yet (see `SessionCaller.is_stale`)."""
    session = whose.session
    await session_store.note_seen(tx, session.account_id, session.id, now, unless_since=now - SEEN_MS)


async def close_session(tx: Tx, context: SessionContext, now: Instant, cookie: str) -> None:
    """End the session of a cookie, as its user wants. A value that is none, or whose session is over, is fine."""
    try:
        whose = await session_caller(tx, context, now, cookie)
    except Unauthorized:
        return
    session = whose.session
    await _end(tx, now, session.user_id, session)


async def sessions_of(
    tx: ReadTx, context: SessionContext, now: Instant, account_id: str, user_id: str
) -> list[Session]:
    """Return the sessions of a user that haven't ended, the newest first."""
    found = await session_store.of_user(tx, account_id, user_id)
    return [each for each in found if _lasts(context, each, now)]


async def end_session(
    tx: Tx, context: SessionContext, now: Instant, actor: str, account_id: str, user_id: str, session_id: str
) -> Session:
    """End one session of a user and return it. Raises `NotFound`, also for one that is over."""
    alive = await sessions_of(tx, context, now, account_id, user_id) if is_hex24(user_id) else []
    found = next((each for each in alive if each.id == session_id), None)
    if found is None or not await _end(tx, now, actor, found):
        raise NotFound("There is no such session, or it is over.", code="session_not_found")
    return found


async def end_sessions(tx: Tx, now: Instant, actor: str, account_id: str, user_id: str, *, keep: str = "") -> int:
    """End all sessions of a user, except the one whose id is `keep`; return how many."""
    ended = await session_store.delete_others(tx, account_id, user_id, keep)
    if ended:
        await audit.record(tx, account_id, now, actor, "session.all_ended", user_id, {"sessions": ended})
    return ended


def csrf_token(keyring: Keyring, cookie: str) -> str:
    """Return what each form has to contain besides the cookie: 43 characters that follow from the cookie's value alone.

    It is the same for the whole session and differs between sessions. `cookie` may also be a value of `new_visitor`.
    """
    return plain_base64(hmac.new(keyring.session_key, _FORM + cookie.encode(), hashlib.sha256).digest())


def check_csrf(keyring: Keyring, cookie: str, given: str) -> None:
    """Raise `Forbidden` unless `given` is the `csrf_token` of the cookie's value."""
    if not same_hash(csrf_token(keyring, cookie), given):
        raise Forbidden(
            "This form is from another sign-in, or from another site; open the page again and repeat what you did.",
            code="form_not_ours",
        )


def new_visitor() -> str:
    """Return a value for the cookie of a browser that isn't signed in, so that the sign-in has a `csrf_token` too. It
    opens nothing.
    """
    return secrets.token_urlsafe(32)


async def _end(tx: Tx, now: Instant, actor: str, session: Session) -> bool:
    if not await session_store.delete(tx, session.account_id, session.user_id, session.id):
        return False
    detail = {"sessionId": session.id}
    await audit.record(tx, session.account_id, now, actor, "session.ended", session.user_id, detail)
    return True


def _lasts(context: SessionContext, session: Session, now: Instant) -> bool:
    return now < min(session.created_at + context.lifetime_ms, session.seen_at + context.idle_ms)


def _over() -> Unauthorized:
    return Unauthorized("You are not signed in, or not any more; sign in again.", code="session_over")
