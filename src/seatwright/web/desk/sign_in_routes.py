"""Signing in to the desk and out of it."""

from __future__ import annotations

import re

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from seatwright.auth import sessions, sign_in
from seatwright.auth import store as accounts
from seatwright.auth.sign_in import Entrance, Entry
from seatwright.core.clock import SECOND_MS
from seatwright.core.errors import Forbidden, SeatwrightError, TooMany, Unauthorized
from seatwright.http.context import ApiRequest, await_turn_of_address, networks, services, session_context
from seatwright.storage.engine import Tx
from seatwright.web.desk.frame import Notice, gate, go, open_gate, set_cookie
from seatwright.web.desk.visit import CSRF, FORM, PAGE, Form, cookie, form, query

_OWN_PATH = re.compile(r"/[A-Za-z0-9/_.-]*(\?[A-Za-z0-9=&%_.+-]*)?")
"""A page of the desk to which a sign-in may lead: a path, never another site."""


@get("/sign-in", **PAGE)
async def get_sign_in(request: ApiRequest) -> Response[str]:
    """Ask for e-mail and password."""
    asked = query(request)
    notice = Notice("wait", "You were signed out; sign in again to go on.") if asked.has("over") else None
    if asked.has("changed"):
        notice = Notice("good", "Your password was changed. Sign in with it.")
    return _ask(request, asked.text("next"), notice=notice)


@post("/sign-in", **FORM)
async def post_sign_in(request: ApiRequest) -> Response[str]:
    """Check e-mail and password, and open a session; ask for the account if there are several."""
    parts = services(request)
    await await_turn_of_address(request, "desk")
    email, target = "", ""
    try:
        sent = await form(request)
        email, target = sent.text("email"), sent.text("next")
        now = parts.clock.now()
        entries = await sign_in.check_password(
            parts.database, parts.limits, now, email, sent.exact("password"), networks(request)
        )
    except (Unauthorized, TooMany, Forbidden) as error:
        return _ask(request, target, error, email=email)
    if len(entries) > 1:
        return await _choose(request, sent, entries)
    return await _open(request, sent, entries[0])


@post("/sign-in/account", **FORM)
async def post_account(request: ApiRequest) -> Response[str]:
    """Open a session for the account that was chosen."""
    parts = services(request)
    await await_turn_of_address(request, "desk")
    try:
        sent = await form(request)
        entries = sign_in.entries_of(parts.keyring, parts.clock.now(), sent.text("ticket"))
    except SeatwrightError as error:
        return _ask(request, "", error)
    chosen = next((entry for entry in entries if entry.account_id == sent.text("account")), None)
    return await _choose(request, sent, entries) if chosen is None else await _open(request, sent, chosen)


@post("/sign-in/code", **FORM)
async def post_code(request: ApiRequest) -> Response[str]:
    """Open a session with the code of a second step."""
    parts = services(request)
    await await_turn_of_address(request, "desk")
    try:
        sent = await form(request)
        (entry,) = sign_in.entries_of(parts.keyring, parts.clock.now(), sent.text("ticket"), at_most=1)
        return await _open(request, sent, entry)
    except SeatwrightError as error:
        return _ask(request, "", error)


@post("/sign-out", **FORM)
async def post_sign_out(request: ApiRequest) -> Response[str]:
    """End the session."""
    parts = services(request)
    await form(request)
    value, now = cookie(request), parts.clock.now()
    await parts.database.write(lambda tx: sessions.close_session(tx, session_context(parts), now, value))
    return set_cookie(go(request, "/sign-in"), "", 0)


def _ask(
    request: ApiRequest,
    target: str,
    error: SeatwrightError | None = None,
    *,
    email: str = "",
    notice: Notice | None = None,
) -> Response[str]:
    return open_gate(request, "sign_in.html", error, notice=notice, next=target, email=email)


async def _choose(request: ApiRequest, sent: Form, entries: list[Entry]) -> Response[str]:
    parts = services(request)
    found = await parts.database.read(
        lambda tx: accounts.accounts_with_ids(tx, [entry.account_id for entry in entries])
    )
    ticket = sign_in.issue_ticket(parts.keyring, parts.clock.now(), entries)
    return gate(
        request,
        "choose_account.html",
        csrf=sent.exact(CSRF),
        next=sent.text("next"),
        ticket=ticket,
        choices=sorted(found, key=lambda account: account.name.casefold()),
    )


async def _open(request: ApiRequest, sent: Form, entry: Entry) -> Response[str]:
    """Open a new session and lead to where the person wanted to go, or ask for the code of a second step first. A
    session that the browser had before ends."""
    parts = services(request)
    now, context, before = parts.clock.now(), session_context(parts), cookie(request)
    code, agent = sent.text("code"), request.headers.get("user-agent", "")

    async def run(tx: Tx) -> tuple[Entrance, bool]:
        entrance = await sign_in.enter(tx, context, now, entry, code=code, user_agent=agent, before=before)
        if entrance.cookie is None:
            return entrance, False
        try:
            caller = (await sessions.session_caller(tx, context, now, entrance.cookie)).caller
        except Unauthorized:  # the password has just been changed: the next click says so
            return entrance, False
        return entrance, "departures.read" in caller.permissions

    entrance, sees_days = await parts.database.write(run)
    if entrance.cookie is None:
        return _ask_for_code(request, sent, entry, entrance)
    target = sent.text("next")
    home = "/today" if sees_days else "/more"
    path = target if _OWN_PATH.fullmatch(target) and "//" not in target else home
    return set_cookie(go(request, path), entrance.cookie, context.lifetime_ms // SECOND_MS)


def _ask_for_code(request: ApiRequest, sent: Form, entry: Entry, entrance: Entrance) -> Response[str]:
    parts = services(request)
    notice = None
    if entrance.wait_s:
        minutes = -(-entrance.wait_s // 60)
        notice = Notice("wait", f"Too many wrong codes. Wait {minutes} min, then try again.")
    elif not entrance.missing:
        notice = Notice("bad", "This code isn’t right, or was used before. Take the one that the app shows now.")
    return gate(
        request,
        "second_step.html",
        status=429 if entrance.wait_s else 200 if entrance.missing else 401,
        csrf=sent.exact(CSRF),
        next=sent.text("next"),
        ticket=sign_in.issue_ticket(parts.keyring, parts.clock.now(), [entry]),
        notice=notice,
    )


ROUTES: list[HTTPRouteHandler] = [get_sign_in, post_sign_in, post_account, post_code, post_sign_out]
