"""One's own profile: name, password, the browsers that are signed in, and the second step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import segno
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from seatwright.auth import passwords, profile, second_factor, sessions
from seatwright.auth.line import Origin
from seatwright.auth.second_factor import Proof, Setup, State
from seatwright.auth.session_store import Session
from seatwright.core.clock import SECOND_MS
from seatwright.core.errors import Invalid, SeatwrightError
from seatwright.http.context import ApiRequest, networks, services, session_context
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen, set_cookie
from seatwright.web.desk.visit import FORM, PAGE, Form, Visit, admit, form, query, read, write

_DONE = {
    "name": "Your name was changed.",
    "password": "Your password was changed. You are signed out everywhere else.",
    "ended": "Signed out there.",
    "off": "The second step is off.",
}
"""What was done, by the word that the address has after it."""


class ProfileFound(NamedTuple):
    """What was read for the page."""

    sessions: Sequence[Session]
    factor: State
    setup: Setup | None


async def _found(tx: ReadTx, request: ApiRequest, visit: Visit) -> ProfileFound:
    parts, who = services(request), visit.caller
    return ProfileFound(
        await sessions.sessions_of(tx, session_context(parts), visit.now, who.account_id, who.user_id),
        await second_factor.state(tx, who.account_id, who.user_id),
        await second_factor.pending(tx, parts.keyring, who, visit.account.name),
    )


async def _show(
    request: ApiRequest, *, notice: Notice | None = None, status: int = 200, codes: Sequence[str] = ()
) -> Response[str]:
    visit, found = await read(request, None, lambda tx, visit: _found(tx, request, visit))
    setup = found.setup
    return screen(
        request,
        visit,
        "profile.html",
        here="profile",
        notice=notice,
        status=status,
        sessions=found.sessions,
        own_session=visit.session_id,
        factor=found.factor,
        secret="" if setup is None else " ".join(setup.secret[at : at + 4] for at in range(0, len(setup.secret), 4)),
        qr="" if setup is None else segno.make(setup.uri, error="m").svg_data_uri(scale=5, border=3, light="#fff"),
        codes=codes,
    )


@get("/profile", **PAGE)
async def get_profile(request: ApiRequest) -> Response[str]:
    """Show one's own profile."""
    done = _DONE.get(query(request).text("done"))
    return await _show(request, notice=Notice("good", done) if done else None)


@post("/profile/name", **FORM)
async def post_name(request: ApiRequest) -> Response[str]:
    """Change one's own name."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> None:
        await profile.change_name(tx, visit.now, visit.signed_in, sent.text("name"))

    try:
        await write(request, None, use_case)
    except Invalid as error:
        return await _show(request, notice=refused(error), status=error.status)
    return go(request, "/profile", done="name")


@post("/profile/password", **FORM)
async def post_password(request: ApiRequest) -> Response[str]:
    """Change one's own password; this browser gets a new session, and all others end."""
    sent = await form(request)
    parts = services(request)
    try:
        await _prove(request, sent)
        password = passwords.check_password(sent.exact("password"))
        hashed = await passwords.hash_password(password, Origin(networks(request)))
    except SeatwrightError as error:
        return await _again(request, error)

    async def use_case(tx: Tx, visit: Visit) -> str:
        agent = request.headers.get("user-agent", "")
        return await profile.change_password(tx, session_context(parts), visit.now, visit.signed_in, hashed, agent)

    _, value = await write(request, None, use_case)
    answer = go(request, "/profile", done="password")
    return set_cookie(answer, value, session_context(parts).lifetime_ms // SECOND_MS)


@post("/profile/sessions", **FORM)
async def post_sessions(request: ApiRequest) -> Response[str]:
    """Sign out of one other browser, or of all others."""
    sent = await form(request)
    chosen = sent.text("session")

    async def use_case(tx: Tx, visit: Visit) -> None:
        who, context = visit.caller, session_context(services(request))
        if chosen:
            await sessions.end_session(tx, context, visit.now, who.user_id, who.account_id, who.user_id, chosen)
        else:
            own = visit.session_id
            await sessions.end_sessions(tx, visit.now, who.user_id, who.account_id, who.user_id, keep=own)

    try:
        await write(request, None, use_case)
    except SeatwrightError as error:
        return await _again(request, error)
    return go(request, "/profile", done="ended")


@post("/profile/second-step", **FORM)
async def post_second_step(request: ApiRequest) -> Response[str]:
    """Begin to set the second step up, confirm it, turn it off, or make other recovery codes."""
    sent = await form(request)
    do, code = sent.text("do"), sent.text("code")
    keyring = services(request).keyring

    async def use_case(tx: Tx, visit: Visit) -> tuple[Proof, list[str]]:
        if do == "begin":
            await second_factor.begin(tx, keyring, visit.now, visit.caller, visit.account.name)
            return Proof(good=True), []
        if do == "confirm":
            return Proof(good=True), await second_factor.confirm(tx, keyring, visit.now, visit.caller, code)
        if do == "codes":
            return await second_factor.renew_codes(tx, keyring, visit.now, visit.caller, code)
        return await second_factor.turn_off(tx, keyring, visit.now, visit.caller, code), []

    try:
        if do == "begin":
            await _prove(request, sent)
        _, (proof, codes) = await write(request, None, use_case)
    except SeatwrightError as error:
        return await _again(request, error)
    if proof.wait_s:
        text = f"Too many wrong codes. Wait {-(-proof.wait_s // 60)} min, then try again."
        return await _show(request, notice=Notice("wait", text), status=429)
    if not proof.good:
        return await _show(request, notice=Notice("bad", "This code isn’t right, or was used before."), status=400)
    if codes:
        notice = Notice("good", "The second step is on. Keep the recovery codes below: they are shown only now.")
        return await _show(request, notice=notice, codes=codes)
    return go(request, "/profile", done="off") if do == "off" else go(request, "/profile")


async def _prove(request: ApiRequest, sent: Form) -> None:
    """Check the password of whoever sits there, which was typed again."""
    parts = services(request)
    visit = await admit(request, None)
    await profile.check_own_password(
        parts.database, parts.limits, visit.now, visit.signed_in, sent.exact("current"), networks(request)
    )


async def _again(request: ApiRequest, error: SeatwrightError) -> Response[str]:
    check_mendable(error)
    return await _show(request, notice=refused(error), status=error.status)


ROUTES: list[HTTPRouteHandler] = [get_profile, post_name, post_password, post_sessions, post_second_step]
