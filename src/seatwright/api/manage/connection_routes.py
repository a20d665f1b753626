"""Management of the caller's connections: whom it lets sell, and on which terms; for whom it sells."""

from __future__ import annotations

from litestar import Response, get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.api.manage.connection_wire import (
    ConnectionIn,
    ConnectionOut,
    ConnectionPatch,
    SupplierOrdersIn,
    TermsForm,
    connection_out,
    terms_of,
)
from seatwright.auth.model import Caller
from seatwright.core.names import text_of
from seatwright.http import wire
from seatwright.http.context import ApiRequest, services
from seatwright.http.endpoint import read, write
from seatwright.http.wire import Envelope
from seatwright.resellers import service as resellers
from seatwright.resellers.model import Terms
from seatwright.storage.engine import ReadTx, Tx

_TAGS = ["Connections"]


@get("/connections", summary="List connections", tags=_TAGS)
async def get_connections(
    request: ApiRequest, limit: FromQuery[wire.Limit] = wire.DEFAULT_LIMIT, page: FromQuery[wire.Page] = 0
) -> Response[Envelope[list[ConnectionOut]]]:
    """Answer the connections in which the account is the supplier or the reseller, oldest first, with their terms."""
    catalogs = services(request).catalogs

    async def use_case(tx: ReadTx, who: Caller) -> list[ConnectionOut]:
        found = await resellers.list_connections(tx, who.account_id, limit=limit, page=page)
        return [connection_out(each, (await catalogs.load(tx, each.supplier_id)).currency) for each in found]

    return await read(request, None, use_case, lambda shown: shown)


@post("/connections", status_code=200, summary="Let a reseller sell", tags=_TAGS)
async def post_connection(request: ApiRequest, data: JSONBody[ConnectionIn]) -> Response[Envelope[ConnectionOut]]:
    """Connect the caller's account, as the supplier, to a reseller."""
    parts, reseller_id = services(request), text_of(data.reseller_id)

    async def use_case(tx: Tx, who: Caller) -> ConnectionOut:
        terms, currency = await _terms(request, tx, who, data.terms)
        made = await resellers.connect(tx, parts.clock.now(), who.user_id, who.account_id, reseller_id, terms)
        return connection_out(made, currency)

    return await write(request, "connections.write", use_case, lambda shown: shown)


@patch("/connections/{reseller_id:str}", summary="Change a connection", tags=_TAGS)
async def patch_connection(
    request: ApiRequest, reseller_id: FromPath[str], data: JSONBody[ConnectionPatch]
) -> Response[Envelope[ConnectionOut]]:
    """Open or close the connection to a reseller, or give it other terms. What it has sold stays as it was sold."""
    parts = services(request)

    async def use_case(tx: Tx, who: Caller) -> ConnectionOut:
        terms, currency = await _terms(request, tx, who, data.terms)
        changed = await resellers.change(
            tx, parts.clock.now(), who.user_id, who.account_id, reseller_id, active=data.active, terms=terms
        )
        return connection_out(changed, currency)

    return await write(request, "connections.write", use_case, lambda shown: shown)


@put("/connections/{supplier_id:str}/supplier-orders", summary="Let a supplier order in one's name", tags=_TAGS)
async def put_supplier_orders(
    request: ApiRequest, supplier_id: FromPath[str], data: JSONBody[SupplierOrdersIn]
) -> Response[Envelope[ConnectionOut]]:
    """As the reseller, let a supplier order in the account's name, as for an agent on the phone; or not any more."""
    parts = services(request)

    async def use_case(tx: Tx, who: Caller) -> ConnectionOut:
        changed = await resellers.allow_supplier_orders(
            tx, parts.clock.now(), who.user_id, supplier_id, who.account_id, allowed=data.allowed
        )
        return connection_out(changed, (await parts.catalogs.load(tx, changed.supplier_id)).currency)

    return await write(request, "connections.write", use_case, lambda shown: shown)


async def _terms(request: ApiRequest, tx: ReadTx, who: Caller, form: TermsForm | None) -> tuple[Terms | None, str]:
    """Return the terms that were sent, if any, and the supplier's currency."""
    catalog = await services(request).catalogs.load(tx, who.account_id)
    return None if form is None else terms_of(form, catalog), catalog.currency


ROUTES: list[HTTPRouteHandler] = [get_connections, post_connection, patch_connection, put_supplier_orders]
