"""`/api/v1/keys`: keys of integrations, beside the account's own."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, JSONBody, PathParameter

from seatwright.api.manage.key_wire import ApiKeyIn, ApiKeyOut, NewApiKeyOut, key_out, new_key_out
from seatwright.auth import keys, service
from seatwright.auth.keys import NewKey
from seatwright.auth.model import ApiKey, Caller
from seatwright.core.moments import parse_moment
from seatwright.core.names import text_of
from seatwright.http import wire
from seatwright.http.context import ApiRequest, services
from seatwright.http.endpoint import read, write
from seatwright.http.wire import Envelope
from seatwright.storage.engine import ReadTx, Tx

_TAGS = ["Keys"]


@get("/keys", summary="List keys", tags=_TAGS)
async def get_keys(
    request: ApiRequest, limit: FromQuery[wire.Limit] = wire.DEFAULT_LIMIT, page: FromQuery[wire.Page] = 0
) -> Response[Envelope[list[ApiKeyOut]]]:
    """Answer the keys of the account's integrations, oldest first, those that were revoked too; never a key itself."""

    async def use_case(tx: ReadTx, who: Caller) -> list[ApiKey]:
        return await keys.page(tx, who.account_id, limit=limit, page=page)

    return await read(request, "keys.write", use_case, lambda found: [key_out(each) for each in found])


@post("/keys", status_code=200, summary="Make a key", tags=_TAGS)
async def post_key(request: ApiRequest, data: JSONBody[ApiKeyIn]) -> Response[Envelope[NewApiKeyOut]]:
    """Make a key for an integration, with the permissions that it needs, and answer it this once.

    It is used at `/authenticate` as the account's key is; its tokens can do what both the key and the user who is named
    there may. An Idempotency-Key is ignored: the answer is never stored.
    """
    parts = services(request)
    expires = (data.expires_date or "").strip()

    async def use_case(tx: Tx, who: Caller) -> tuple[ApiKey, str]:
        expires_at = None
        if expires:
            account = await service.account(tx, who.account_id)
            expires_at = parse_moment(expires, account.time_zone, field="expiresDate", end=True)
        new = NewKey(text_of(data.name), frozenset(data.permissions), expires_at)
        return await keys.create(tx, parts.keyring, parts.clock.now(), who.user_id, who.account_id, new)

    return await write(request, "keys.write", use_case, new_key_out, replayable=False)


@delete("/keys/{key_id:str}", status_code=200, summary="Revoke a key", tags=_TAGS)
async def delete_key(
    request: ApiRequest, key_id: Annotated[str, PathParameter(description="The key's id.")]
) -> Response[Envelope[ApiKeyOut]]:
    """End a key, and all tokens that were given for it, at once. It stays in the list, with `revokedDate`."""
    parts = services(request)

    async def use_case(tx: Tx, who: Caller) -> ApiKey:
        return await keys.revoke(tx, parts.clock.now(), who.user_id, who.account_id, key_id)

    return await write(request, "keys.write", use_case, key_out)


ROUTES: list[HTTPRouteHandler] = [get_keys, post_key, delete_key]
