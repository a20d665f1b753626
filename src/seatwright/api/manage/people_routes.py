"""`/api/v1/invitations`, and the browsers that a user has signed in to the desk with."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, JSONBody, PathParameter

from seatwright.api.manage.account_wire import grant_of
from seatwright.api.manage.people_wire import (
    EndedOut,
    InvitationIn,
    InvitationOut,
    RemovedOut,
    SessionOut,
    invitation_out,
    session_out,
)
from seatwright.auth import invitations, second_factor, sessions, users
from seatwright.auth.invitation_store import Invitation
from seatwright.auth.invitations import NewInvitation
from seatwright.auth.model import Caller
from seatwright.auth.session_store import Session
from seatwright.core.languages import check_language
from seatwright.core.names import text_of
from seatwright.http import wire
from seatwright.http.context import ApiRequest, messenger, services, session_context
from seatwright.http.endpoint import read, write
from seatwright.http.wire import Envelope
from seatwright.messages import staff
from seatwright.storage.engine import ReadTx, Tx

_INVITATIONS, _USERS = ["Invitations"], ["Users"]
_UserId = Annotated[str, PathParameter(description="The user's id.")]


@get("/invitations", summary="List invitations", tags=_INVITATIONS)
async def get_invitations(
    request: ApiRequest, limit: FromQuery[wire.Limit] = wire.DEFAULT_LIMIT, page: FromQuery[wire.Page] = 0
) -> Response[Envelope[list[InvitationOut]]]:
    """Answer the account's invitations, newest first, those that were accepted, revoked or are over too."""
    now = services(request).clock.now()

    async def use_case(tx: ReadTx, who: Caller) -> list[Invitation]:
        return await invitations.page(tx, who.account_id, limit=limit, page=page)

    return await read(request, "users.write", use_case, lambda found: [invitation_out(each, now) for each in found])


@post("/invitations", status_code=200, summary="Invite somebody", tags=_INVITATIONS)
async def post_invitation(request: ApiRequest, data: JSONBody[InvitationIn]) -> Response[Envelope[InvitationOut]]:
    """Invite somebody by mail to become a user. The link in the mail works once, for seven days.

    An earlier invitation of the same address is revoked. An address that is a user's is a 409.
    """
    parts = services(request)
    now = parts.clock.now()
    role, permissions = grant_of(data.role, data.permissions, required=True)
    language = None if data.language is None else check_language(data.language)
    new = NewInvitation(text_of(data.email), role, permissions or frozenset(), language)

    async def use_case(tx: Tx, who: Caller) -> Invitation:
        return await staff.invite(tx, messenger(parts), now, who, new)

    return await write(request, "users.write", use_case, lambda made: invitation_out(made, now))


@delete("/invitations/{invitation_id:str}", status_code=200, summary="Revoke an invitation", tags=_INVITATIONS)
async def delete_invitation(
    request: ApiRequest, invitation_id: Annotated[str, PathParameter(description="The invitation's id.")]
) -> Response[Envelope[InvitationOut]]:
    """End an invitation, so that its link opens nothing. One that was accepted is a 409."""
    now = services(request).clock.now()

    async def use_case(tx: Tx, who: Caller) -> Invitation:
        return await invitations.revoke(tx, now, who, invitation_id)

    return await write(request, "users.write", use_case, lambda found: invitation_out(found, now))


@get("/users/{user_id:str}/sessions", summary="List a user's sessions", tags=_USERS)
async def get_sessions(request: ApiRequest, user_id: _UserId) -> Response[Envelope[list[SessionOut]]]:
    """Answer the browsers in which a user is signed in to the desk, newest first."""
    parts = services(request)

    async def use_case(tx: ReadTx, who: Caller) -> list[Session]:
        user = await users.read(tx, who.account_id, user_id)
        return await sessions.sessions_of(tx, session_context(parts), parts.clock.now(), who.account_id, user.id)

    return await read(request, "users.write", use_case, lambda found: [session_out(each) for each in found])


@delete("/users/{user_id:str}/sessions", status_code=200, summary="Sign a user out everywhere", tags=_USERS)
async def delete_sessions(request: ApiRequest, user_id: _UserId) -> Response[Envelope[EndedOut]]:
    """End all sessions of a user, who may do no more than the caller. Tokens of the API stay."""
    now = services(request).clock.now()

    async def use_case(tx: Tx, who: Caller) -> int:
        users.check_may_manage(who, await users.read(tx, who.account_id, user_id))
        return await sessions.end_sessions(tx, now, who.user_id, who.account_id, user_id)

    return await write(request, "users.write", use_case, lambda ended: EndedOut(ended=ended))


@delete("/users/{user_id:str}/sessions/{session_id:str}", status_code=200, summary="End a session", tags=_USERS)
async def delete_session(
    request: ApiRequest,
    user_id: _UserId,
    session_id: Annotated[str, PathParameter(description="The session's id.")],
) -> Response[Envelope[SessionOut]]:
    """End a session of a user, who may do no more than the caller, at the next click."""
    parts = services(request)
    now, context = parts.clock.now(), session_context(parts)

    async def use_case(tx: Tx, who: Caller) -> Session:
        users.check_may_manage(who, await users.read(tx, who.account_id, user_id))
        return await sessions.end_session(tx, context, now, who.user_id, who.account_id, user_id, session_id)

    return await write(request, "users.write", use_case, session_out)


@delete("/users/{user_id:str}/second-factor", status_code=200, summary="Remove a second step", tags=_USERS)
async def delete_second_factor(request: ApiRequest, user_id: _UserId) -> Response[Envelope[RemovedOut]]:
    """Let a user, who may do no more than the caller, sign in without a second step, because the app is lost."""
    now = services(request).clock.now()

    async def use_case(tx: Tx, who: Caller) -> bool:
        return await second_factor.remove(tx, now, who, user_id)

    return await write(request, "users.write", use_case, lambda removed: RemovedOut(removed=removed))


ROUTES: list[HTTPRouteHandler] = [
    get_invitations,
    post_invitation,
    delete_invitation,
    get_sessions,
    delete_sessions,
    delete_session,
    delete_second_factor,
]
