"""The account's users and roles, and invitations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.auth import invitations, second_factor, service, sessions, users
from seatwright.auth.invitation_store import Invitation
from seatwright.auth.invitations import NewInvitation
from seatwright.auth.model import ROLES, Caller, User
from seatwright.auth.roles import ROLE_PERMISSIONS, in_order, rights_of
from seatwright.auth.second_factor import State
from seatwright.auth.service import UserChange
from seatwright.auth.session_store import Session
from seatwright.core.errors import SeatwrightError
from seatwright.http.context import ApiRequest, messenger, services, session_context
from seatwright.messages import staff
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen
from seatwright.web.desk.visit import FORM, PAGE, Form, Visit, form, query, read, write

MAX_USERS = 200
"""Users, and invitations, that the page shows at most."""
ROLE_NAMES = {
    "owner": "Owner",
    "manager": "Manager",
    "front_desk": "Front desk",
    "guide": "Guide",
    "accountant": "Accountant",
}
ROLE_TEXTS = {
    "owner": "everything, with keys and other owners",
    "manager": "everything but keys and owners",
    "front_desk": "sells, takes payments, checks in, cancels as the policies say",
    "guide": "sees who comes and checks in; no money",
    "accountant": "reads reports of money; no guests",
}
_DONE = {
    "invited": "Invited: the mail is on its way. Its link works once, for seven days.",
    "revoked": "The invitation was revoked.",
    "changed": "Changed.",
    "off": "Deactivated: the next click of this user ends at the sign-in.",
    "on": "Activated. The user needs to sign in again.",
    "ended": "Signed out everywhere.",
    "factor": "The second step was removed.",
}
"""What was done, by the word that the address has after it."""


class RoleChoice(NamedTuple):
    """A role that may be given, with its name and what it may do."""

    role: str
    name: str
    text: str


class UserFound(NamedTuple):
    """What was read for a user's page."""

    user: User
    sessions: Sequence[Session]
    factor: State


def roles_for(caller: Caller) -> list[RoleChoice]:
    """Return the roles that somebody may give."""
    everybody = "owners.write" in caller.permissions
    return [
        RoleChoice(role, ROLE_NAMES[role], ROLE_TEXTS[role])
        for role in ROLES
        if everybody or ROLE_PERMISSIONS[role] <= caller.permissions
    ]


@get("/users", **PAGE)
async def get_users(request: ApiRequest) -> Response[str]:
    """Show users and invitations."""
    done = _DONE.get(query(request).text("done"))
    return await _show_all(request, notice=Notice("good", done) if done else None)


async def _show_all(
    request: ApiRequest, *, notice: Notice | None = None, status: int = 200, email: str = "", role: str = ""
) -> Response[str]:
    async def use_case(tx: ReadTx, visit: Visit) -> tuple[list[User], list[Invitation]]:
        account_id = visit.account.id
        found = await invitations.page(tx, account_id, limit=MAX_USERS, page=0)
        return (
            await service.list_users(tx, account_id, limit=MAX_USERS, page=0),
            [each for each in found if each.waits(visit.now)],
        )

    visit, (people, waiting) = await read(request, "users.write", use_case)
    return screen(
        request,
        visit,
        "users.html",
        here="users",
        notice=notice,
        status=status,
        people=sorted(people, key=lambda user: (not user.active, user.name.casefold())),
        waiting=waiting,
        choices=roles_for(visit.caller),
        names=ROLE_NAMES,
        email=email,
        role=role,
    )


@post("/users/invite", **FORM)
async def post_invite(request: ApiRequest) -> Response[str]:
    """Invite somebody with a role."""
    sent = await form(request)
    parts = services(request)
    email, role = sent.text("email"), sent.text("role")

    async def use_case(tx: Tx, visit: Visit) -> None:
        new = NewInvitation(email, service.check_role(role))
        await staff.invite(tx, messenger(parts), visit.now, visit.caller, new)

    try:
        await write(request, "users.write", use_case)
    except SeatwrightError as error:
        _check_mendable(error)
        return await _show_all(request, notice=refused(error), status=error.status, email=email, role=role)
    return go(request, "/users", done="invited")


@post("/users/invitations/{invitation_id:str}", **FORM)
async def post_revoke(request: ApiRequest, invitation_id: FromPath[str]) -> Response[str]:
    """Revoke an invitation."""
    await form(request)

    async def use_case(tx: Tx, visit: Visit) -> None:
        await invitations.revoke(tx, visit.now, visit.caller, invitation_id)

    await write(request, "users.write", use_case)
    return go(request, "/users", done="revoked")


@get("/users/{user_id:str}", **PAGE)
async def get_user(request: ApiRequest, user_id: FromPath[str]) -> Response[str]:
    """Show a user."""
    done = _DONE.get(query(request).text("done"))
    return await _show(request, user_id, notice=Notice("good", done) if done else None)


async def _show(request: ApiRequest, user_id: str, *, notice: Notice | None = None, status: int = 200) -> Response[str]:
    async def use_case(tx: ReadTx, visit: Visit) -> UserFound:
        account_id, context = visit.account.id, session_context(services(request))
        return UserFound(
            await users.read(tx, account_id, user_id),
            await sessions.sessions_of(tx, context, visit.now, account_id, user_id),
            await second_factor.state(tx, account_id, user_id),
        )

    visit, found = await read(request, "users.write", use_case)
    return screen(
        request,
        visit,
        "user.html",
        here="users",
        notice=notice,
        status=status,
        user=found.user,
        own=found.user.id == visit.caller.user_id,
        rights=in_order(rights_of(found.user)),
        sessions=found.sessions,
        factor=found.factor,
        choices=roles_for(visit.caller),
        names=ROLE_NAMES,
    )


@post("/users/{user_id:str}", **FORM)
async def post_user(request: ApiRequest, user_id: FromPath[str]) -> Response[str]:
    """Change a user's name, e-mail and role; activate or deactivate, sign out, or remove the second step."""
    sent = await form(request)
    do = sent.text("do")

    async def use_case(tx: Tx, visit: Visit) -> None:
        who, now = visit.caller, visit.now
        if do == "ended":
            users.check_may_manage(who, await users.read(tx, who.account_id, user_id))
            await sessions.end_sessions(tx, now, who.user_id, who.account_id, user_id)
        elif do == "factor":
            await second_factor.remove(tx, now, who, user_id)
        else:
            await users.change(tx, now, who, user_id, _change(sent, do))

    try:
        await write(request, "users.write", use_case)
    except SeatwrightError as error:
        _check_mendable(error)
        return await _show(request, user_id, notice=refused(error), status=error.status)
    return go(request, f"/users/{user_id}", done=do if do in _DONE else "changed")


def _change(sent: Form, do: str) -> UserChange:
    if do in ("on", "off"):
        return UserChange(active=do == "on")
    role = sent.text("role")
    return UserChange(name=sent.text("name"), email=sent.text("email"), role=service.check_role(role) if role else None)


def _check_mendable(error: SeatwrightError) -> None:
    """Raise an error that isn't about what was typed or chosen."""
    check_mendable(error, 404)
    if error.code == "permission_missing":
        raise error


ROUTES: list[HTTPRouteHandler] = [get_users, post_invite, post_revoke, get_user, post_user]
