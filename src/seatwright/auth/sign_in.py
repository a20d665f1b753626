"""Signing in to the desk with an e-mail and a password.

The same e-mail may belong to users of several accounts. So a right password gives entries, one for each user that has
it; the person chooses one, with a ticket that says for ten minutes which ones were given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jwt
import msgspec

from seatwright.auth import second_factor, service
from seatwright.auth.limits import Limits
from seatwright.auth.line import Origin
from seatwright.auth.networks import Networks
from seatwright.auth.secrets import Keyring
from seatwright.auth.sessions import NewSession, SessionContext, close_session, open_session
from seatwright.auth.store import MAX_CANDIDATES
from seatwright.core.clock import SECOND_MS, Instant
from seatwright.core.errors import Unauthorized
from seatwright.storage.engine import Database, Tx

TICKET_S = 600
"""How long a ticket is valid, in seconds."""
_ALGORITHM = "HS256"
_TIMES_ARE_OURS: Any = {"verify_exp": False, "require": ["exp"]}


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A user whose password was right, at the generation of then."""

    account_id: str
    user_id: str
    generation: int


class Entrance(NamedTuple):
    """What came of entering: a new session's cookie; or, if there is none, whether a code is still `missing`, and
    otherwise it was wrong. `wait_s` are the seconds until another code is tried.
    """

    cookie: str | None = None
    missing: bool = False
    wait_s: int = 0


class _Ticket(msgspec.Struct):
    exp: int
    entries: list[Entry]


async def check_password(
    database: Database, limits: Limits, now: Instant, username: str, password: str, networks: Networks
) -> list[Entry]:
    """Return the active users, of any account, with this name (an e-mail, or an alternative id) and password.

    Raises `Unauthorized`, always the same one, if there is none; `TooMany` after too many failures, counted together
    with those of `/login`, and if too many passwords are being checked.
    """
    origin = Origin(networks, familiar=limits.familiar(username, networks, now))
    with limits.sign_in("password", username, networks, now):
        rows = await service.users_with_password(database, username, password, origin)
    return [Entry(row["account_id"], row["id"], row["generation"]) for row in rows]


async def enter(
    tx: Tx, context: SessionContext, now: Instant, entry: Entry, *, code: str, user_agent: str, before: str = ""
) -> Entrance:
    """Open a session for an entry, if it needs no second step or `code` is right, in place of the browser's session
    `before`.

    A wrong code is counted, so the transaction has to be committed.
    """
    if (await second_factor.state(tx, entry.account_id, entry.user_id)).on:
        if not code:
            return Entrance(missing=True)
        proof = await second_factor.prove(tx, context.keyring, now, entry.account_id, entry.user_id, code)
        if not proof.good:
            return Entrance(wait_s=proof.wait_s)
    await close_session(tx, context, now, before)
    new = NewSession(entry.account_id, entry.user_id, entry.generation, user_agent)
    return Entrance(await open_session(tx, context, now, new))


def issue_ticket(keyring: Keyring, now: Instant, entries: Sequence[Entry]) -> str:
    """Return a signed ticket for entries of which the person has to choose one, or that want a second step."""
    payload = _Ticket(now // SECOND_MS + TICKET_S, list(entries))
    return jwt.encode(msgspec.to_builtins(payload), keyring.session_key, algorithm=_ALGORITHM)


def entries_of(keyring: Keyring, now: Instant, ticket: str, *, at_most: int = MAX_CANDIDATES) -> list[Entry]:
    """Return the entries of a ticket. Raises `Unauthorized` for one that is over, none of ours, or has more entries."""
    try:
        payload = jwt.decode(ticket, keyring.session_key, algorithms=[_ALGORITHM], options=_TIMES_ARE_OURS)
        read = msgspec.convert(payload, _Ticket)
    except (jwt.InvalidTokenError, UnicodeError, msgspec.ValidationError):
        raise _over() from None
    if now >= read.exp * SECOND_MS or not 1 <= len(read.entries) <= at_most:
        raise _over()
    return read.entries


def _over() -> Unauthorized:
    return Unauthorized("Too much time has passed; sign in again from the start.", code="sign_in_over")
