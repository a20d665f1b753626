"""From a cookie to a page: who is at the desk, what they may do, and one transaction for each request.

The cookie's session is read in the transaction of what is asked, so a deactivated user's next click ends at the
sign-in. A form is taken only with the token that follows from the cookie (`auth.sessions.csrf_token`), and from our own
pages only, as far as the browser says where it comes from.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs

from seatwright.auth import sessions
from seatwright.auth import store as accounts
from seatwright.auth.model import Account, Caller, Permission
from seatwright.auth.sessions import SessionCaller
from seatwright.core.clock import Instant
from seatwright.core.errors import Forbidden, Invalid, Unauthorized
from seatwright.http.context import ApiRequest, Services, await_turn_of_address, services, session_context
from seatwright.http.security import OPEN
from seatwright.orders import service as orders
from seatwright.storage.engine import ReadTx, Tx

T = TypeVar("T")
AnyTx = TypeVar("AnyTx", bound=ReadTx)

PATH = "/desk"
COOKIE = "__Host-desk"
"""The cookie of a session. Browsers take a name that begins so over TLS only, or from their own machine, for this host
alone, and never from a page under another path."""
CSRF = "csrf"
"""The field of each form with the token."""
MOST_WAITING = 100
"""Pending orders that are counted for the navigation at most."""
REFRESH = "desk-refresh"
"""The header by which an open page says that it fetches itself again, because something has changed."""
MAX_FIELDS = 2_000
MAX_BODY = 400_000
"""Bytes of a form: an order of a thousand guests with their names."""

PAGE: dict[str, Any] = {"include_in_schema": False, **OPEN}
"""Handler options of a page."""
FORM: dict[str, Any] = {
    **PAGE,
    "opt": {"open": True, "form": True},
    "status_code": 200,
    "request_max_body_size": MAX_BODY,
}
"""Handler options of a route that takes a form."""


class Visit(NamedTuple):
    """Somebody who is signed in, at a moment: the user, the account, and the session's cookie.

    `waiting` is how many orders wait for the account's answer, up to `MOST_WAITING`; 0 for who may not see them.
    """

    signed_in: SessionCaller
    account: Account
    now: Instant
    csrf: str
    waiting: int = 0

    @property
    def caller(self) -> Caller:
        """The user, with what the user may do."""
        return self.signed_in.caller

    @property
    def session_id(self) -> str:
        """The id of the session."""
        return self.signed_in.session.id

    def may(self, permission: Permission) -> bool:
        """Tell whether the user has a permission."""
        return permission in self.caller.permissions


class Form:
    """The fields of a form that was sent, or of an address's query."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = fields

    def text(self, name: str, default: str = "") -> str:
        """Return a field without spaces around it; `default` if it wasn't sent."""
        return self._fields[name][-1].strip() if name in self._fields else default

    def exact(self, name: str) -> str:
        """Return a field as it was typed, such as a password."""
        return self._fields[name][-1] if name in self._fields else ""

    def all(self, name: str) -> list[str]:
        """Return all values of a field, such as the guests that are ticked."""
        return [value.strip() for value in self._fields.get(name, ())]

    def has(self, name: str) -> bool:
        """Tell whether a field was sent: a box that is ticked, or a button that was pressed."""
        return name in self._fields

    def named(self, prefix: str) -> dict[str, str]:
        """Return the fields whose names begin with `prefix`, by the rest of their names."""
        return {name.removeprefix(prefix): self.text(name) for name in self._fields if name.startswith(prefix)}


def query(request: ApiRequest) -> Form:
    """Return what an address has after its question mark."""
    text = request.scope["query_string"].decode("latin-1")
    return Form(_parsed(text))


def page_of(asked: Form) -> int:
    """Return the number of the page of a list that an address asks for, from 0; 0 for anything that is no number."""
    text = asked.text("page")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


async def form(request: ApiRequest) -> Form:
    """Return the form that was sent. Raises `Invalid`, and `Forbidden` for one that isn't from our own page."""
    _check_origin(request)
    try:
        sent = Form(_parsed((await request.body()).decode("ascii")))
    except UnicodeDecodeError:
        raise Invalid("The body is not a form.", code="malformed_form") from None
    sessions.check_csrf(services(request).keyring, cookie(request), sent.exact(CSRF))
    return sent


async def read(
    request: ApiRequest, permission: Permission | None, use_case: Callable[[ReadTx, Visit], Awaitable[T]]
) -> tuple[Visit, T]:
    """Return who is at the desk, and the result of a use case that only reads.

    `permission` None allows every user. Raises `Unauthorized`, `Forbidden`, `TooMany`, and the errors of the use case.
    """
    parts, now, run = await _begin(request, permission, use_case)

    async def run_and_count(tx: ReadTx) -> tuple[Visit, T]:
        visit, result = await run(tx)
        if visit.may("orders.read"):
            many = await orders.count_waiting(tx, visit.account.id, most=MOST_WAITING)
            visit = visit._replace(waiting=many)
        return visit, result

    visit, result = await parts.database.read(run_and_count)
    if visit.signed_in.is_stale(now) and not parts.settings.read_only:
        await parts.database.write(lambda tx: sessions.note_seen(tx, now, visit.signed_in))
    return visit, result


async def admit(request: ApiRequest, permission: Permission | None) -> Visit:
    """Return who is at the desk, before work that is done outside of the transaction. Raises as `read` does."""

    async def nothing(_: ReadTx, __: Visit) -> None:
        return None

    return (await read(request, permission, nothing))[0]


async def write(
    request: ApiRequest,
    permission: Permission | None,
    use_case: Callable[[Tx, Visit], Awaitable[T]],
    *,
    heavy: bool = False,
) -> tuple[Visit, T]:
    """The same for a use case that writes, in one transaction. It may run more than once (see `storage.engine`)."""
    parts, _, run = await _begin(request, permission, use_case)
    return await parts.database.write(run, heavy=heavy)


def cookie(request: ApiRequest) -> str:
    """Return the value of the session's cookie, or an empty text."""
    return request.cookies.get(COOKIE, "")


async def _begin(
    request: ApiRequest, permission: Permission | None, use_case: Callable[[AnyTx, Visit], Awaitable[T]]
) -> tuple[Services, Instant, Callable[[AnyTx], Awaitable[tuple[Visit, T]]]]:
    """Wait for the address's turn; return the services, the time, and the use case together with who asks for it."""
    parts = services(request)
    now = parts.clock.now()
    await await_turn_of_address(request, "desk")

    async def run(tx: AnyTx) -> tuple[Visit, T]:
        visit = await _visit(tx, request, parts, now, permission)
        return visit, await use_case(tx, visit)

    return parts, now, run


async def _visit(
    tx: ReadTx, request: ApiRequest, parts: Services, now: Instant, permission: Permission | None
) -> Visit:
    value = cookie(request)
    signed_in = await sessions.session_caller(tx, session_context(parts), now, value)
    if permission is not None:
        signed_in.caller.require(permission)
    account = await accounts.account(tx, signed_in.caller.account_id)
    if account is None:
        raise Unauthorized("The account doesn't exist any more.", code="session_over")
    return Visit(signed_in, account, now, sessions.csrf_token(parts.keyring, value))


def _parsed(text: str) -> Mapping[str, Sequence[str]]:
    if "%00" in text or "\x00" in text:  # PostgreSQL can't store it, and no real text has one
        raise Invalid("A field has the character NUL, which no text has; type it again.", code="malformed_form")
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Invalid(f"There are more than {MAX_FIELDS} fields.", code="malformed_form") from None


def _check_origin(request: ApiRequest) -> None:
    """Refuse a form that another site's page has sent, as the browser says (Fetch Metadata)."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none"):
        raise Forbidden("This form is from another site.", code="form_not_ours")
