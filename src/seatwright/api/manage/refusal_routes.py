"""`/api/v1/mailing-refusals`: who wants no mail of the account's any more."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter

from seatwright.auth.model import Caller
from seatwright.core.times import iso_utc
from seatwright.customers import refusals
from seatwright.customers.consent import check_address
from seatwright.customers.refusal_store import Refusal
from seatwright.http import wire
from seatwright.http.context import ApiRequest, services
from seatwright.http.endpoint import read, write
from seatwright.http.wire import Envelope, Wire
from seatwright.storage.engine import ReadTx, Tx

_TAGS = ["Mailing list"]


class RefusalIn(Wire):
    """Who wants no mail any more."""

    email: Annotated[str, msgspec.Meta(max_length=wire.MAX_TEXT, examples=["ann@lee.example"])]


class RefusalOut(Wire):
    """An address, in lower case, that wants no mail, and since when. A consent that is given later counts again."""

    id: str
    email: str
    refused_date: str


def _out(refusal: Refusal) -> RefusalOut:
    return RefusalOut(id=refusal.id, email=refusal.email, refused_date=iso_utc(refusal.at))


@get("/mailing-refusals", summary="List refusals of mail", tags=_TAGS)
async def get_refusals(
    request: ApiRequest,
    limit: wire.Limit = wire.DEFAULT_LIMIT,
    page: wire.Page = 0,
    email: Annotated[
        str | None, QueryParameter(max_length=wire.MAX_TEXT, description="Only this address's, in any case.")
    ] = None,
) -> Response[Envelope[list[RefusalOut]]]:
    """Answer who wants no mail of the account's any more, newest first."""
    address = check_address(email) if email else None

    async def use_case(tx: ReadTx, who: Caller) -> list[Refusal]:
        return await refusals.page(tx, who.account_id, limit=limit, page=page, address=address)

    return await read(request, "mailing.write", use_case, lambda found: [_out(each) for each in found])


@post("/mailing-refusals", status_code=200, summary="Record a refusal of mail", tags=_TAGS)
async def post_refusal(request: ApiRequest, data: JSONBody[RefusalIn]) -> Response[Envelope[RefusalOut]]:
    """Note that an address wants no mail from now on, whether it ever consented or not. Twice is as good as once."""
    address, now = check_address(data.email), services(request).clock.now()

    async def use_case(tx: Tx, who: Caller) -> Refusal:
        return await refusals.refuse(tx, who.account_id, address, now, who.user_id)

    return await write(request, "orders.write", use_case, _out)


@delete("/mailing-refusals/{refusal_id:str}", status_code=200, summary="Remove a refusal of mail", tags=_TAGS)
async def delete_refusal(
    request: ApiRequest, refusal_id: Annotated[str, PathParameter(description="The refusal's id.")]
) -> Response[Envelope[RefusalOut]]:
    """Remove a refusal that was a mistake: what the address consented to before counts again."""
    now = services(request).clock.now()

    async def use_case(tx: Tx, who: Caller) -> Refusal:
        return await refusals.remove(tx, who.account_id, refusal_id, now, who.user_id)

    return await write(request, "mailing.write", use_case, _out)


ROUTES: list[HTTPRouteHandler] = [get_refusals, post_refusal, delete_refusal]
