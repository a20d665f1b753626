"""For people who can't sign in yet, or not any more: accepting an invitation, and a forgotten password."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.auth import invitations, passwords, resets, service, sign_in
from seatwright.auth.line import Origin
from seatwright.auth.model import Account
from seatwright.auth.roles import rights_of
from seatwright.auth.sign_in import Entry
from seatwright.core.clock import SECOND_MS
from seatwright.core.errors import Conflict, Forbidden, Invalid, SeatwrightError, TooMany
from seatwright.http.context import ApiRequest, await_turn_of_address, networks, services, session_context
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk.frame import go, open_gate, set_cookie
from seatwright.web.desk.visit import FORM, PAGE, cookie, form

_FIRST_GENERATION = 1


@get("/invitation/{handle:str}", **PAGE)
async def get_invitation(request: ApiRequest, handle: FromPath[str]) -> Response[str]:
    """Ask who was invited for a name and a password."""
    return await _invitation(request, handle)


@post("/invitation/{handle:str}", **FORM)
async def post_invitation(request: ApiRequest, handle: FromPath[str]) -> Response[str]:
    """Make the user, and sign in."""
    parts = services(request)
    await await_turn_of_address(request, "desk")
    name = ""
    try:
        sent = await form(request)
        name = sent.text("name")
        service.check_name(name)
        hashed = await _hashed(request, handle, sent.exact("password"), invitation=True)

        async def run(tx: Tx) -> tuple[str, str]:
            now, context = parts.clock.now(), session_context(parts)
            user = await invitations.accept(tx, parts.keyring, now, handle, name=name, password_hash=hashed)
            entry = Entry(user.account_id, user.id, _FIRST_GENERATION)
            agent = request.headers.get("user-agent", "")
            entered = await sign_in.enter(tx, context, now, entry, code="", user_agent=agent, before=cookie(request))
            assert entered.cookie is not None, "a new user has no second step"
            return entered.cookie, "/today" if "departures.read" in rights_of(user) else "/more"

        value, home = await parts.database.write(run)
    except (Invalid, Forbidden, TooMany, Conflict) as error:
        return await _invitation(request, handle, name=name, error=error)
    return set_cookie(go(request, home), value, session_context(parts).lifetime_ms // SECOND_MS)


async def _invitation(
    request: ApiRequest, handle: str, *, name: str = "", error: SeatwrightError | None = None
) -> Response[str]:
    parts = services(request)

    async def run(tx: ReadTx) -> tuple[str, Account]:
        found = await invitations.read(tx, parts.keyring, parts.clock.now(), handle)
        return found.email, await service.account(tx, found.account_id)

    with parts.limits.link(networks(request), parts.clock.now()):
        email, account = await parts.database.read(run)
    return open_gate(request, "invitation.html", error, handle=handle, email=email, account=account, name=name)


@get("/reset", **PAGE)
async def get_ask(request: ApiRequest) -> Response[str]:
    """Ask whose password is forgotten."""
    return open_gate(request, "reset_ask.html", email="", done=False)


@post("/reset", **FORM)
async def post_ask(request: ApiRequest) -> Response[str]:
    """Note that a mail is wanted; the answer is the same for every address."""
    parts = services(request)
    await await_turn_of_address(request, "desk")
    email = ""
    try:
        sent = await form(request)
        email, now = sent.text("email"), parts.clock.now()
        service.check_email(email)
        parts.limits.ask_for_mail(email, networks(request), now)
        await parts.database.write(lambda tx: resets.ask(tx, now, email))
    except (Invalid, Forbidden, TooMany) as error:
        return open_gate(request, "reset_ask.html", error, email=email, done=False)
    return open_gate(request, "reset_ask.html", email=email, done=True)


@get("/reset/{handle:str}", **PAGE)
async def get_reset(request: ApiRequest, handle: FromPath[str]) -> Response[str]:
    """Ask for the new password."""
    return await _reset(request, handle)


@post("/reset/{handle:str}", **FORM)
async def post_reset(request: ApiRequest, handle: FromPath[str]) -> Response[str]:
    """Store the new password; all sessions end, so the way leads to the sign-in."""
    parts = services(request)
    await await_turn_of_address(request, "desk")
    try:
        sent = await form(request)
        hashed = await _hashed(request, handle, sent.exact("password"), invitation=False)
        await parts.database.write(lambda tx: resets.reset(tx, parts.keyring, parts.clock.now(), handle, hashed))
    except (Invalid, Forbidden, TooMany) as error:
        return await _reset(request, handle, error=error)
    return go(request, "/sign-in", changed="1")


async def _reset(request: ApiRequest, handle: str, *, error: SeatwrightError | None = None) -> Response[str]:
    parts = services(request)
    with parts.limits.link(networks(request), parts.clock.now()):
        await parts.database.read(lambda tx: resets.read(tx, parts.keyring, parts.clock.now(), handle))
    return open_gate(request, "reset.html", error, handle=handle)


async def _hashed(request: ApiRequest, handle: str, password: str, *, invitation: bool) -> str:
    """Return the hash of a new password, which is computed only for somebody with a link that is valid."""
    parts, now = services(request), services(request).clock.now()
    passwords.check_password(password)
    with parts.limits.link(networks(request), now):
        if invitation:
            await parts.database.read(lambda tx: invitations.read(tx, parts.keyring, now, handle))
        else:
            await parts.database.read(lambda tx: resets.read(tx, parts.keyring, now, handle))
    return await passwords.hash_password(password, Origin(networks(request)))


ROUTES: list[HTTPRouteHandler] = [
    get_invitation,
    post_invitation,
    get_ask,
    post_ask,
    get_reset,
    post_reset,
]
