"""Management of the caller's own account: itself, its key, users, audit log."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from seatwright.api.manage.account_wire import (
    AccountOut,
    AccountPatch,
    EventOut,
    KeyOut,
    UserIn,
    UserOut,
    UserPatch,
    account_out,
    business_change,
    event_out,
    grant_of,
    user_out,
)
from seatwright.auth import passwords, service, users
from seatwright.auth.line import Origin
from seatwright.auth.model import Account, Caller, User
from seatwright.auth.service import AccountChange, NewUser, UserChange
from seatwright.core.errors import Invalid
from seatwright.core.field_errors import bad_field
from seatwright.core.ids import is_hex24
from seatwright.core.moments import days_between
from seatwright.core.names import text_of, text_or_none
from seatwright.http import wire
from seatwright.http.context import ApiRequest, claims, services
from seatwright.http.endpoint import admit, read, write
from seatwright.http.wire import Envelope
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Row, Tx

_ACCOUNT, _USERS = ["Account"], ["Users"]


@get("/account", summary="Read the account", tags=_ACCOUNT)
async def get_account(request: ApiRequest) -> Response[Envelope[AccountOut]]:
    """Answer the caller's own account."""

    async def use_case(tx: ReadTx, who: Caller) -> Account:
        return await service.account(tx, who.account_id)

    return await read(request, None, use_case, account_out)


@patch("/account", summary="Change the account", tags=_ACCOUNT)
async def patch_account(request: ApiRequest, data: JSONBody[AccountPatch]) -> Response[Envelope[AccountOut]]:
    """Change what is given. The currency stays once there are carts or orders in it (409)."""
    parts = services(request)
    change = AccountChange(
        name=_text(data.name),
        email=_text(data.email),
        currency=data.currency,
        time_zone=data.time_zone,
        policy_code=_text(data.policy_code),
        language=data.language,
        business=business_change(data.business),
    )

    async def use_case(tx: Tx, who: Caller) -> Account:
        if change.policy_code:
            catalog = await parts.catalogs.load(tx, who.account_id)
            if change.policy_code not in catalog.policies:
                raise Invalid(
                    f"policyCode: there is no policy {change.policy_code!r} in the catalog.",
                    code="unknown_policy",
                    field="policyCode",
                )
        return await service.change_account(tx, parts.clock.now(), who.user_id, who.account_id, change)

    return await write(request, "account.write", use_case, account_out)


@post("/account/key", status_code=200, summary="Reset the API key", tags=_ACCOUNT)
async def reset_key(request: ApiRequest) -> Response[Envelope[KeyOut]]:
    """Answer a new key, this once. The old key and all tokens that were given for it end at once.

    Whoever signed in with a password stays signed in. An Idempotency-Key is ignored: the answer is never stored.
    """
    parts = services(request)

    async def use_case(tx: Tx, who: Caller) -> str:
        return await service.reset_key(tx, parts.keyring, parts.clock.now(), who.user_id, who.account_id)

    return await write(request, "keys.write", use_case, lambda key: KeyOut(apikey=key), replayable=False)


@get("/users", summary="List users", tags=_USERS)
async def get_users(
    request: ApiRequest, limit: FromQuery[wire.Limit] = wire.DEFAULT_LIMIT, page: FromQuery[wire.Page] = 0
) -> Response[Envelope[list[UserOut]]]:
    """Answer the account's users, oldest first."""

    async def use_case(tx: ReadTx, who: Caller) -> list[User]:
        return await service.list_users(tx, who.account_id, limit=limit, page=page)

    return await read(request, "users.write", use_case, lambda found: [user_out(user) for user in found])


@post("/users", status_code=200, summary="Make a user", tags=_USERS)
async def post_user(request: ApiRequest, data: JSONBody[UserIn]) -> Response[Envelope[UserOut]]:
    """Make a user and answer it. Another user with the e-mail or alternative id is a 409."""
    parts = services(request)
    role, permissions = grant_of(data.role, data.permissions, required=True)
    new = NewUser(
        email=text_of(data.email),
        name=text_of(data.name),
        role=role,
        permissions=permissions or frozenset(),
        alternative_id=text_or_none(data.alternative_id),
        password_hash=await _hashed(request, data.password),
    )

    async def use_case(tx: Tx, who: Caller) -> User:
        return await users.create(tx, parts.clock.now(), who, new)

    return await write(request, "users.write", use_case, user_out)


@patch("/users/{user_id:str}", summary="Change a user", tags=_USERS)
async def patch_user(
    request: ApiRequest, user_id: FromPath[str], data: JSONBody[UserPatch]
) -> Response[Envelope[UserOut]]:
    """Change what is given. A new password, or `active: false`, ends all tokens of the user at once."""
    parts = services(request)
    role, permissions = grant_of(data.role, data.permissions, required=False)
    change = UserChange(
        email=_text(data.email),
        name=_text(data.name),
        role=role,
        permissions=permissions,
        alternative_id=_text(data.alternative_id),
        active=data.active,
        password_hash=await _hashed(request, data.password),
    )

    async def use_case(tx: Tx, who: Caller) -> User:
        return await users.change(tx, parts.clock.now(), who, user_id, change)

    return await write(request, "users.write", use_case, user_out)


@get("/audit", summary="List the audit log", tags=_ACCOUNT)
async def get_audit(
    request: ApiRequest,
    actor: Annotated[
        str | None, QueryParameter(max_length=100, description="Only what this user or key did, by id; `system`.")
    ] = None,
    action: Annotated[str | None, QueryParameter(max_length=100, description="Such as `order.cancelled`.")] = None,
    from_: Annotated[
        str | None, QueryParameter(name="from", description="First day, YYYY-MM-DD in the account's time zone.")
    ] = None,
    to: Annotated[str | None, QueryParameter(description="Last day; else the same as from.")] = None,
    before: Annotated[
        str | None, QueryParameter(description="The id of an event: only older ones, for the next page.")
    ] = None,
    limit: FromQuery[wire.Limit] = wire.DEFAULT_LIMIT,
) -> Response[Envelope[list[EventOut]]]:
    """Answer what was done in the account, newest first. The next page is asked for with `before`."""
    if before is not None and not is_hex24(before):
        raise bad_field("before", "is not the id of an event.")

    async def use_case(tx: ReadTx, who: Caller) -> list[Row]:
        zone = (await service.account(tx, who.account_id)).time_zone
        first, end = days_between(from_, to, zone)
        chosen = audit.Filter(actor or None, action or None, first, end, before)
        return await audit.listing(tx, who.account_id, chosen, limit=limit)

    return await read(request, "audit.read", use_case, lambda rows: [event_out(row) for row in rows])


@get("/audit/{subject_id:str}", summary="Read a history", tags=_ACCOUNT)
async def get_history(request: ApiRequest, subject_id: FromPath[str]) -> Response[Envelope[list[EventOut]]]:
    """Answer what happened to an order, cart, user, key or connection: the newest 200 events, oldest first."""

    async def use_case(tx: ReadTx, who: Caller) -> list[Row]:
        return await audit.history(tx, who.account_id, subject_id)

    return await read(request, "audit.read", use_case, lambda rows: [event_out(row) for row in rows])


def _text(value: str | int | float | None) -> str | None:
    """Null leaves a field, and the empty text is a value."""
    return None if value is None else text_of(value)


async def _hashed(request: ApiRequest, password: str | None) -> str | None:
    """Hash outside of any transaction, because it takes long; and only for a caller who may set a password."""
    if password is None:
        return None
    await admit(request, "users.write")
    origin = Origin((claims(request).user_id,), familiar=True)
    return await passwords.hash_password(passwords.check_password(password), origin)


ROUTES: list[HTTPRouteHandler] = [
    get_account,
    patch_account,
    reset_key,
    get_users,
    post_user,
    patch_user,
    get_audit,
    get_history,
]
